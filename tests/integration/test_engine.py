"""The private engine, made of real programs: it starts, serves, and leaves nothing when it stops."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chub.engine import config, programs, shims
from chub.errors import Conflict, EngineFault, NotFound, PermissionDenied
from chub.sdk.engine import Engine, State
from chub.settings import Settings, load
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.engines import Engine as Given


@pytest.fixture
def private(roots: tuple[Path, Path]) -> Settings:
    """Settings with roots of this test, where no engine runs yet."""
    return load({"data_root": str(roots[0]), "state_root": str(roots[1])}, environ={}, files=())


@pytest.fixture
def mine(engine: Given, private: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """A private engine of the chosen version, stopped; it is stopped again when the test ends."""
    monkeypatch.setenv("PATH", f"{engine.programs}:{os.environ['PATH']}")
    made = Engine(private)
    yield made
    made.stop()
    assert shims.find(private.engine_socket) == ()
    assert list(private.engine_state.glob("*")) == []


def run_sleep(given: Given, mine: Engine, busybox: Path, id: str) -> None:
    """A container that sleeps, made by ctr on the private engine."""
    runc_root = mine.settings.state_root / mine.status().uuid / "runc"
    fifos = mine.settings.data_root / "fifos"
    run = (
        "run",
        "--detach",
        "--runc-root",
        runc_root,
        "--fifo-dir",
        fifos,
        "--rootfs",
        busybox,
        id,
        "/bin/sleep",
        "600",
    )
    subprocess.run([given.programs / "ctr", "--address", mine.address, *run], check=True)


def test_start_status_stop(mine: Engine, engine: Given) -> None:
    """It serves when `start` returns, says who it is, and is gone after `stop`."""
    started = mine.start()
    seen = mine.status()
    stopped = mine.stop()

    assert started.was_running is False
    assert seen == started.engine
    assert seen.state is State.RUNNING
    assert seen.version.removeprefix("v").startswith(engine.version) or engine.version == "host"
    assert seen.uuid
    assert seen.faults == ()
    assert stopped.was_running is True
    assert mine.status().state is State.STOPPED


def test_nobody_else_gets_at_it(mine: Engine, private: Settings) -> None:
    """Its directories are 0700, its log 0640, its socket not for others."""
    mine.start()

    assert {stat.S_IMODE(path.stat().st_mode) for path in (private.data_root / "engine", private.engine_state)} == {
        0o700
    }
    assert stat.S_IMODE(mine.status().log.stat().st_mode) == 0o640
    assert stat.S_IMODE(private.engine_socket.stat().st_mode) & 0o007 == 0


def test_a_second_start_finds_the_first(mine: Engine) -> None:
    """Starting what runs is no error, and changes nothing."""
    first, second = mine.start(), mine.start()

    assert second.was_running is True
    assert second.engine.pid == first.engine.pid


def test_as_a_context_manager(mine: Engine) -> None:
    """It runs inside; one that ran before stays when the context ends."""
    with mine as inside:
        assert inside.status().state is State.RUNNING
        with Engine(mine.settings):
            pass
        assert mine.status().state is State.RUNNING
    assert mine.status().state is State.STOPPED


def test_two_starters_at_once_start_one(mine: Engine, private: Settings) -> None:
    """One makes it, the other one waits and finds it."""
    with ThreadPoolExecutor() as threads:
        both = list(threads.map(lambda _: Engine(private).start(), range(2)))

    assert sorted(each.was_running for each in both) == [False, True]
    assert both[0].engine.pid == both[1].engine.pid


def test_it_outlives_its_starter_and_its_terminal(mine: Engine) -> None:
    """It has its own session, reads nothing, and works in no directory of its caller."""
    pid = mine.start().engine.pid
    assert pid is not None

    assert os.getsid(pid) == pid
    assert os.readlink(f"/proc/{pid}/fd/0") == "/dev/null"
    assert os.readlink(f"/proc/{pid}/cwd") == "/"


def test_stop_ends_containers_with_their_shims(mine: Engine, engine: Given, busybox: Path, private: Settings) -> None:
    """A running container ends, its shim goes, nothing stays mounted."""
    mine.start()
    run_sleep(engine, mine, busybox, "a")
    run_sleep(engine, mine, busybox, "b")
    assert len(mine.status().shims) == 2

    stopped = mine.stop()

    assert (stopped.tasks, stopped.shims) == (2, 0)
    assert str(private.state_root) not in Path("/proc/self/mountinfo").read_text()
    assert not list(private.state_root.glob("*/runc"))


def test_stop_ends_a_paused_container(mine: Engine, engine: Given, busybox: Path) -> None:
    """A frozen process does not see a signal: it is thawed first."""
    mine.start()
    run_sleep(engine, mine, busybox, "frozen")
    subprocess.run([engine.programs / "ctr", "--address", mine.address, "task", "pause", "frozen"], check=True)

    assert mine.stop().tasks == 1


def test_stop_finds_what_a_crash_left(mine: Engine, engine: Given, busybox: Path, private: Settings) -> None:
    """After a kill of containerd its shims and their containers are found in /proc and ended."""
    pid = mine.start().engine.pid
    assert pid is not None
    run_sleep(engine, mine, busybox, "orphan")
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: mine.status().state is State.CRASHED, 5, "the crash to be seen")
    assert len(mine.status().shims) == 1

    stopped = mine.stop()

    assert (stopped.was_running, stopped.shims) == (False, 1)
    assert str(private.state_root) not in Path("/proc/self/mountinfo").read_text()


def test_start_after_a_crash_takes_the_containers_back(mine: Engine, engine: Given, busybox: Path) -> None:
    """What still runs is known to the engine that is started again."""
    first = mine.start().engine.pid
    assert first is not None
    run_sleep(engine, mine, busybox, "survivor")
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: mine.status().state is State.CRASHED, 5, "the crash to be seen")

    assert mine.start().was_running is False

    assert (
        "survivor"
        in subprocess.run(
            [engine.programs / "ctr", "--address", mine.address, "task", "list"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    )


def test_an_engine_that_hangs(mine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stopped process is silent: `start` says so, `stop` ends it all the same."""
    monkeypatch.setattr("chub.engine.status.ANSWER", 0.3)
    pid = mine.start().engine.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    wait_until(lambda: "\nState:\tT" in Path(f"/proc/{pid}/status").read_text(), 5, "it to stop")

    with pytest.raises(Conflict, match="does not answer"):
        mine.start()
    mine.stop(timeout=0.5)

    assert mine.status().state is State.STOPPED


def test_images_and_containers_survive_a_stop(mine: Engine, engine: Given) -> None:
    """The root stays: a namespace made before is there after."""
    mine.start()
    subprocess.run([engine.programs / "ctr", "-a", mine.address, "namespace", "create", "kept"], check=True)
    before = mine.status().uuid
    mine.stop()

    mine.start()

    listed = subprocess.run([engine.programs / "ctr", "-a", mine.address, "namespace", "ls", "-q"], capture_output=True)
    assert b"kept" in listed.stdout.split()
    assert mine.status().uuid == before


def test_clients_find_it_where_the_host_has_none(
    mine: Engine, private: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its socket is the default address, and its snapshotter the default one."""
    monkeypatch.setattr("chub.settings.HOST_SOCKET", str(tmp_path / "absent.sock"))
    mine.start()

    found = load({"state_root": str(private.state_root)}, environ={}, files=())

    assert found.address == mine.address
    assert found.snapshotter == mine.status().snapshotter


def test_the_log_is_readable_and_followed_to_its_end(mine: Engine) -> None:
    """`logs` has what containerd said; following ends when the engine does."""
    mine.start()
    assert any("successfully booted" in line for line in mine.logs())

    with ThreadPoolExecutor() as threads:
        following = threads.submit(lambda: list(mine.logs(follow=True)))
        mine.stop()
        lines = following.result(timeout=10)

    assert any("successfully booted" in line for line in lines)


def test_an_engine_that_cannot_start_says_why(mine: Engine, private: Settings) -> None:
    """Something else is on its socket's name: the end of containerd's log is in the hint, nothing is left."""
    root = config.layout(private).root
    root.parent.mkdir(mode=0o700)
    root.write_text("not a directory")

    with pytest.raises(EngineFault, match="ended with status 1 before it served") as caught:
        mine.start()

    assert "not a directory" in caught.value.hint
    assert mine.status().state is State.STOPPED


def test_missing_programs_are_named(private: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing is created on a host without containerd."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(programs, "_BESIDE_PATH", ())

    with pytest.raises(NotFound, match="no containerd"):
        Engine(private).start()

    assert not private.engine_state.exists()


def test_only_root_starts_it(private: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody else is told how."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    with pytest.raises(PermissionDenied, match="only root") as caught:
        Engine(private).start()

    assert caught.value.hint == "sudo chub engine start"


def test_a_directory_that_others_can_write_is_refused(mine: Engine, private: Settings) -> None:
    """Who can write to the engine's directory can put a socket of their own there."""
    private.engine_state.mkdir(mode=0o700)
    private.engine_state.chmod(0o777)

    with pytest.raises(PermissionDenied, match="only user 0 can write"):
        mine.start()

    private.engine_state.chmod(0o700)


def test_a_stale_socket_is_no_obstacle(mine: Engine, private: Settings) -> None:
    """A socket that nobody listens on (a power cut without tmpfs) is replaced."""
    private.engine_state.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(private.engine_socket))

    assert mine.start().engine.state is State.RUNNING


def test_stop_of_nothing_is_fine(private: Settings) -> None:
    """Stopping what never ran changes nothing."""
    assert Engine(private).stop().was_running is False
    assert not private.engine_state.exists()
