"""One look at a namespace: what there is, and who it belongs to."""

from __future__ import annotations

import os
import posixpath
import re
import shlex
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

from chub.chain.host import Host
from chub.core.cgroups import hierarchies, noted
from chub.core.leasing import abandoned
from chub.core.listing import owner_of, request_of, spec_of
from chub.core.names import lease_of
from chub.core.strays import BUNDLES
from chub.core.undo import remove_tree
from chub.core.workspace import Workspace
from chub.engine import shims
from chub.engine.shims import Shim
from chub.errors import ChubError, Conflict
from chub.oci.spec.resources import PARENT
from chub.settings import HOST_SOCKET

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.api.leases import Lease, Resource
    from chub.api.snapshots import Snapshot

CONTAINER_ID = re.compile(r"[0-9a-f]{64}")
SNAPSHOTTERS = "type==io.containerd.snapshotter.v1"
STATES = ("", "state", "daemon")
"""Where an engine's state directory is, seen from its socket's: the host's containerd, chub's private one, docker's."""
CLIENTS = {"moby": "docker", "k8s.io": "kubernetes"}  # namespaces that one client has for itself


class Scene:
    """What a namespace has.

    What may be left over is listed before leases, and these before containers: what another client is just making
    has a lease by the time it is seen here, and a container by the time its lease is gone.
    """

    def __init__(self, workspace: Workspace, host: Host, patience: timedelta) -> None:
        self.workspace = workspace
        self.services = services = workspace.services
        self.namespace = services.namespace
        self.host = host
        self._youngest = datetime.now(UTC) - patience

        self.mounts = host.mounts()
        self.parents = frozenset(_parents(workspace))
        self.cgroups = tuple(_cgroups(host, sorted(self.parents | {self.namespace})))
        self.every_shim = tuple(shims.every())
        self.directories = _containers_in(workspace.data)
        self.states = _containers_in(workspace.state)
        self.runc_states = _entries(Path(workspace.runc_root) / self.namespace) if workspace.runc_root else ()
        self.bundles = tuple(_bundles(services.address, self.namespace))
        self.memories = tuple(sorted((workspace.state / "keeper").glob("*/*.json")))
        plugins = services.introspection.plugins(SNAPSHOTTERS)
        self.snapshotters = tuple(each.id for each in plugins if not each.error)
        self.roots = frozenset(_root(each.exports["root"]) for each in plugins if "root" in each.exports)
        self.snapshots: dict[str, tuple[Snapshot, ...]] = {}
        for name in self.snapshotters:
            self.snapshots[name] = services.snapshots(name).list()
        self.ingests = services.content.ingests()

        self.leases = services.leases.list()
        self.abandoned = {lease.id: why for lease in self.leases if (why := abandoned(lease))}
        self.tasks = {task.id: task for task in services.tasks.list()}
        self.containers = {each.id: each for each in services.containers.list()}

    @cached_property
    def shims(self) -> dict[int, Shim]:
        """The shims of this engine and namespace, by pid."""
        socket = os.path.realpath(self.services.address)
        found = (each for each in self.every_shim if os.path.realpath(each.socket) == socket)
        return {each.pid: each for each in found if each.namespace == self.namespace}

    @cached_property
    def held(self) -> frozenset[tuple[str, str]]:
        """What leases hold whose clients live, by type and id, as containerd names resources."""
        return frozenset((each.type, each.id) for lease in self._living for each in self._resources(lease))

    @property
    def _living(self) -> Iterator[Lease]:
        yield from (lease for lease in self.leases if lease.id not in self.abandoned)

    def _resources(self, lease: Lease) -> tuple[Resource, ...]:
        with suppress(ChubError):  # it has ended meanwhile
            return self.services.leases.resources(lease.id)
        return ()

    def busy(self, id: str) -> bool:
        """Whether a client is making this container of chub's just now, or has it in the foreground."""
        return any(lease.id == lease_of(id) for lease in self._living)

    def settled(self, since: datetime | None) -> bool:
        """Whether something is too old to be on its way."""
        return since is not None and since <= self._youngest

    def owner(self, id: str) -> str:
        """Who made the container of this id, which may be gone; "" where nothing tells."""
        if id in self.containers:
            return owner_of(self.containers[id], self.namespace)
        lease = lease_of(id)
        if (self.workspace.data / id).is_dir() or any(each.id == lease for each in self.leases):
            return "chub"
        return CLIENTS.get(self.namespace, "")

    def shims_of(self, id: str) -> tuple[Shim, ...]:
        """The shims that were started for a container."""
        return tuple(each for each in self.shims.values() if each.id == id)

    @cached_property
    def sees_processes(self) -> bool:
        """Whether pids that containerd tells are those of this process's pid namespace."""
        with suppress(OSError):
            daemon = self.host.listener(self.services.address)
            return bool(daemon) and self.host.namespace(daemon, "pid") == self.host.namespace("self", "pid")
        return False

    def started(self, pid: int) -> datetime | None:
        """When a process started; None if it is gone."""
        with suppress(OSError):
            return self.host.started(pid)
        return None

    def alive(self, pid: int) -> bool:
        """Whether a process is there and has not ended."""
        try:
            return not self.host.status(pid)["State"].startswith(("Z", "X"))
        except OSError:
            return False

    def ctr(self, *words: str) -> str:
        """A command line of containerd's own client."""
        address = () if self.services.address == HOST_SOCKET else ("-a", self.services.address)
        return shlex.join(("ctr", *address, "-n", self.namespace, *words))

    def chub(self, *words: str) -> str:
        """A command line of chub's."""
        address = () if self.services.address == HOST_SOCKET else ("-a", self.services.address)
        return shlex.join(("chub", *address, "-n", self.namespace, *words))

    def remove(self, directory: Path) -> None:
        """Remove a directory; raises Conflict where something is mounted in it."""
        for mount in self.host.mounts():
            if Path(mount.target).is_relative_to(directory):
                raise Conflict(f"{mount.target} is mounted", hint=f"umount {mount.target}")
        remove_tree(directory)


def _root(directory: str) -> str:
    """A snapshotter's directory; of those in containerd's root that one, as 1.6 does not tell all of them."""
    parent, name = os.path.split(directory)
    return parent if name.startswith("io.containerd.snapshotter.v1.") else directory


def changed(path: Path) -> datetime | None:
    """When a file or directory was last changed; None if it is gone."""
    with suppress(OSError):
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return None


def _entries(directory: Path) -> tuple[Path, ...]:
    with suppress(FileNotFoundError, NotADirectoryError):
        return tuple(sorted(path for path in directory.iterdir() if path.is_dir()))
    return ()


def _containers_in(directory: Path) -> tuple[Path, ...]:
    return tuple(path for path in _entries(directory) if CONTAINER_ID.fullmatch(path.name))


def _parents(workspace: Workspace) -> Iterator[str]:
    """The cgroups that those of chub's containers are in, or have been left in."""
    yield PARENT
    for container in workspace.services.containers.list():
        if request_of(container).get("resources", {}).get("cgroup_parent"):
            yield os.path.dirname(spec_of(container)["linux"]["cgroupsPath"]).lstrip("/")
    yield from (os.path.dirname(path).lstrip("/") for path in noted(workspace))


def _cgroups(host: Host, parents: Iterable[str]) -> Iterator[tuple[str, Path]]:
    """Cgroups where containers are, each with the directory of it."""
    roots = [Path(each) for each in sorted(hierarchies(str(host.path("/sys/fs/cgroup"))))]
    for parent in parents:
        for root in roots:
            yield from ((posixpath.join("/", parent, path.name), path) for path in _entries(root / parent))


def _bundles(address: str, namespace: str) -> Iterator[Path]:
    """The directories of tasks that an engine has, where its state directory is one of the usual."""
    for state in STATES:
        yield from _entries(Path(os.path.dirname(os.path.realpath(address)), state, BUNDLES, namespace))
