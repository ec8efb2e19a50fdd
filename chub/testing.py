r"""A pytest plugin: a test gets containers of its own, and none is left when it ends.

pytest finds it where chub is installed; it imports nothing more until a test asks for a fixture.

    def test_it(container):
        made = container("busybox", ["sh", "-c", "echo ready; sleep 600"], ready="ready")
        assert made.exec(["id", "-u"]).text == "0\n"
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Unpack

import pytest

if TYPE_CHECKING:
    from chub.options.request import ContainerOptions
    from chub.sdk.client import Client
    from chub.sdk.container import Container

PAUSE = 0.05  # seconds after which output is looked for again that nobody kept yet
SHOWN = 50  # last lines of a container's output in the report of a failed test


@pytest.fixture(scope="session")
def chub_client() -> Iterator[Client]:
    """A client for all tests, with the settings of the environment and of chub's config files.

    Where no containerd serves and none is named, a private one is started; it is stopped after the last test.
    """
    from contextlib import ExitStack
    from pathlib import Path

    from chub.sdk.client import Client
    from chub.settings import DEFAULT, load

    settings = load()
    with ExitStack() as stack:
        if settings.sources["address"] == DEFAULT and not Path(settings.address).exists():
            from chub.sdk.engine import Engine

            stack.enter_context(Engine(settings))
            settings = load()
        yield stack.enter_context(Client(settings=settings))


@pytest.fixture
def container(chub_client: Client) -> Iterator[ContainerFactory]:
    """Starts containers that live as long as the test; when it fails, its report has their output."""
    factory = ContainerFactory(chub_client)
    yield factory
    factory.remove()


class ContainerFactory:
    """Starts containers, and removes what it started. Called, it takes what `Containers.run` takes."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.made: list[Container] = []  # those that it started

    def __call__(
        self,
        image: str | PathLike[str],
        command: Sequence[str] = (),
        *,
        ready: str = "",
        timeout: float = 30.0,
        name: str | None = None,
        rootfs: bool = False,
        labels: Sequence[str] = (),
        runtime: str | None = None,
        **options: Unpack[ContainerOptions],
    ) -> Container:
        """Start a program in a new container, and give that.

        With `ready` it is given once a line of the output holds that text. It is killed, and TimedOut raised, if that
        takes longer than `timeout` seconds; a program that ends without it raises Conflict.
        """
        from chub.options.request import Identity, Request

        request = Request(
            image=str(image),
            rootfs=rootfs,
            words=tuple(command),
            identity=Identity(name=name, labels=tuple(labels), runtime=runtime),
            **options,
        )
        made = self._client.containers.launch(request)
        self.made.append(made)
        if ready:
            _await(made, ready, timeout)
        return made

    def remove(self) -> None:
        """Remove all that it started, the last one first, also what runs."""
        from chub.errors import NotFound

        while self.made:
            try:
                self.made.pop().remove(force=True)
            except NotFound:  # the test has removed it
                continue


def _await(made: Container, ready: str, timeout: float) -> None:
    """Read its output until a line holds `ready`."""
    from contextlib import suppress
    from threading import Event, Timer

    from chub.errors import ChubError, Conflict, TimedOut

    late = Event()

    def give_up() -> None:
        late.set()
        with suppress(ChubError):  # it has ended meanwhile
            made.kill()  # its end is the end of the output, too

    timer = Timer(timeout, give_up)
    timer.start()
    try:
        while True:
            if any(ready.encode() in line.data for line in made.logs(follow=True)):
                return
            with suppress(TimedOut):
                made.wait(timeout=PAUSE)
                break
    finally:
        timer.cancel()
        timer.join()
    if late.is_set():
        raise TimedOut(f"container {made.name}: {ready!r} was not in its output for {timeout:g} s")
    raise Conflict(f"container {made.name}: the program ended, and {ready!r} was not in its output")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Put what containers of a failed test wrote into its report."""
    report = yield
    factory = getattr(item, "funcargs", {}).get("container")
    if report.failed and isinstance(factory, ContainerFactory):
        for made in factory.made:
            report.sections.append((f"container {made.name}", _tail(made)))
    return report


def _tail(made: Container) -> str:
    from chub.errors import ChubError

    try:
        return b"".join(line.data for line in made.logs(tail=SHOWN)).decode(errors="replace")
    except ChubError as failure:
        return str(failure)
