"""What happens around a container: its engine, its shim, its keeper or the whole host ends. What is said stays true."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

import chub as sdk
from tests.integration.test_detached import ended, keepers, kill
from tests.support import engines
from tests.support.command import Command
from tests.support.engines import Engine
from tests.support.leaks import hierarchies
from tests.support.waiting import wait_until

PATIENCE = 20.0  # seconds
WAITS = "trap 'echo last; exit 7' USR1; echo first; while :; do sleep 0.05; done"
UNSEEN = "its task is gone, and its exit status with it: the shim was killed, or containerd or the host restarted"


@pytest.fixture(scope="module")
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A containerd that these tests alone may kill."""
    with engines.containerd(engines.chosen(request.config.getoption("--engine"))) as started:
        yield started


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another installation of chub, whose keeper speaks another version; copy it to remove it."""
    place = tmp_path_factory.mktemp("elsewhere") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", place], check=True)
    (packages,) = place.glob("lib/python*/site-packages")
    mine = next(path for path in sys.path if path.endswith("site-packages"))
    (packages / "others.pth").write_text(f"{mine}\n")
    source = Path(sdk.__file__).parent
    shutil.copytree(source, packages / "chub", ignore=shutil.ignore_patterns("__pycache__"))
    protocol = packages / "chub/output/protocol.py"
    protocol.write_text(protocol.read_text().replace("VERSION = 1", "VERSION = 2"))
    return place


@pytest.fixture
def other(elsewhere: Path, chub: Command, roots: tuple[Path, Path]) -> Iterator[Command]:
    """The chub of that installation."""
    yield Command(
        words=[str(elsewhere / "bin/python"), "-P", "-c", "from chub.cli.main import main; main()"], env=chub.env
    )
    if pids := keepers(roots):
        kill(roots, pids)


def pid_of(chub: Command, name: str) -> int:
    """A container's first process."""
    return int(chub.ok("inspect", "-f", "{{.State.Pid}}", name))


def shim_of(pid: int) -> int:
    """The shim of a container's first process."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def shims(engine: Engine, namespace: str) -> list[int]:
    """The shims of a namespace."""
    found = subprocess.run(
        ["pgrep", "-f", f"^.*containerd-shim.* -namespace {namespace} .*{engine.address}"],
        capture_output=True,
        text=True,
        check=False,
    )
    return [int(pid) for pid in found.stdout.split()]


def written(chub: Command, name: str, text: str) -> None:
    """Wait until a container has written that."""
    wait_until(lambda: chub.ok("logs", name) == text, PATIENCE, "its output")


def gone(pid: int) -> None:
    """Wait until a process has ended."""
    wait_until(lambda: not Path(f"/proc/{pid}").exists(), PATIENCE, f"the end of process {pid}")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_clients_of_what_ends_while_containerd_is_away(
    chub: Command, image: str, engine: Engine, number: signal.Signals
) -> None:
    """Whoever follows, attends, waits or runs it gets every byte and the true exit status afterwards."""
    chub.ok("run", "-d", "--name", "web", image, "sh", "-c", WAITS)
    pid = pid_of(chub, "web")
    written(chub, "web", "first\n")
    pipe = subprocess.PIPE
    with ExitStack() as stack:
        follower, waiter, looker = (
            stack.enter_context(chub.start(*words, "web", stdout=pipe, stderr=pipe))
            for words in (["logs", "-f"], ["wait"], ["attach", "--no-stdin"])
        )
        runner = stack.enter_context(
            chub.start("run", "--name", "here", image, "sh", "-c", WAITS, stdout=pipe, stderr=pipe)
        )
        for each in (follower, runner):
            assert each.stdout is not None
            assert each.stdout.readline() == b"first\n"
        here = pid_of(chub, "here")
        engine.kill(number)
        for each in (pid, here):
            os.kill(each, signal.SIGUSR1)
            gone(each)
        engine.start()
        said = [(*each.communicate(timeout=PATIENCE), each.returncode) for each in (follower, waiter, looker, runner)]

    assert said == [(b"last\n", b"", 0), (b"7\n", b"", 0), (b"last\n", b"", 7), (b"last\n", b"", 7)]
    status = chub.ok("ps", "-a", "--format", "{{.Names}} {{.Status}}").splitlines()
    assert [line.rpartition(") ")[0] for line in status] == ["here Exited (7", "web Exited (7"]
    chub.ok("rm", "web", "here")


def test_a_keeper_whose_engine_is_gone_for_good(
    chub: Command, image: str, engine: Engine, roots: tuple[Path, Path]
) -> None:
    """It does not try for ever to tell it of an end: it goes with its state directory."""
    chub.ok("run", "-d", "--name", "web", image, "sh", "-c", WAITS)
    pid = pid_of(chub, "web")
    written(chub, "web", "first\n")
    engine.kill()
    try:
        shutil.rmtree(next(roots[1].glob("*/*/keeper")))
        os.kill(pid, signal.SIGUSR1)
        wait_until(lambda: not keepers(roots), PATIENCE, "its end")
    finally:
        engine.start()
    chub.ok("rm", "-f", "web")


def test_an_installation_that_is_removed(
    chub: Command, other: Command, elsewhere: Path, image: str, engine: Engine, namespace: str, tmp_path: Path
) -> None:
    """Its keeper goes on without it: output is whole, ends are known, and the next command of any other tidies up."""
    copy = tmp_path / "venv"
    shutil.copytree(elsewhere, copy, symlinks=True)
    protocol = next(copy.glob("lib/*/site-packages/chub/output/protocol.py"))
    protocol.write_text(protocol.read_text().replace("VERSION = 2", "VERSION = 1"))
    doomed = Command(words=[str(copy / "bin/python"), *other.words[1:]], env=other.env)
    doomed.ok("run", "-d", "--name", "web", image, "sh", "-c", WAITS)
    doomed.ok("run", "-d", "--rm", "--name", "once", image, "sh", "-c", WAITS)
    written(chub, "web", "first\n")
    pids = [pid_of(chub, name) for name in ("web", "once")]
    shutil.rmtree(copy)
    for pid in pids:
        os.kill(pid, signal.SIGUSR1)
        gone(pid)

    assert ended(chub, "web").startswith("Exited (7)")
    assert chub.ok("logs", "-f", "web") == "first\nlast\n"
    wait_until(lambda: chub.ok("ps", "-a", "--format", "{{.Names}}") == "web\n", PATIENCE, "the removal of the other")
    wait_until(lambda: not shims(engine, namespace), PATIENCE, "the end of the shims")
    assert chub.ok("wait", "web") == "7\n"
    chub.ok("rm", "web")


def test_two_versions_at_once(chub: Command, other: Command, image: str, roots: tuple[Path, Path]) -> None:
    """Each sees, follows, ends and starts again what the other one's keeper holds."""
    for mine, theirs in ((chub, other), (other, chub)):
        mine.ok("run", "-d", "--name", "web", image, "sh", "-c", WAITS)
        with theirs.start("logs", "-f", "web", stdout=subprocess.PIPE) as follower:
            assert follower.stdout is not None
            assert follower.stdout.readline() == b"first\n"
            theirs.ok("kill", "-s", "USR1", "web")
            assert follower.communicate(timeout=PATIENCE)[0] == b"last\n"
        assert theirs.ok("wait", "web") == "7\n"
        theirs.ok("start", "web")
        written(mine, "web", "first\nlast\nfirst\n")
        mine.ok("kill", "-s", "USR1", "web")
        assert mine.ok("wait", "web") == "7\n"
        assert mine.ok("logs", "web") == "first\nlast\n" * 2
        theirs.ok("rm", "web")
    assert len(keepers(roots)) == 4


@contextmanager
def small(directory: Path) -> Iterator[None]:
    """A file system of 1 MB over a directory that is empty."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=0700", "small", directory], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", directory], check=True)


def test_a_full_disk(chub: Command, image: str, roots: tuple[Path, Path]) -> None:
    """The program waits; when there is room again all is written down, and what was to be removed goes."""
    script = "for i in 1 2 3; do head -c 1000000 /dev/zero | tr '\\0' $i; done; exit 5"
    with small(roots[0]):
        chub.ok("run", "-d", "--name", "web", image, "sh", "-c", script)
        free = os.statvfs(roots[0])
        wait_until(lambda: os.statvfs(roots[0]).f_bavail == 0, PATIENCE, f"a full disk, {free}")
        assert "web Up" in chub.ok("ps", "--format", "{{.Names}} {{.Status}}")
        refused = chub("run", "-d", "--rm", image, "true")
        assert "No space left on device" in refused.stderr
        subprocess.run(["mount", "-o", "remount,size=64m", roots[0]], check=True)
        assert ended(chub, "web").startswith("Exited (5)")
        assert chub.ok("logs", "web") == "".join(str(each) * 1000000 for each in (1, 2, 3))
        assert chub.ok("ps", "-a", "--format", "{{.Names}}") == "web\n"
        chub.ok("rm", "web")


def test_a_shim_that_is_killed(chub: Command, image: str) -> None:
    """Containerd kills the program; its exit code is not known, and that is said; it can be started again."""
    chub.ok("run", "-d", "--name", "web", image, "sh", "-c", WAITS)
    written(chub, "web", "first\n")
    with chub.start("run", "--name", "here", image, "sh", "-c", WAITS, stdout=-1, stderr=-1) as runner:
        assert runner.stdout is not None
        assert runner.stdout.readline() == b"first\n"
        for name in ("web", "here"):
            os.kill(shim_of(pid_of(chub, name)), signal.SIGKILL)
        output, said = runner.communicate(timeout=PATIENCE)

    assert (output, runner.returncode) == (b"", 125)
    assert UNSEEN in said.decode()
    for name in ("web", "here"):
        assert ended(chub, name).startswith("Exited (255)")
        assert chub.ok("inspect", "-f", "{{.State.ExitCode}} {{.State.Error}}", name) == f"255 {UNSEEN}\n"
        assert chub.ok("start", name) == f"{name}\n"
        written(chub, name, "first\nfirst\n")
    chub.ok("rm", "-f", "web", "here")


@pytest.mark.parametrize("how", ["kill", "runc", "ctr"])
def test_a_container_that_is_killed_from_outside(
    chub: Command, image: str, client: sdk.Client, engine: Engine, namespace: str, how: str
) -> None:
    """Its end is known and its shim gone, whoever sent the signal."""
    id = chub.ok("run", "-d", "--name", "web", image, "sh", "-c", WAITS).strip()
    if how == "kill":
        os.kill(pid_of(chub, "web"), signal.SIGKILL)
    elif how == "runc":
        root = Path(client.workspace.runc_root, namespace)
        subprocess.run(["runc", "--root", root, "kill", id, "KILL"], check=True)
    else:
        engine.ctr("task", "kill", "-s", "KILL", id, namespace=namespace)

    assert chub.ok("wait", "web") == "137\n"
    assert ended(chub, "web").startswith("Exited (137)")
    wait_until(lambda: not shims(engine, namespace), PATIENCE, "the end of its shim")
    chub.ok("rm", "web")


def test_a_container_that_ctr_removes(
    chub: Command, image: str, engine: Engine, namespace: str, roots: tuple[Path, Path]
) -> None:
    """It is gone for chub too, a follower ends, and its name is free."""
    id = chub.ok("run", "-d", "--name", "web", image, "sh", "-c", WAITS).strip()
    with chub.start("logs", "-f", "web", stdout=subprocess.PIPE) as follower:
        assert follower.stdout is not None
        assert follower.stdout.readline() == b"first\n"
        engine.ctr("task", "rm", "-f", id, namespace=namespace)
        with suppress(subprocess.CalledProcessError):  # the record goes when the task has
            engine.ctr("container", "rm", id, namespace=namespace)
        assert follower.communicate(timeout=PATIENCE)[0] == b""
    assert chub.ok("ps", "-aq") == ""
    assert chub.ok("run", "--rm", "--name", "web", image, "echo", "hi") == "hi\n"
    wait_until(lambda: not list(roots[1].glob(f"*/*/keeper/*/{id}.json")), PATIENCE, "the keeper to forget it")


def test_a_host_that_restarts(
    chub: Command, image: str, engine: Engine, namespace: str, roots: tuple[Path, Path]
) -> None:
    """What ran is told as ended, with an unknown exit code; what had ended as it did; both start again."""
    chub.ok("run", "-d", "--name", "web", image, "sh", "-c", WAITS)
    assert chub("run", "--name", "done", image, "sh", "-c", "echo hi; exit 3").exit_status == 3
    written(chub, "web", "first\n")
    pid = pid_of(chub, "web")
    reboot(engine, namespace, roots, pid)

    assert ended(chub, "web").startswith("Exited (255)")
    assert ended(chub, "done").startswith("Exited (3)")
    assert chub.ok("inspect", "-f", "{{.State.Error}}", "web") == f"{UNSEEN}\n"
    assert chub.ok("wait", "web", "done") == "255\n3\n"
    chub.ok("start", "web")
    assert chub("start", "-a", "done").exit_status == 3
    written(chub, "web", "first\nfirst\n")
    chub.ok("rm", "-f", "web", "done")


def reboot(engine: Engine, namespace: str, roots: tuple[Path, Path], *programs: int) -> None:
    """End all processes at once and remove what a host has in /run."""
    doomed = [*keepers(roots), *shims(engine, namespace), *programs]
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for pid in (engine.pid, *doomed):
            os.kill(pid, number)
    for pid in (engine.pid, *doomed):
        gone(pid)
    state = engine.directory / "state"
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        if (point := line.split()[4]).startswith(f"{state}/"):
            subprocess.run(["umount", "--lazy", point], check=True)
    for place in (state, *roots[1].iterdir()):
        shutil.rmtree(place)
    for hierarchy in hierarchies():
        for cgroup in (hierarchy / "chub").glob("*"):
            with suppress(OSError):
                cgroup.rmdir()
    engine.start()
