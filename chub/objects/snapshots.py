"""Snapshots of all snapshotters: what there is, and which image or container each is for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress

from chub.chain.collect.snapshot import parents
from chub.core import images
from chub.core.filters import by_name, labelled
from chub.core.leasing import leased
from chub.core.names import name_of
from chub.core.owners import permit
from chub.errors import Conflict, Invalid, NotFound
from chub.oci import references
from chub.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from chub.api.services import Services
    from chub.api.snapshots import Snapshot
    from chub.api.types import Mount
    from chub.core.workspace import Workspace

FILTERS = ("kind", "label", "parent", "snapshotter")
PLUGINS = "type==io.containerd.snapshotter.v1"


@record
class SnapshotSummary:
    """A snapshot and what it is for."""

    namespace: str
    snapshotter: str
    snapshot: Snapshot
    images: tuple[str, ...] = ()  # whose topmost layer it is, as docker shows names
    containers: tuple[str, ...] = ()  # whose files it holds: names, or ids of those without one

    @property
    def labels(self) -> Mapping[str, str]:
        """The snapshot's labels."""
        return self.snapshot.labels


@record
class SnapshotUsage:
    """What a snapshot takes."""

    summary: SnapshotSummary
    size: int  # bytes, of it alone
    inodes: int
    total: int  # bytes, with its parents


@record
class SnapshotMounts:
    """How a snapshot is mounted."""

    key: str
    mounts: tuple[Mount, ...]


def snapshotters(services: Services) -> tuple[str, ...]:
    """The snapshotters of the engine that work."""
    return tuple(plugin.id for plugin in services.introspection.plugins(PLUGINS) if not plugin.error)


def list_snapshots(
    services: Services, *, filters: Sequence[str] = (), all_namespaces: bool = False
) -> tuple[SnapshotSummary, ...]:
    """All snapshots of the namespace (of all namespaces), by snapshotter, the oldest first.

    `filters` are NAME=VALUE: kind, label, parent (a key), snapshotter. Invalid for another.
    """
    accepting = _accepting(filters)
    names = snapshotters(services)
    views = tuple(images.namespaces(services)) if all_namespaces else (services,)
    found = [row for view in views for row in _rows(view, names)]
    return tuple(row for row in found if all(accept(row) for accept in accepting))


def find(workspace: Workspace, word: str) -> SnapshotSummary:
    """The snapshot with this key, of this container or image, or the only one whose key (or digest) begins so.

    One of the settings' snapshotter goes before others'. Raises NotFound, and Conflict where several begin so.
    """
    rows = list_snapshots(workspace.services)
    exact = [row for row in rows if row.snapshot.name == word]
    named = [row for row in rows if word in row.containers or {word, f"{word}:latest"} & {*row.images}]
    digits = word.removeprefix("sha256:")
    begun = [row for row in rows if digits and row.snapshot.name.removeprefix("sha256:").startswith(digits)]
    for some in (exact, named, begun):
        own = [row for row in some if row.snapshotter == workspace.settings.snapshotter]
        for choice in (own, some):
            if len(choice) == 1:
                return choice[0]
        if some:
            names = ", ".join(f"{row.snapshotter} {row.snapshot.name}" for row in some)
            raise Conflict(f"snapshot {word!r} is not the only one", hint=f"there are: {names}")
    raise NotFound(f"No such snapshot: {word}", hint="see: chub snapshot ls --all-namespaces")


def usages(services: Services, rows: Sequence[SnapshotSummary]) -> tuple[SnapshotUsage, ...]:
    """What each takes, those that went meanwhile left out. Active ones are counted now, which reads their files."""
    known: dict[tuple[str, str, str], tuple[int, int]] = {}

    def own(namespace: str, snapshotter: str, key: str) -> tuple[int, int]:
        place = (namespace, snapshotter, key)
        if place not in known:
            usage = services.within(namespace).snapshots(snapshotter).usage(key)
            known[place] = usage.size, usage.inodes
        return known[place]

    def measured(row: SnapshotSummary) -> SnapshotUsage:
        view = services.within(row.namespace)
        stack = parents(view, row.snapshotter, row.snapshot.name)
        sizes = [own(row.namespace, row.snapshotter, each.name) for each in stack]
        return SnapshotUsage(summary=row, size=sizes[0][0], inodes=sizes[0][1], total=sum(size for size, _ in sizes))

    found = []
    for row in rows:
        with suppress(NotFound):
            found.append(measured(row))
    return tuple(found)


def mounts(workspace: Workspace, word: str) -> SnapshotMounts:
    """How a snapshot is mounted; of a committed one, how a view of it would be, made and removed for the answer."""
    row = find(workspace, word)
    return SnapshotMounts(key=row.snapshot.name, mounts=mounts_of(workspace.services, row.snapshotter, row.snapshot))


def mounts_of(services: Services, snapshotter: str, snapshot: Snapshot) -> tuple[Mount, ...]:
    """The mounts of a snapshot, or of a view of a committed one."""
    if snapshot.kind != "committed":
        return services.snapshots(snapshotter).mounts(snapshot.name)
    with leased(services, "view") as under:
        try:
            return under.snapshots(snapshotter).view(under.lease, parent=snapshot.name)
        finally:
            with suppress(NotFound):
                services.snapshots(snapshotter).remove(under.lease)


def remove(workspace: Workspace, word: str, *, force: bool = False) -> str:
    """Remove a snapshot; its key. `force`: also what a container or an image needs.

    Raises Conflict for one that is a parent (always), or is used.
    """
    row = find(workspace, word)
    key = row.snapshot.name
    permit(workspace, "snapshot rm", key, force=force)
    snapshots = workspace.services.snapshots(row.snapshotter)
    children = [each.name for each in snapshots.list() if each.parent == key]
    if children:
        raise Conflict(f"snapshot {key} is the parent of {children[0]}", hint="remove what stands on it first")
    users = [*(f"container {name}" for name in row.containers), *(f"image {name}" for name in row.images)]
    if users and not force:
        raise Conflict(
            f"snapshot {key} is used by {users[0]}", hint="remove that with its snapshot: chub rm, chub rmi; or --force"
        )
    snapshots.remove(key)
    return key


def _rows(services: Services, names: Sequence[str]) -> list[SnapshotSummary]:
    """One namespace's."""
    every = {name: services.snapshots(name).list() for name in names}
    if not any(every.values()):
        return []
    tops = _images(services)
    holders: dict[tuple[str, str], list[str]] = defaultdict(list)
    for container in services.containers.list():
        holders[container.snapshotter, container.snapshot_key].append(name_of(container) or container.id)
    return [
        SnapshotSummary(
            namespace=services.namespace,
            snapshotter=name,
            snapshot=snapshot,
            images=tuple(tops.get(snapshot.name, ())),
            containers=tuple(holders.get((name, snapshot.name), ())),
        )
        for name in names
        for snapshot in sorted(every[name], key=_age)
    ]


def _age(snapshot: Snapshot) -> float:
    return snapshot.created.timestamp() if snapshot.created else 0.0


def _images(services: Services) -> dict[str, list[str]]:
    """The images' names by the chain ID of their topmost layer."""
    found: dict[str, list[str]] = defaultdict(list)
    for image in services.images.list():
        with suppress(NotFound, Invalid):  # for another platform, or not all of it is here
            chain = images.read(services, image.target).chain_ids
            if chain:
                found[chain[-1]].append(references.familiar(image.name))
    return found


def _accepting(filters: Sequence[str]) -> list[Callable[[SnapshotSummary], bool]]:
    values = by_name(filters, FILTERS)
    tests: list[Callable[[SnapshotSummary], bool]] = [labelled(label) for label in values.get("label", ())]
    if kinds := values.get("kind"):
        tests.append(lambda row: row.snapshot.kind in kinds)
    if wanted := values.get("parent"):
        tests.append(lambda row: row.snapshot.parent in wanted)
    if names := values.get("snapshotter"):
        tests.append(lambda row: row.snapshotter in names)
    return tests
