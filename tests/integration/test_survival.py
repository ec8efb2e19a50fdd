"""What happens around a container: its engine, its shim, its keeper or the whole host ends. What is said stays true."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

import chub as sdk
from chub.core.listing import State
from chub.engine.shims import find
from tests.support import engines
from tests.support.command import Command
from tests.support.engines import Engine
from tests.support.keepers import keepers, kill
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


def shim_of(pid: int) -> int:
    """The shim of a container's first process."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def shims(engine: Engine, namespace: str) -> list[int]:
    """The shims of a namespace."""
    return [shim.pid for shim in find(Path(engine.address)) if shim.namespace == namespace]


def output(container: sdk.Container) -> str:
    """What a container has written."""
    return b"".join(chunk.data for chunk in container.output()).decode()


def written(container: sdk.Container, text: str) -> None:
    """Wait until a container has written that."""
    wait_until(lambda: output(container) == text, PATIENCE, "its output")


def exit_code(container: sdk.Container) -> int | None:
    """Wait for a container's end; its exit code as it is shown."""
    wait_until(lambda: container.reload().state == State.EXITED, PATIENCE, "its end")
    return container.exit_code


def end(*containers: sdk.Container) -> None:
    """Have programs end without asking anybody, and wait until they have."""
    for each in containers:
        os.kill(each.pid, signal.SIGUSR1)
    for each in containers:
        gone(each.pid)


def gone(pid: int) -> None:
    """Wait until a process has ended."""
    wait_until(lambda: not Path(f"/proc/{pid}").exists(), PATIENCE, f"the end of process {pid}")


@contextmanager
def waiting(chub: Command, image: str, client: sdk.Client, name: str = "web") -> Iterator[sdk.Container]:
    """A detached container that has written its first line; it is removed at the end."""
    chub.ok("run", "-d", "--name", name, image, "sh", "-c", WAITS)
    container = client.containers.get(name)
    written(container, "first\n")
    yield container
    with suppress(sdk.NotFound):
        container.remove(force=True)


@contextmanager
def begun(chub: Command, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """A client that has shown the first line of its container's."""
    with chub.start(*words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as client:
        assert client.stdout is not None
        assert client.stdout.readline() == b"first\n"
        yield client


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_clients_of_what_ends_while_containerd_is_away(
    chub: Command, client: sdk.Client, image: str, engine: Engine, number: signal.Signals
) -> None:
    """Whoever follows, attends, waits or runs it gets every byte and the true exit status afterwards."""
    with waiting(chub, image, client) as web, ExitStack() as stack:
        clients = [
            stack.enter_context(begun(chub, "logs", "-f", "web")),
            stack.enter_context(begun(chub, "run", "--name", "here", image, "sh", "-c", WAITS)),
            stack.enter_context(chub.start("attach", "--no-stdin", "web", stdout=-1, stderr=-1)),
        ]
        wait_until(lambda: _looks_on(clients[2].pid), PATIENCE, "a client that looks on")
        waiter = stack.enter_context(ThreadPoolExecutor()).submit(web.wait)
        here = client.containers.get("here")
        engine.kill(number)
        end(web, here)
        engine.start()
        said = [(*each.communicate(timeout=PATIENCE), each.returncode) for each in clients]

        assert said == [(b"last\n", b"", 0), (b"last\n", b"", 7), (b"last\n", b"", 7)]
        assert [waiter.result(PATIENCE), exit_code(web), exit_code(here)] == [7, 7, 7]
        here.remove()


def _looks_on(pid: int) -> bool:
    """Whether a process has opened a container's output: it has asked the engine all it wants to know before."""
    with suppress(FileNotFoundError):
        return any(os.readlink(each).endswith("/log.index") for each in Path(f"/proc/{pid}/fd").iterdir())
    return False


def test_a_keeper_whose_engine_is_gone_for_good(
    chub: Command, client: sdk.Client, image: str, engine: Engine, roots: tuple[Path, Path]
) -> None:
    """It does not try for ever to tell it of an end: it goes with its state directory."""
    with waiting(chub, image, client) as web:
        engine.kill()
        try:
            shutil.rmtree(next(roots[1].glob("*/*/keeper")))
            end(web)
            wait_until(lambda: not keepers(roots), PATIENCE, "its end")
        finally:
            engine.start()
            client.services.channel.wait_until_ready(PATIENCE)


@contextmanager
def job() -> Iterator[Path]:
    """The cgroup of a job, which is killed at the end."""
    cgroup = next(hierarchies()) / f"job-{os.getpid()}"
    cgroup.mkdir()
    procs = cgroup / "cgroup.procs"
    try:
        yield cgroup
    finally:
        for pid in procs.read_text().split():
            with suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        wait_until(lambda: not procs.read_text(), PATIENCE, "the end of what is in it")
        cgroup.rmdir()


def test_a_cgroup_that_is_killed(chub: Command, client: sdk.Client, image: str, roots: tuple[Path, Path]) -> None:
    """As that of a CI job, with all that the job has started: the keeper has left it, and sees the end."""
    with job() as cgroup:
        words = ["sh", "-c", f'echo $$ > {cgroup}/cgroup.procs; exec "$@"', "sh", *chub.words]
        with waiting(Command(words=words, env=chub.env), image, client) as web:
            pids = keepers(roots)
            assert len(pids) == 2
            assert not set(map(str, pids)) & set((cgroup / "cgroup.procs").read_text().split())
            end(web)
            assert exit_code(web) == 7
            assert output(web) == "first\nlast\n"


def test_an_installation_that_is_removed(
    chub: Command, other: Command, elsewhere: Path, client: sdk.Client, image: str, engine: Engine, tmp_path: Path
) -> None:
    """Its keeper goes on without it: output is whole, ends are known, and the next command of any other tidies up."""
    copy = tmp_path / "venv"
    shutil.copytree(elsewhere, copy, symlinks=True)
    protocol = next(copy.glob("lib/*/site-packages/chub/output/protocol.py"))
    protocol.write_text(protocol.read_text().replace("VERSION = 2", "VERSION = 1"))
    doomed = Command(words=[str(copy / "bin/python"), *other.words[1:]], env=other.env)
    with waiting(doomed, image, client) as web:
        doomed.ok("run", "-d", "--rm", "--name", "once", image, "sh", "-c", WAITS)
        once = client.containers.get("once")
        written(once, "first\n")
        shutil.rmtree(copy)
        end(web, once)

        assert exit_code(web) == 7
        assert chub.ok("logs", "-f", "web") == "first\nlast\n"
        wait_until(lambda: client.containers.list(all=True)[1:] == (), PATIENCE, "the removal of the other")
        wait_until(lambda: not shims(engine, client.services.namespace), PATIENCE, "the end of the shims")
        assert web.wait() == 7


def test_two_versions_at_once(
    chub: Command, other: Command, client: sdk.Client, image: str, roots: tuple[Path, Path]
) -> None:
    """One sees, follows, ends and starts again what the other one's keeper holds."""
    with waiting(other, image, client) as web:
        with begun(chub, "logs", "-f", "web") as follower:
            end(web)
            assert follower.communicate(timeout=PATIENCE)[0] == b"last\n"
        assert web.wait() == 7
        web.start()
        assert len(keepers(roots)) == 4
        written(web.reload(), "first\nlast\nfirst\n")
        assert other.ok("logs", "web") == "first\nlast\nfirst\n"
        end(web)
        assert web.wait() == 7


@contextmanager
def small(directory: Path) -> Iterator[None]:
    """A file system of 1 MB over a directory that is empty."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=0700", "small", directory], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", directory], check=True)


def test_a_full_disk(chub: Command, client: sdk.Client, image: str, roots: tuple[Path, Path]) -> None:
    """The program waits; when there is room again all is written down, and what was to be removed goes."""
    script = "echo first; for i in 1 2 3; do head -c 1000000 /dev/zero | tr '\\0' $i; done; exit 5"
    with small(roots[0]):
        chub.ok("run", "-d", "--rm", "--name", "once", image, "sh", "-c", WAITS)
        once = client.containers.get("once")
        chub.ok("run", "-d", "--name", "web", image, "sh", "-c", script)
        web = client.containers.get("web")
        wait_until(lambda: os.statvfs(roots[0]).f_bavail == 0, PATIENCE, "a full disk")
        assert "No space left on device" in chub("run", "-d", "--rm", image, "true").stderr
        end(once)
        assert web.reload().state == State.RUNNING
        subprocess.run(["mount", "-o", "remount,size=64m", roots[0]], check=True)
        assert exit_code(web) == 5
        assert output(web) == "first\n" + "".join(str(each) * 1000000 for each in (1, 2, 3))
        wait_until(lambda: client.containers.list(all=True)[1:] == (), PATIENCE, "the removal of the other")
        web.remove()


def test_a_shim_that_is_killed(chub: Command, client: sdk.Client, image: str) -> None:
    """Containerd kills the program; its exit code is not known, and that is said; it can be started again."""
    with waiting(chub, image, client) as web:
        with begun(chub, "run", "--name", "here", image, "sh", "-c", WAITS) as runner:
            here = client.containers.get("here")
            for each in (web, here):
                os.kill(shim_of(each.pid), signal.SIGKILL)
            shown, said = runner.communicate(timeout=PATIENCE)

        assert (shown, runner.returncode) == (b"", 125)
        assert UNSEEN in said.decode()
        assert [exit_code(web), exit_code(here)] == [255, 255]
        assert chub.ok("inspect", "-f", "{{.State.ExitCode}} {{.State.Error}}", "web") == f"255 {UNSEEN}\n"
        for each in (web, here):
            each.start()
            written(each, "first\nfirst\n")
        here.remove(force=True)


def test_containers_that_are_killed_from_outside(
    chub: Command, image: str, client: sdk.Client, engine: Engine, namespace: str
) -> None:
    """Their end is known and their shims are gone, whoever sent the signal."""
    with ExitStack() as stack:
        web, db, ui = made = [stack.enter_context(waiting(chub, image, client, name)) for name in ("web", "db", "ui")]
        os.kill(web.pid, signal.SIGKILL)
        root = Path(client.workspace.runc_root, namespace)
        subprocess.run(["runc", "--root", root, "kill", db.id, "KILL"], check=True)
        engine.ctr("task", "kill", "-s", "KILL", ui.id, namespace=namespace)

        assert [each.wait() for each in made] == [137] * 3
        assert [exit_code(each) for each in made] == [137] * 3
        wait_until(lambda: not shims(engine, namespace), PATIENCE, "the end of their shims")


def test_a_container_that_ctr_removes(
    chub: Command, image: str, client: sdk.Client, engine: Engine, namespace: str, roots: tuple[Path, Path]
) -> None:
    """It is gone for chub too, a follower ends, and its name is free."""
    with waiting(chub, image, client) as web:
        with begun(chub, "logs", "-f", "web") as follower:
            engine.ctr("task", "rm", "-f", web.id, namespace=namespace)
            engine.ctr("container", "rm", web.id, namespace=namespace)
            assert follower.communicate(timeout=PATIENCE)[0] == b""
        assert client.containers.list(all=True) == ()
        assert chub.ok("run", "--rm", "--name", "web", image, "echo", "hi") == "hi\n"
        wait_until(lambda: not list(roots[0].glob(f"*/*/{web.id}")), PATIENCE, "its files to go")


def test_a_host_that_restarts(
    chub: Command, image: str, client: sdk.Client, engine: Engine, roots: tuple[Path, Path]
) -> None:
    """What ran is told as ended, with an unknown exit code; what had ended as it did; both start again."""
    with waiting(chub, image, client) as web:
        assert chub("run", "--name", "done", image, "sh", "-c", "echo hi; exit 3").exit_status == 3
        done = client.containers.get("done")
        reboot(engine, roots, *keepers(roots), *shims(engine, client.services.namespace), web.pid)
        client.services.channel.wait_until_ready(PATIENCE)

        assert [exit_code(each) for each in (web, done)] == [255, 3]
        assert chub.ok("inspect", "-f", "{{.State.Error}}", "web") == f"{UNSEEN}\n"
        assert chub.ok("wait", "web", "done") == "255\n3\n"
        web.start()
        written(web, "first\nfirst\n")
        assert chub("start", "-a", "done").exit_status == 3
        done.remove()


def reboot(engine: Engine, roots: tuple[Path, Path], *programs: int) -> None:
    """End all processes at once and remove what a host has in /run."""
    doomed = (engine.pid, *programs)
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for pid in doomed:
            os.kill(pid, number)
    for pid in doomed:
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
