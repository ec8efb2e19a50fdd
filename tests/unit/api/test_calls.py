"""Deadlines, cancellation, metadata, threads: what holds for the calls of every service."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import grpc
import pytest

from chub._generated.services.containers.v1 import containers_pb2
from chub._generated.services.tasks.v1 import tasks_pb2
from chub._generated.services.version.v1 import version_pb2
from chub.api.channel import Channel, socket_path
from chub.api.services import Services
from chub.errors import Cancelled, Invalid, TimedOut, Unavailable
from tests.unit.api.conftest import PATIENCE, Fake, serve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

GET = "/containerd.services.containers.v1.Containers/Get"
LIST = "/containerd.services.containers.v1.Containers/ListStream"
WAIT = "/containerd.services.tasks.v1.Tasks/Wait"
VERSION = "/containerd.services.version.v1.Version/Version"


def listed(*ids: str) -> list[containers_pb2.ListContainerMessage]:
    """What ListStream sends for containers of these ids."""
    return [containers_pb2.ListContainerMessage(container=containers_pb2.Container(id=id)) for id in ids]


def interrupt_when(hanging: threading.Event) -> threading.Thread:
    """Send this process a ^C once an event is set."""

    def interrupt() -> None:
        if hanging.wait(PATIENCE):
            os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    return thread


def test_a_connection_can_be_begun_before_the_first_call(tmp_path: Path) -> None:
    """The socket sees it, and nobody waits."""
    path = str(tmp_path / "socket")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen()
        listening.settimeout(PATIENCE)
        channel = Channel(path)
        channel.connect()
        listening.accept()[0].close()
        channel.close()


def test_namespace_and_lease_are_sent(fake: Fake, services: Services) -> None:
    """Every call says the namespace, and the lease of a view under one."""
    fake.answer(GET, containers_pb2.GetContainerResponse())

    services.containers.get("web")
    plain = dict(fake.metadata)
    services.within("other").under("l1").containers.get("web")

    assert plain["containerd-namespace"] == "demo"
    assert "containerd-lease" not in plain
    assert fake.metadata["containerd-namespace"] == "other"
    assert fake.metadata["containerd-lease"] == "l1"


def test_views_share_the_channel_and_keep_their_services(services: Services) -> None:
    """A service is made once per view; views have one channel."""
    view = services.within("other")

    assert services.containers is services.containers
    assert services.snapshots("native") is services.snapshots("native")
    assert services.snapshots("native") is not services.snapshots("overlayfs")
    assert view.channel is services.channel
    assert view.address == services.address


def test_a_call_ends_at_its_deadline(fake: Fake, services: Services) -> None:
    """A deadline that passes is TimedOut, and the engine learns that nobody waits any more."""
    fake.hang(GET)

    with pytest.raises(TimedOut, match="container 'web': no answer within the deadline"):
        services.containers.get("web", timeout=0.2)
    assert fake.ended.wait(PATIENCE)


def test_the_channel_has_a_deadline_for_calls_without_one(fake: Fake, tmp_path: Path) -> None:
    """A call that is given no timeout has the channel's."""
    fake.hang(GET)

    with Services(Channel(str(tmp_path / "s"), timeout=0.2)) as services, pytest.raises(TimedOut):
        services.containers.get("web")


def test_a_wait_has_no_deadline(fake: Fake, tmp_path: Path) -> None:
    """Tasks.Wait outlasts the channel's timeout: only its own one ends it."""
    fake.hang(WAIT)

    with Services(Channel(str(tmp_path / "s"), timeout=0.05)) as services:
        waiting = services.tasks.wait_later("web")
        with pytest.raises(TimedOut):
            waiting.result(0.3)
        assert not waiting.done
        waiting.cancel()


def test_a_stream_ends_at_its_deadline(fake: Fake, services: Services) -> None:
    """A stream that stalls is TimedOut at its deadline; what came before is read."""
    fake.hang(LIST, *listed("a"))
    read: list[str] = []

    def keep() -> None:
        for container in services.containers.stream(timeout=0.5):
            read.append(container.id)

    with pytest.raises(TimedOut):
        keep()
    assert read == ["a"]
    assert fake.ended.wait(PATIENCE)


@pytest.mark.parametrize("method", [GET, WAIT])
def test_an_interrupted_call_ends(fake: Fake, services: Services, method: str) -> None:
    """^C during a call raises KeyboardInterrupt; when the client is closed the call has ended at the engine too."""
    thread = interrupt_when(fake.hang(method))

    with pytest.raises(KeyboardInterrupt):
        services.tasks.wait("web") if method == WAIT else services.containers.get("web")
    thread.join()
    services.close()
    assert fake.ended.wait(PATIENCE)


def test_an_interrupted_stream_ends(fake: Fake, services: Services) -> None:
    """^C while a stream is read raises KeyboardInterrupt; when the client is closed it has ended at the engine too."""
    thread = interrupt_when(fake.hang(LIST, *listed("a")))

    with pytest.raises(KeyboardInterrupt):
        services.containers.list()
    thread.join()
    services.close()
    assert fake.ended.wait(PATIENCE)


def _break(services: Services) -> None:
    for _ in services.containers.stream():
        break


def _raise(services: Services) -> None:
    def read() -> None:
        for container in services.containers.stream():
            raise KeyError(container.id)

    with pytest.raises(KeyError):
        read()


def _leave(services: Services) -> None:
    with services.containers.stream() as stream:
        next(iter(stream))


@pytest.mark.parametrize("leave", [_break, _raise, _leave])
def test_leaving_a_stream_ends_the_call(fake: Fake, services: Services, leave: Callable[[Services], None]) -> None:
    """break, an exception, and the end of a with block all end the call at the engine."""
    fake.hang(LIST, *listed("a", "b"))

    leave(services)

    assert fake.ended.wait(PATIENCE)


def test_a_stream_cancelled_by_another_thread_just_ends(fake: Fake, services: Services) -> None:
    """Its reader sees an end, not an error."""
    hanging = fake.hang(LIST, *listed("a"))
    stream = services.containers.stream(timeout=None)

    def cancel() -> None:
        hanging.wait(PATIENCE)
        stream.cancel()

    thread = threading.Thread(target=cancel)
    thread.start()

    assert [container.id for container in stream] in (["a"], [])
    thread.join()
    stream.cancel()


def test_a_pending_answer_comes_once(fake: Fake, services: Services) -> None:
    """A wait under way is done when the answer is there, and tells whoever asked to be told."""
    fake.answer(WAIT, tasks_pb2.WaitResponse(exit_status=7))
    told = threading.Event()

    waiting = services.tasks.wait_later("web")
    waiting.when_done(told.set)

    assert waiting.result(PATIENCE).exit_status == 7
    assert told.wait(PATIENCE)
    assert waiting.done


def test_a_pending_answer_can_be_given_up(fake: Fake, services: Services) -> None:
    """A cancelled wait is Cancelled, and ends at the engine."""
    hanging = fake.hang(WAIT)
    waiting = services.tasks.wait_later("web")
    assert hanging.wait(PATIENCE)

    waiting.cancel()

    with pytest.raises(Cancelled):
        waiting.result(PATIENCE)
    assert fake.ended.wait(PATIENCE)


def test_a_pending_failure_is_reported(fake: Fake, services: Services) -> None:
    """A wait that fails raises the error of its status."""
    fake.fail(WAIT, grpc.StatusCode.UNAVAILABLE, "ttrpc: closed")

    with pytest.raises(Unavailable, match="wait for task 'web': ttrpc: closed"):
        services.tasks.wait_later("web").result(PATIENCE)


def test_closing_ends_what_is_under_way(fake: Fake, tmp_path: Path) -> None:
    """close() ends calls of other threads, may be called twice, and later calls say that it was."""
    hanging = fake.hang(WAIT)
    services = Services(Channel(str(tmp_path / "s")))
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(services.tasks.wait, "web")
        assert hanging.wait(PATIENCE)

        services.close()
        services.close()

        assert isinstance(waiting.exception(PATIENCE), Cancelled)
    with pytest.raises(Unavailable, match="is closed"):
        services.containers.get("web")
    with pytest.raises(Unavailable, match="is closed"):
        services.containers.list()
    with pytest.raises(Unavailable, match="is closed"):
        services.tasks.wait_later("web")


def test_threads_share_one(fake: Fake, services: Services) -> None:
    """Eight threads use one Services for calls and streams at once, and each gets its own answers."""

    def echo(requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
        request = containers_pb2.GetContainerRequest.FromString(next(requests))
        answer = containers_pb2.GetContainerResponse(container=containers_pb2.Container(id=request.id))
        yield answer.SerializeToString()

    fake.methods[GET] = echo
    fake.answer(LIST, *listed("a", "b"))

    def work(number: int) -> bool:
        own = f"c{number}"
        return services.containers.get(own).id == own and len(services.containers.list()) == 2

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(200)))


def test_the_channel_survives_a_restart(tmp_path: Path) -> None:
    """While the server is away a call is Unavailable; once it is back the same channel reaches it."""
    path = tmp_path / "s"
    fake = Fake()
    fake.answer(VERSION, version_pb2.VersionResponse(version="1"))
    server = serve(fake, path)
    with Services(Channel(str(path), timeout=PATIENCE)) as services:
        assert services.version.get().version == "1"

        server.stop(grace=None).wait(PATIENCE)
        with pytest.raises(Unavailable):
            services.version.get()
        with pytest.raises(Unavailable, match=r"for 0\.2 s"):
            services.channel.wait_until_ready(0.2)

        server = serve(fake, path)
        services.channel.wait_until_ready(PATIENCE)
        assert services.version.get().version == "1"
    server.stop(grace=None).wait(PATIENCE)


@pytest.mark.parametrize("name", ["plain", "with space", "50%20", "a?b#c", "é"])
def test_any_path_can_be_a_socket(tmp_path: Path, name: str) -> None:
    """Characters that mean something in a URI reach the socket as they are."""
    fake = Fake()
    fake.answer(VERSION, version_pb2.VersionResponse(version="1"))
    real = tmp_path / "s"
    server = serve(fake, real)
    (tmp_path / name).symlink_to(real)

    with Services(Channel(str(tmp_path / name), timeout=PATIENCE)) as services:
        assert services.version.get().version == "1"
    server.stop(grace=None).wait(PATIENCE)


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("/run/c.sock", "/run/c.sock"),
        ("unix:///run/c.sock", "/run/c.sock"),
        ("unix:/run/c.sock", "/run/c.sock"),
        ("c.sock", "c.sock"),
    ],
)
def test_addresses(address: str, path: str) -> None:
    """A path, or a URL with one."""
    assert socket_path(address) == path


@pytest.mark.parametrize("address", ["", "unix://", "tcp://127.0.0.1:1", "http://localhost", "/a\0b", "/" + "x" * 107])
def test_what_is_no_address_is_refused(address: str) -> None:
    """What cannot be a unix socket is Invalid at once, with an example or the limit."""
    with pytest.raises(Invalid) as caught:
        Channel(address)

    assert caught.value.hint


def test_only_what_is_used_is_imported() -> None:
    """A service's module, and its messages, are imported when the service is first used."""
    program = (
        "import sys\n"
        "from chub.api.channel import Channel\n"
        "from chub.api.services import Services\n"
        "services = Services(Channel('/nowhere'))\n"
        "services.containers\n"
        "print(*sorted(name for name in sys.modules if name.startswith('chub._generated.services.')"
        " and name.endswith('pb2')))\n"
        "print(*sorted(name for name in sys.modules if name.startswith('chub.api.')))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    messages, modules = done.stdout.splitlines()

    assert messages == "chub._generated.services.containers.v1.containers_pb2"
    assert modules.split() == [
        f"chub.api.{name}" for name in ("calls", "channel", "containers", "failures", "services", "streams", "wire")
    ]
