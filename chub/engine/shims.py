"""The shims of an engine, found in /proc: they outlive their containerd."""

from __future__ import annotations

import hashlib
import itertools
import os
import select
import signal
import socket
import time
from contextlib import suppress
from pathlib import Path

from chub.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SOCKETS = Path("/run/containerd/s")  # of the shims of all engines
_PROC = Path("/proc")
_CGROUPS = Path("/sys/fs/cgroup")


@record
class Shim:
    """A running shim, by its command line."""

    pid: int
    namespace: str
    id: str  # of the container it was started for; it may serve more
    socket: str  # of the containerd it reports to


def find(engine: Path) -> tuple[Shim, ...]:
    """The shims that report to the containerd at `engine`."""
    return tuple(shim for shim in every() if shim.socket == str(engine))


def of(engine: str, namespace: str, id: str) -> Iterator[Shim]:
    """The shims that were started for a container, of the containerd at `engine`."""
    address = os.path.realpath(engine)
    for shim in every():
        if (shim.id, shim.namespace, os.path.realpath(shim.socket)) == (id, namespace, address):
            yield shim


def every() -> Iterator[Shim]:
    """The shims of all engines of the host."""
    for pid in _pids():
        try:
            words = (_PROC / str(pid) / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:  # it has gone
            continue
        if not os.path.basename(words[0]).startswith("containerd-shim"):
            continue
        flags = dict(itertools.pairwise(words))
        yield Shim(
            pid=pid,
            namespace=flags.get("-namespace", ""),
            id=flags.get("-id", ""),
            socket=flags.get("-address", ""),
        )


def end(engine: Path, bundles: Path, deadline: float) -> tuple[int, ...]:
    """Kill the shims of the containerd at `engine` and all that runs below them, and drop their cgroups and sockets.

    This is for shims that containerd can no longer be asked to end. `deadline` is in monotonic time; returned
    are the processes that were still there when it had passed.
    """
    shims = [shim.pid for shim in find(engine)]
    if not shims:
        return ()
    left = take_down(shims, deadline)
    for bundle in bundles.glob("*/*/*"):
        for path in sockets(bundle):
            path.unlink(missing_ok=True)
    return left


def take_down(shims: list[int], deadline: float) -> tuple[int, ...]:
    """Kill shims, by pid, and all that runs below them, and drop its cgroups; what was still there at the deadline."""
    programs = descendants(shims)
    cgroups = {path for pid in programs for path in _cgroups(pid)} - {path for pid in shims for path in _cgroups(pid)}
    left = kill((*programs, *shims), deadline)
    for path in sorted(cgroups, reverse=True):
        with suppress(OSError):  # busy: something else lives in it
            path.rmdir()
    return left


def kill(pids: Iterable[int], deadline: float) -> tuple[int, ...]:
    """SIGKILL processes and wait for their end; those that are still there at the deadline are returned."""
    poll = select.poll()
    waiting: dict[int, int] = {}
    try:
        for pid in pids:
            with suppress(ProcessLookupError):
                descriptor = os.pidfd_open(pid)
                waiting[descriptor] = pid
                poll.register(descriptor, select.POLLIN)
                signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        ended: set[int] = set()
        while len(ended) < len(waiting) and (left := deadline - time.monotonic()) > 0:
            for descriptor, _ in poll.poll(left * 1000):
                poll.unregister(descriptor)
                ended.add(descriptor)
        return tuple(pid for descriptor, pid in waiting.items() if descriptor not in ended)
    finally:
        for descriptor in waiting:
            os.close(descriptor)


def _pids() -> list[int]:
    return [int(name) for name in os.listdir(_PROC) if name.isdigit()]


def descendants(pids: list[int]) -> tuple[int, ...]:
    """All that has one of `pids` above it. A container's orphans are adopted by its init or by the shim."""
    children: dict[int, list[int]] = {}
    for pid in _pids():
        with suppress(OSError):
            after_name = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
            children.setdefault(int(after_name[1]), []).append(pid)
    found: list[int] = []
    pending = list(pids)
    while pending:
        below = children.get(pending.pop(), [])
        found += below
        pending += below
    return tuple(found)


def _cgroups(pid: int) -> Iterator[Path]:
    """The directories of a process's cgroups, version 1 and 2."""
    with suppress(OSError):
        for line in (_PROC / str(pid) / "cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            names = controllers.removeprefix("name=") or "unified"
            for base in (_CGROUPS / names, _CGROUPS):
                if path != "/" and (base / path[1:]).is_dir():
                    yield base / path[1:]
                    break


def socket_of(engine: str, namespace: str, id: str) -> Path:
    """Where the shim of a container listens, whether or not it does (containerd 1.6 to 2.1, `shim.SocketAddress`)."""
    return SOCKETS / hashlib.sha256(os.path.join(engine, namespace, id).encode()).hexdigest()


def drop_socket(path: Path) -> None:
    """Remove a socket that nobody listens at."""
    with socket.socket(socket.AF_UNIX) as connection, suppress(FileNotFoundError):
        try:
            connection.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()


def sockets(bundle: Path) -> Iterator[Path]:
    """The socket of a shim, as its bundle names it (1.6, 1.7: `address`; 2.x: `bootstrap.json`)."""
    for file in (bundle / "address", bundle / "bootstrap.json"):
        with suppress(OSError):
            said = file.read_text()
            _, found, rest = said.partition("unix://")
            if found:
                yield Path(rest.partition('"')[0].strip())
