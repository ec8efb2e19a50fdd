"""The host as its files show it: ``/proc`` and what is beside; under one root, so a recorded tree will do."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from chub.records import record

if TYPE_CHECKING:
    from collections.abc import Iterator

TICKS_PER_SECOND = 100  # USER_HZ: the unit of /proc/PID/stat, 100 on every architecture containerd runs on
LIMIT = 16 << 20  # bytes that are read of one file


@record
class Mounted:
    """A line of ``/proc/PID/mountinfo`` (proc(5)), with its escapes undone."""

    device: str  # major:minor of the filesystem
    root: str  # the directory of the filesystem that is mounted: what a bind mount shows
    target: str
    type: str
    source: str
    options: tuple[str, ...]  # of the filesystem; still escaped, as they hold paths and commas

    def paths(self, option: str) -> tuple[str, ...]:
        """The directories of an overlay option (``lowerdir``: topmost first), with escapes undone."""
        found: list[str] = []
        for entry in self.options:
            name, _, value = entry.partition("=")
            if name == option:
                found += _split_paths(_unescaped(value))
            elif name == f"{option}+":  # one each, when mounted through fsconfig(2)
                found.append(_unescaped(value))
        return tuple(found)


@record
class Cgroup:
    """A line of ``/proc/PID/cgroup`` (cgroups(7))."""

    hierarchy: int  # 0: cgroup v2
    controllers: tuple[str, ...]  # empty for v2; ``name=systemd`` for a v1 hierarchy without controllers
    path: str


class Host:
    """What a host's files say, below ``root``. Paths go in and come out as they are on the host itself.

    Every method raises the ``OSError`` of the file it reads; what that means is the collector's to say.
    """

    def __init__(self, root: Path | str = "/") -> None:
        self.root = Path(root)

    @property
    def live(self) -> bool:
        """Whether this is the host chub runs on, where programs can be asked; a recording cannot be."""
        return self.root == Path("/")

    def path(self, path: str) -> Path:
        """Where a path of the host is for this process."""
        return self.root / path.lstrip("/")

    def read(self, path: str) -> str:
        """The text of a file; what is no UTF-8 is kept as surrogates."""
        return self.read_bytes(path).decode(errors="surrogateescape")

    def read_bytes(self, path: str) -> bytes:
        """The bytes of a file, at most `LIMIT`."""
        with open(self.path(path), "rb") as file:
            return file.read(LIMIT)

    def link(self, path: str) -> str:
        """Where a symbolic link points to, as it is written."""
        return os.readlink(self.path(path))

    def exists(self, path: str) -> bool:
        """Whether there is something at the path; False also where that cannot be seen."""
        return os.path.lexists(self.path(path))

    def names(self, path: str) -> tuple[str, ...]:
        """What is in a directory, sorted."""
        return tuple(sorted(os.listdir(self.path(path))))

    def resolved(self, path: str) -> str:
        """The path with its symbolic links followed."""
        real = os.path.realpath(self.path(path))
        return real if self.live else f"/{os.path.relpath(real, os.path.realpath(self.root))}"

    def pids(self) -> Iterator[int]:
        """The processes of the host, lowest first."""
        yield from sorted(int(name) for name in os.listdir(self.path("/proc")) if name.isdigit())

    def cmdline(self, pid: int) -> tuple[str, ...]:
        """The arguments of a process as it has them now; empty for kernel threads and zombies."""
        return tuple(self.read(f"/proc/{pid}/cmdline").split("\0")[:-1])

    def environment(self, pid: int) -> dict[str, str]:
        """The environment a process was started with."""
        entries = self.read(f"/proc/{pid}/environ").split("\0")
        return dict(entry.split("=", 1) for entry in entries if "=" in entry)

    def status(self, pid: int) -> dict[str, str]:
        """The fields of ``/proc/PID/status``."""
        lines = (line.partition(":") for line in self.read(f"/proc/{pid}/status").splitlines())
        return {name: value.strip() for name, _, value in lines}

    def parent(self, pid: int) -> int:
        """The pid of the parent; 0 when it is outside this pid namespace or none."""
        return int(self.status(pid)["PPid"])

    def start_ticks(self, pid: int) -> int:
        """When a process started, in ticks since boot: with its pid this names a process for good."""
        stat = self.read(f"/proc/{pid}/stat")
        return int(stat[stat.rindex(")") + 2 :].split()[19])  # the name before it may hold anything

    def started(self, pid: int) -> datetime:
        """When a process started, exact to a second (as boot time is)."""
        boot = next(int(line.split()[1]) for line in self.read("/proc/stat").splitlines() if line.startswith("btime "))
        return datetime.fromtimestamp(boot, UTC) + timedelta(seconds=self.start_ticks(pid) / TICKS_PER_SECOND)

    def namespace(self, pid: int | str, kind: str) -> str:
        """The inode number of a process's namespace; kinds are the names in ``/proc/PID/ns``."""
        return self.link(f"/proc/{pid}/ns/{kind}").partition("[")[2].rstrip("]")

    def cgroups(self, pid: int) -> tuple[Cgroup, ...]:
        """Where a process is in each cgroup hierarchy."""
        found = []
        for line in self.read(f"/proc/{pid}/cgroup").splitlines():
            hierarchy, controllers, path = line.split(":", 2)
            names = tuple(controllers.split(",")) if controllers else ()
            found.append(Cgroup(hierarchy=int(hierarchy), controllers=names, path=path))
        return tuple(found)

    def mounts(self, pid: int | str = "self") -> tuple[Mounted, ...]:
        """The mounts that a process sees, in the order they were made."""
        found = []
        for line in self.read(f"/proc/{pid}/mountinfo").splitlines():
            before, _, after = line.partition(" - ")
            _, _, device, root, target, *_ = before.split(" ")
            kind, source, options = after.split(" ", 2)
            found.append(
                Mounted(
                    device=device,
                    root=_unescaped(root),
                    target=_unescaped(target),
                    type=kind,
                    source=_unescaped(source),
                    options=tuple(options.split(",")),
                )
            )
        return tuple(found)

    def directory(self, mounted: Mounted) -> str:
        """Where this host sees what is mounted; the directory inside its filesystem where it sees that nowhere."""
        for mount in self.mounts():
            if mount.device == mounted.device and PurePath(mounted.root).is_relative_to(mount.root):
                return str(PurePath(mount.target, PurePath(mounted.root).relative_to(mount.root)))
        return mounted.root

    def listener(self, socket_path: str) -> int:
        """The pid of the process that listens on a unix socket (SO_PEERCRED; nothing is sent)."""
        import socket
        import struct

        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(2.0)
            probe.connect(str(self.path(socket_path)))
            credentials = probe.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        return int(struct.unpack("3i", credentials)[0])


def why(failure: OSError) -> str:
    """What an ``OSError`` says, without the path that the reader sees beside it."""
    return (failure.strerror or str(failure)).lower()


def moment(when: datetime) -> str:
    """A time as facts have it: UTC, exact to the second."""
    return f"{when.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _unescaped(text: str) -> str:
    """Undo the kernel's octal escapes of blanks, commas and backslashes."""
    if "\\" not in text:
        return text
    import re

    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match.group(1), 8)), text)


def _split_paths(value: str) -> list[str]:
    """Split overlay's list of directories at its colons; a colon in a name is written with a backslash."""
    import re

    return [part.replace("\\:", ":") for part in re.split(r"(?<!\\):", value)]
