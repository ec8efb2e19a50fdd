"""A client that is killed where it speaks to containerd or the keeper: nothing is half there, nothing stays for ever.

A few such moments are part of every test run; `--every-kill` has all boundaries of all commands.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support import killed, leaks
from tests.support.command import Command
from tests.support.killed import Moment
from tests.support.leaks import Scene
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from chub.api.services import Services
    from chub.sdk.client import Client
    from tests.support.engines import Engine

NAME = "web"
SOON = 10.0  # seconds for what is tidied up by itself, and for a command
LOST = 255  # exit code that nobody knows
LONG = ("Tasks/Create", "Tasks/Start", "Tasks/Exec", "Tasks/Delete")  # what takes longer than a moment
RUN = ("run", "--network", "none", "--name", NAME)
CREATE = ("create", "--network", "none", "--name", NAME)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A command that is killed."""

    words: tuple[str, ...]
    before: tuple[tuple[str, ...], ...] = ()  # commands that make what it works on
    stays: bool = True  # whether its container may be there afterwards, though it does not run


CASES = {
    "run": Case(words=(*RUN, "busybox", "true")),
    "run --rm": Case(words=(*RUN, "--rm", "busybox", "true"), stays=False),
    "run -d": Case(words=(*RUN, "-d", "busybox", "sleep", "100")),
    "run -d --rm": Case(words=(*RUN, "-d", "--rm", "busybox", "sleep", "100"), stays=False),
    "create": Case(words=(*CREATE, "busybox", "sleep", "100")),
    "start": Case(words=("start", NAME), before=((*CREATE, "busybox", "sleep", "100"),)),
    "start -a": Case(words=("start", "-a", NAME), before=((*CREATE, "busybox", "true"),)),
    "exec": Case(words=("exec", NAME, "true"), before=((*RUN, "-d", "busybox", "sleep", "100"),)),
    "exec -d": Case(words=("exec", "-d", NAME, "sleep", "100"), before=((*RUN, "-d", "busybox", "sleep", "100"),)),
    "stop": Case(words=("stop", "-t", "0", NAME), before=((*RUN, "-d", "busybox", "sleep", "100"),)),
    "stop --rm": Case(
        words=("stop", "-t", "0", NAME), before=((*RUN, "-d", "--rm", "busybox", "sleep", "100"),), stays=False
    ),
    "rm": Case(words=("rm", NAME), before=((*RUN, "busybox", "true"),)),
    "rm -f": Case(words=("rm", "-f", NAME), before=((*RUN, "-d", "busybox", "sleep", "100"),)),
    "rm -f --rm": Case(
        words=("rm", "-f", NAME), before=((*RUN, "-d", "--rm", "busybox", "sleep", "100"),), stays=False
    ),
    "import": Case(words=("rootfs", "import", "{tree}", "another")),
}
SAMPLES = [
    ("run --rm", Moment.WITHIN, "Containers/Create"),
    ("run --rm", Moment.LATER, "Tasks/Create"),
    ("rm -f", Moment.BEFORE, "Snapshots/Remove"),
]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A few kills, or all of every command."""
    if "command" not in metafunc.fixturenames:
        return
    every = metafunc.config.getoption("--every-kill")
    kills = [(command, None, None) for command in CASES] if every else SAMPLES
    metafunc.parametrize(("command", "moment", "boundary"), kills, ids=["-".join(filter(None, each)) for each in kills])


@pytest.fixture
def left(
    engine: Engine, services: Services, image: str, roots: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> Callable[[], set[str]]:
    """What there is beside the image."""
    monkeypatch.setattr(leaks, "PATIENCE", 0)
    scene = Scene.before(engine, services, *roots)
    own = set(scene.leaks())
    return lambda: set(scene.leaks()) - own


@pytest.fixture
def tree(busybox: Path, tmp_path: Path) -> Path:
    """A tree that has not been imported."""
    copy = tmp_path / "tree"
    shutil.copytree(busybox, copy, symlinks=True)
    (copy / "new").touch()
    return copy


@pytest.mark.timeout(900)
def test_a_killed_client(
    command: str,
    moment: Moment | None,
    boundary: str | None,
    chub: Command,
    client: Client,
    left: Callable[[], set[str]],
    tree: Path,
    tmp_path: Path,
    subtests: pytest.Subtests,
) -> None:
    """The container is whole or gone, its name is free again, `rm -f` ends, and mending leaves nothing."""
    case = CASES[command]
    words = tuple(word.format(tree=tree) for word in case.words)
    kills = [(moment, boundary)] if moment and boundary else every_kill(chub, case, words, tmp_path / "boundaries")
    for number, (when, where) in enumerate(kills):
        with subtests.test(f"{command}: {when} {where}"):
            others = left()  # what else is tested here meanwhile may leave something
            try:
                prepare(chub, case)
                ended = killing(chub, when, where)(*words)
                assert ended.exit_status == -signal.SIGKILL, ended
                after(client, case, doctor_first=bool(number % 2))
                nothing_new(left, others)
            finally:
                tidy(client)


@pytest.mark.nightly
@pytest.mark.parametrize(
    "then",
    [(*RUN, "--rm", "busybox", "true"), ("rm", "-f", NAME), ("system", "doctor", "--fix", "--yes")],
    ids=lambda words: words[0],
)
@pytest.mark.parametrize("words", [(*RUN, "busybox", "true"), (*RUN, "--rm", "busybox", "true")], ids=["kept", "--rm"])
def test_a_record_that_comes_late(
    words: tuple[str, ...],
    then: tuple[str, ...],
    chub: Command,
    client: Client,
    engine: Engine,
    left: Callable[[], set[str]],
) -> None:
    """A client is killed that asks for one while containerd stands still: what comes of it is in nobody's way."""
    killer = killing(chub, Moment.LATER, "Containers/Create", stall=engine.pid)
    try:
        assert killer(*words).exit_status == -signal.SIGKILL
        with chub.start(*then, stdout=-1, stderr=-1) as next:
            os.kill(engine.pid, signal.SIGCONT)
            next.communicate(timeout=3 * SOON)
    finally:
        os.kill(engine.pid, signal.SIGCONT)

    assert len(client.containers.list(all=True)) <= 1
    chub("rm", "-f", NAME)
    client.mend(client.doctor(patience=timedelta(0)))
    free(client, "busybox")
    nothing_new(left, set())


def nothing_new(left: Callable[[], set[str]], others: set[str]) -> None:
    """Wait until nothing is left that was not there before."""
    wait_until(lambda: left() <= others, SOON, f"nothing to be left of: {left() - others}")


def prepare(chub: Command, case: Case) -> None:
    """Make what the command works on; what engine this is it has to ask."""
    shutil.rmtree(Path(chub.env["CHUB_STATE_ROOT"], "engines"), ignore_errors=True)
    for words in case.before:
        chub.ok(*words)


def killing(chub: Command, moment: str, boundary: str | Path, *, stall: int = 0) -> Command:
    """The command line that kills itself, and before that stops a process."""
    env = {**chub.env, killed.STALL: str(stall)}
    return Command(words=[sys.executable, "-m", "tests.support.killed", moment, str(boundary)], env=env)


def every_kill(chub: Command, case: Case, words: tuple[str, ...], file: Path) -> Iterator[tuple[Moment, str]]:
    """All moments of a command that make a difference: after an answer is before the next thing said."""
    prepare(chub, case)
    killing(chub, "none", file).ok(*words)
    chub("rm", "-f", NAME)
    chub("rmi", "another")
    boundaries = file.read_text().split()
    for boundary in boundaries:
        yield Moment.BEFORE, boundary
        yield Moment.WITHIN, boundary
        if boundary in LONG:
            yield Moment.LATER, boundary
    yield Moment.AFTER, boundaries[-1]


def after(client: Client, case: Case, *, doctor_first: bool) -> None:
    """What a user sees and does after a kill."""
    for seen in client.containers.list(all=True):
        assert seen.exit_code != LOST
        assert (seen.state == "running") == bool(seen.pid)
        if seen.pid:  # between a program's end and what its shim hears of it a moment passes
            wait_until(partial(truly, client, seen.pid), SOON, "its end to be shown")
    if doctor_first:
        client.mend(client.doctor(patience=timedelta(0)))
    if not case.stays and not client.containers.list():
        wait_until(lambda: removed_or_told_of(client), SOON, "a --rm container to be gone, or to be told of")
        free(client, "busybox")
    for there in client.containers.list(all=True):
        if case.stays:  # another one may be removed meanwhile
            there.start()
        start = time.monotonic()
        there.remove(force=True)
        assert time.monotonic() - start < SOON
    free(client, "busybox")
    for imported in client.images.list("another"):
        free(client, "another")
        client.images.remove(imported.name)
    client.mend(client.doctor())
    assert [each for each in client.doctor() if each.kind != "fifo"] == []  # of other clients, as another test's ctr


def truly(client: Client, pid: int) -> bool:
    """Whether a program runs, or nothing is said to run."""
    return Path(f"/proc/{pid}").exists() or client.containers.list() == ()


def removed_or_told_of(client: Client) -> bool:
    """Whether a container that is to be removed is gone, or whoever comes next is to remove it."""
    told = any(each.kind == "record" for each in client.doctor(patience=timedelta(0)))
    return told or not client.containers.list(all=True)


def free(client: Client, image: str) -> None:
    """The name is given out again, and nothing is there afterwards."""
    client.containers.run(image, ["true"], name=NAME).check()
    assert client.containers.list(all=True) == ()


def tidy(client: Client) -> None:
    """What one kill leaves is not the next one's."""
    for there in client.containers.list(all=True):
        there.remove(force=True)
    client.mend(client.doctor(patience=timedelta(0)))
