"""What a test left behind: in containerd, in /proc, in the kernel, in the file system."""

from __future__ import annotations

import os
import re
import shutil
import signal
import stat
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chub.api.services import Services
    from tests.support.engines import Engine

CGROUPS = Path("/sys/fs/cgroup")
SHIM_SOCKETS = Path("/run/containerd/s")
SNAPSHOTTERS = ("overlayfs", "native")
CONTAINER_ID = re.compile(r"[0-9a-f]{64}")
PATIENCE = 5.0  # seconds for what ends by itself: a shim that was asked to, a cgroup the kernel is emptying


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Where a test works, and what was there before it."""

    engine: Engine
    services: Services  # in the test's namespace
    roots: tuple[Path, ...]  # chub's data root and state root
    cgroups: frozenset[Path]
    sockets: frozenset[Path]

    @classmethod
    def before(cls, engine: Engine, services: Services, *roots: Path) -> Scene:
        """Note what is there."""
        return cls(
            engine=engine,
            services=services,
            roots=roots,
            cgroups=frozenset(_cgroups()),
            sockets=frozenset(_stale_sockets()),
        )

    def leaks(self) -> list[str]:
        """What is left, a line for each thing, after a collection; waits a little for what is about to go.

        A leak is there at every look: cgroups and sockets come and go while other tests run.
        """
        self.collect()
        end = time.monotonic() + PATIENCE
        found = list(self._left())
        while found and time.monotonic() < end:
            time.sleep(0.02)
            now = set(self._left())
            found = [leak for leak in found if leak in now]
        return found

    def collect(self) -> None:
        """Make containerd collect garbage in the test's namespace now."""
        lease = self.services.leases.create()
        self.services.leases.delete(lease.id, sync=True)

    def _left(self) -> Iterator[str]:
        yield from self._records()
        namespace = self.services.namespace
        bundles = self.engine.bundles / namespace
        if bundles.exists():
            yield from (f"bundle {path}" for path in bundles.iterdir())
        commands = tuple(_commands())
        for pid, words in commands:
            if os.path.basename(words[0]).startswith("containerd-shim"):
                if self.engine.address in words and namespace in words:
                    yield f"shim {pid}: {' '.join(words)}"
            elif self._are_ours(words) and not _is_keeper(words):  # it stays for a while; what it holds is a file
                yield f"process {pid}: {' '.join(words)}"
        yield from (f"mount {point}" for point in self._mounts())
        shims = {word for _, words in commands if "shim" in words[0] for word in words}  # another test's, alive
        yield from (
            f"cgroup {path}"
            for path in _cgroups()
            if path not in self.cgroups and path.name not in shims and _is_empty(path)
        )
        yield from (f"socket of a dead shim {path}" for path in _stale_sockets() if path not in self.sockets)
        yield from self._files()

    def _records(self) -> Iterator[str]:
        services = self.services
        yield from (f"task {task.id} ({task.status})" for task in services.tasks.list())
        yield from (f"container {each.id} {dict(each.labels)}" for each in services.containers.list())
        yield from (f"image {each.name}" for each in services.images.list())
        yield from (f"lease {each.id} {dict(each.labels)}" for each in services.leases.list())
        yield from (f"ingest {each.ref}" for each in services.content.ingests())
        yield from (f"blob {each.digest} {dict(each.labels)}" for each in services.content.list())
        for name in SNAPSHOTTERS:
            for each in services.snapshots(name).list():
                yield f"snapshot {each.name} ({name}, {each.kind}) {dict(each.labels)}"

    def _mounts(self) -> Iterator[str]:
        watched = (self.engine.bundles / self.services.namespace, *self.roots)
        for line in Path("/proc/self/mountinfo").read_text().splitlines():
            point = Path(line.split()[4].encode().decode("unicode_escape"))
            if any(point.is_relative_to(each) for each in watched):
                yield str(point)

    def _files(self) -> Iterator[str]:
        for root in self.roots:
            for path in sorted(root.rglob("*")):
                if path.parent == root / "engines":
                    continue  # the uuid of the engine at a socket, one small file for each
                if path.parent.parent.name == "keeper" and path.suffix != ".json":
                    continue  # its socket and locks
                with suppress(FileNotFoundError):
                    mode = path.lstat().st_mode
                    if not stat.S_ISDIR(mode):
                        yield f"{'FIFO' if stat.S_ISFIFO(mode) else 'file'} {path}"
                    elif CONTAINER_ID.fullmatch(path.name):
                        yield f"directory {path}"

    def _are_ours(self, words: list[str]) -> bool:
        return any(str(root) in word for root in self.roots for word in words)

    def tidy(self) -> None:
        """Take away whatever is left, so that one test's leak is not the next one's."""
        from chub.errors import ChubError

        for number in (signal.SIGSTOP, signal.SIGKILL):  # the other one of a pair takes over where it can
            for pid, words in _commands():
                if self._are_ours(words) and _is_keeper(words):
                    os.kill(pid, number)
        services = self.services
        for task in services.tasks.list():
            with suppress(ChubError):
                services.tasks.kill(task.id, 9, all=True)
                services.tasks.wait(task.id, timeout=5)
            with suppress(ChubError):
                services.tasks.delete(task.id)
        for container in services.containers.list():
            with suppress(ChubError):
                services.containers.delete(container.id)
        for image in services.images.list():
            services.images.delete(image.name)
        for lease in services.leases.list():
            services.leases.delete(lease.id)
        for name in SNAPSHOTTERS:
            self._remove_snapshots(name)
        for ingest in services.content.ingests():
            with suppress(ChubError):  # the collection that a lease's end began may be first
                services.content.abort(ingest.ref)
        for blob in services.content.list():
            with suppress(ChubError):
                services.content.delete(blob.digest)
        for point in sorted(self._mounts(), reverse=True):
            subprocess.run(["umount", "--lazy", point], check=False)
        for entry in (entry for root in self.roots for entry in root.iterdir()):
            shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
        for hierarchy in hierarchies():
            with suppress(OSError):  # the parent of ctr's containers, which stays when they go
                (hierarchy / services.namespace).rmdir()
        with suppress(ChubError):
            services.namespaces.delete(services.namespace)

    def _remove_snapshots(self, snapshotter: str) -> None:
        """Remove children before their parents, whatever order they are listed in."""
        from chub.errors import ChubError

        snapshots = self.services.snapshots(snapshotter)
        while found := snapshots.list():
            parents = {each.parent for each in found}
            for each in found:
                if each.name not in parents:
                    with suppress(ChubError):
                        snapshots.remove(each.name)
            if len(snapshots.list()) == len(found):
                return


def _commands() -> Iterator[tuple[int, list[str]]]:
    """The command lines of all processes."""
    for name in os.listdir("/proc"):
        if name.isdigit():
            with suppress(OSError):
                words = Path("/proc", name, "cmdline").read_bytes().decode(errors="replace").split("\0")
                yield int(name), words


def _is_keeper(words: list[str]) -> bool:
    return any(word.endswith("keeper/__main__.py") for word in words)


def _cgroups() -> Iterator[Path]:
    """Cgroups that containers live in: two levels down in a hierarchy, /chub/ID or /NAMESPACE/ID."""
    for hierarchy in hierarchies():
        for procs in map(Path, glob(f"{hierarchy}/*/*/cgroup.procs")):  # Path.glob fails where one goes meanwhile
            if not procs.parent.name.endswith((".service", ".scope", ".slice", ".mount", ".socket")):
                yield procs.parent


def hierarchies() -> Iterator[Path]:
    """The roots of all cgroup hierarchies: one for version 2, several for version 1."""
    if (CGROUPS / "cgroup.controllers").exists():
        yield CGROUPS
    else:
        yield from (path for path in CGROUPS.iterdir() if path.is_dir() and not path.is_symlink())


def _is_empty(cgroup: Path) -> bool:
    """Whether no process is in it: one that another test is using has some."""
    with suppress(OSError):
        return not (cgroup / "cgroup.procs").read_text()
    return False


def _stale_sockets() -> Iterator[Path]:
    """Sockets of shims that nobody listens on any more."""
    if not SHIM_SOCKETS.is_dir():
        return
    listening = {line.split()[-1] for line in Path("/proc/net/unix").read_text().splitlines()}
    yield from (path for path in SHIM_SOCKETS.iterdir() if str(path) not in listening)
