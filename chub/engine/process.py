"""A private containerd's life: started, ready, looked at, stopped with all that runs under it."""

from __future__ import annotations

import fcntl
import os
import select
import shutil
import signal
import socket
import stat
import subprocess
import time
from contextlib import contextmanager, suppress
from pathlib import Path

from chub.api.tasks import TaskStatus
from chub.engine import config, programs, shims
from chub.engine.status import (
    ANSWER,
    State,
    Status,
    connected,
    faults,
    running,
    snapshotter,
    start_ticks,
    status,
)
from chub.errors import ChubError, Conflict, EngineFault, NotFound, PermissionDenied, TimedOut
from chub.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chub.engine.config import Layout
    from chub.engine.programs import Programs
    from chub.settings import Settings

_TAIL = 8  # lines of the log that come with a failure
_FOLLOW = 0.2  # seconds between two looks at a log that is followed

_PASSED_ON = (
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "TZ",
    "TMPDIR",
)


@record
class Started:
    """What `start` found or made."""

    engine: Status
    was_running: bool


@record
class Stopped:
    """What `stop` ended."""

    was_running: bool
    tasks: int  # ended by containerd, in order
    shims: int  # killed, because no containerd was there to end them


def start(settings: Settings, *, timeout: float = 30.0) -> Started:
    """Start the private engine, or find that it runs; it serves when this returns.

    Raises NotFound where programs are missing; EngineFault or TimedOut, with the end of its log, where it
    does not come to serve.
    """
    _need_root("start")
    found = programs.find()
    files = config.layout(settings)
    for directory in (files.state, files.data):
        _make_private(directory)
    with _locked(files):
        if running(files) is not None:
            engine = status(settings)
            if engine.state is not State.RUNNING:
                raise Conflict(
                    f"the engine (process {engine.pid}) does not answer",
                    hint="chub engine stop, then start it again",
                )
            return Started(engine=engine, was_running=True)
        _spawn(files, found, time.monotonic() + timeout)
        return Started(engine=status(settings), was_running=False)


def stop(settings: Settings, *, timeout: float = 30.0) -> Stopped:
    """Stop the private engine and the containers that run on it.

    Its root stays: images and containers are there when it is started again. EngineFault names what did not
    end.
    """
    _need_root("stop")
    files = config.layout(settings)
    if not files.state.is_dir():
        return Stopped(was_running=False, tasks=0, shims=0)
    with _locked(files):
        deadline = time.monotonic() + timeout
        pid = running(files)
        tasks = 0
        if pid is not None:
            with suppress(ChubError):  # what it does not do is done below
                tasks = _end_tasks(files, deadline)
            _terminate(pid, deadline)
        orphans = len(shims.find(files.socket))
        left = shims.end(files.socket, files.bundles, deadline)
        if left:
            raise EngineFault(f"processes did not end: {', '.join(map(str, left))}")
        _clean(settings, files)
        return Stopped(was_running=pid is not None, tasks=tasks, shims=orphans)


def logs(settings: Settings, *, follow: bool = False) -> Iterator[str]:
    """The engine's own log, line by line without line ends; with `follow` until the engine ends."""
    files = config.layout(settings)
    try:
        log = files.log.open(encoding="utf-8", errors="replace")
    except FileNotFoundError as failure:
        raise NotFound(f"no engine was started here: {files.log} is missing", hint="chub engine start") from failure
    except PermissionError as failure:
        raise PermissionDenied(f"{files.log}: only root may read it", hint="use sudo") from failure
    with log:
        rest = ""
        while True:
            ended = not follow or _wait_for_end(files, _FOLLOW)  # before reading: its last words are not missed
            for line in log:
                rest += line
                if rest.endswith("\n"):
                    yield rest[:-1]
                    rest = ""
            if ended:
                break
        if rest:
            yield rest


def _spawn(files: Layout, found: Programs, deadline: float) -> None:
    """Start containerd, detached, and wait until it serves all that chub needs."""
    _write(files.config, config.text(files))
    files.notify.unlink(missing_ok=True)
    with suppress(FileNotFoundError):
        files.log.rename(files.previous_log)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready:
        ready.bind(str(files.notify))
        log = os.open(files.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_EXCL, 0o640)
        try:
            containerd = subprocess.Popen(
                [found.containerd, "--config", str(files.config)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env={"PATH": found.path, "NOTIFY_SOCKET": str(files.notify)}
                | {name: os.environ[name] for name in _PASSED_ON if name in os.environ},
                start_new_session=True,
            )
        finally:
            os.close(log)
        try:
            _write(files.pid, f"{containerd.pid} {start_ticks(containerd.pid)}\n")
            _await_ready(ready, containerd, files, deadline)
            _settle(files, deadline)
        except BaseException:
            containerd.kill()
            containerd.wait()
            _forget(files)
            raise
        finally:
            files.notify.unlink()
    containerd.returncode = 0  # it outlives this object, and subprocess need not warn of it


def _await_ready(ready: socket.socket, containerd: subprocess.Popen[bytes], files: Layout, deadline: float) -> None:
    """Wait for containerd's READY=1, its end, or the deadline."""
    end = os.pidfd_open(containerd.pid)
    try:
        poll = select.poll()
        poll.register(ready, select.POLLIN)
        poll.register(end, select.POLLIN)
        while (left := deadline - time.monotonic()) > 0:
            for descriptor, _ in poll.poll(left * 1000):
                if descriptor == end:
                    raise EngineFault(
                        f"containerd ended with status {containerd.wait()} before it served",
                        hint=_last_words(files),
                    )
                if b"READY=1" in ready.recv(4096).split(b"\n"):
                    return
    finally:
        os.close(end)
    raise TimedOut("containerd did not come to serve in time", hint=_last_words(files))


def _settle(files: Layout, deadline: float) -> None:
    """Check the plugins of an engine that has just come up, and note what clients need to know of it."""
    with connected(files, max(deadline - time.monotonic(), 0.1)) as services:
        plugins = services.introspection.plugins()
        uuid = services.introspection.server().uuid
    if found := faults(plugins):
        raise EngineFault(f"containerd serves, but {'; '.join(found)}", hint=_last_words(files))
    _write(files.uuid, f"{uuid}\n")
    _write(files.snapshotter, f"{snapshotter(plugins)[0]}\n")


def _end_tasks(files: Layout, deadline: float) -> int:
    """Ask containerd to end every task, in all namespaces: it tidies up behind shims as nobody else can."""
    ended = 0
    with connected(files, min(ANSWER, deadline - time.monotonic())) as services:
        for namespace in services.namespaces.list():
            tasks = services.within(namespace.name).tasks
            running = tasks.list()
            for task in running:
                with suppress(ChubError):
                    if task.status is TaskStatus.PAUSED:
                        tasks.resume(task.id)
                    tasks.kill(task.id, signal.SIGKILL, all=True)
            for task in running:
                with suppress(ChubError):
                    tasks.wait(task.id, timeout=max(deadline - time.monotonic(), 0.1))
                    tasks.delete(task.id)
                    ended += 1
    return ended


def _terminate(pid: int, deadline: float) -> None:
    """SIGTERM containerd, SIGKILL it at the deadline, and wait for its end."""
    try:
        end = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        poll = select.poll()
        poll.register(end, select.POLLIN)
        signal.pidfd_send_signal(end, signal.SIGTERM)
        if not poll.poll(max(deadline - time.monotonic(), 0) * 1000):
            signal.pidfd_send_signal(end, signal.SIGKILL)
            poll.poll()
    finally:
        os.close(end)
    with suppress(ChildProcessError):  # it is our child only where this process started it
        os.waitpid(pid, 0)


def _clean(settings: Settings, files: Layout) -> None:
    """Take away what an engine leaves in its state directory; the engine and its shims have ended."""
    for mount in _mounts_below(files.state, files.root):
        subprocess.run(["umount", "--lazy", mount], check=False, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if still := _mounts_below(files.state, files.root):
        raise EngineFault(f"still mounted: {', '.join(still)}")
    with suppress(FileNotFoundError):
        shutil.rmtree(files.bundles)
    with suppress(FileNotFoundError):
        uuid = files.uuid.read_text().strip()
        shutil.rmtree(settings.state_root / uuid / "runc")
        with suppress(OSError):  # containers' files are there as well
            (settings.state_root / uuid).rmdir()
    _forget(files)


def _forget(files: Layout) -> None:
    for file in (files.socket, files.ttrpc, files.snapshotter, files.uuid, files.pid):
        file.unlink(missing_ok=True)


def _mounts_below(*directories: Path) -> list[str]:
    """Mount points under `directories`, the innermost first."""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as table:
        points = [line.split()[4].encode("latin-1", "surrogateescape").decode("unicode_escape") for line in table]
    return [point for point in reversed(points) if any(Path(point).is_relative_to(each) for each in directories)]


def _wait_for_end(files: Layout, seconds: float) -> bool:
    """Wait for the engine's end; False when it still runs after `seconds`."""
    pid = running(files)
    try:
        end = os.pidfd_open(pid) if pid is not None else None
    except ProcessLookupError:
        end = None
    if end is None:
        return True
    try:
        poll = select.poll()
        poll.register(end, select.POLLIN)
        return bool(poll.poll(seconds * 1000))
    finally:
        os.close(end)


def _last_words(files: Layout) -> str:
    """The end of the log, as a hint."""
    with suppress(FileNotFoundError):
        lines = files.log.read_text(errors="replace").splitlines()[-_TAIL:]
        return "\n".join((f"its log, {files.log}, ends with", *(f"  {line}" for line in lines)))
    return ""


@contextmanager
def _locked(files: Layout) -> Iterator[None]:
    """Hold the engine's directory against another start or stop; the lock dies with this process."""
    directory = os.open(files.state, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(directory, fcntl.LOCK_EX)
        yield
    finally:
        os.close(directory)


def _make_private(directory: Path) -> None:
    """Make a directory for us alone; PermissionDenied where somebody else made it or may write to it."""
    for missing in reversed([each for each in (directory, *directory.parents) if not each.exists()]):
        missing.mkdir(mode=0o700, exist_ok=True)
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise PermissionDenied(f"{directory}: not a directory that only user {os.geteuid()} can write")


def _write(file: Path, content: str) -> None:
    """Write a file that only its owner reads, all of it or none."""
    fresh = file.with_name(file.name + ".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with open(descriptor, "w", encoding="utf-8") as opened:
        opened.write(content)
    fresh.replace(file)


def _need_root(what: str) -> None:
    if os.geteuid() != 0:
        raise PermissionDenied(f"only root can {what} an engine", hint=f"sudo chub engine {what}")
