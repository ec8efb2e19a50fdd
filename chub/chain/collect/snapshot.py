"""The container's snapshot and the layers below it: their names, and the directories with their files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chub.chain.host import Host, why
from chub.chain.links import Evidence, Fact, Layer, Link, fact, unread
from chub.errors import ChubError, NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chub.api.services import Services
    from chub.api.snapshots import Snapshot
    from chub.api.types import Mount

STAT, MOUNTS = "Snapshots.Stat", "Snapshots.Mounts"


def parents(services: Services, snapshotter: str, key: str) -> tuple[Snapshot, ...]:
    """A snapshot and all below it, topmost first. Raises NotFound."""
    snapshots = services.snapshots(snapshotter)
    found = [snapshots.stat(key)]
    while found[-1].parent:
        found.append(snapshots.stat(found[-1].parent))
    return tuple(found)


def directories(mounts: Sequence[Mount]) -> tuple[str, ...]:
    """The directories of what containerd would mount, topmost first; none where it is no overlay or bind."""
    if len(mounts) != 1:
        return ()
    (mount,) = mounts
    if mount.type == "overlay":
        options = dict(option.partition("=")[::2] for option in mount.options)
        upper = options.get("upperdir", "")
        return (*([upper] if upper else []), *options.get("lowerdir", "").split(":"))
    return (mount.source,) if mount.type == "bind" else ()


def mounted(host: Host, pid: int) -> tuple[str, ...]:
    """The directories of the root that a process has, topmost first; nothing where it is no overlay.

    containerd shortens a long overlay's list: then those are relative, as the kernel was given them.
    """
    root = next((mount for mount in host.mounts(pid) if mount.target == "/"), None)
    if root is None or root.type != "overlay":
        return ()
    return (*root.paths("upperdir"), *root.paths("lowerdir"))


def collect(services: Services, named: Evidence, key: str, host: Host, pid: int) -> Link:
    """Ask the snapshotter that is ``named``; of a running container also the kernel. ``pid``: 0 for none."""
    snapshotter = named.said
    try:
        stack = parents(services, snapshotter, key)
    except NotFound:
        return Link(layer=Layer.SNAPSHOT, missing=f"gone: {STAT} of {snapshotter} knows no {key}")
    except ChubError as failure:
        return Link(layer=Layer.SNAPSHOT, missing=f"cannot be read: {failure}")
    try:
        offered = directories(services.snapshots(snapshotter).mounts(key))
        failed = "" if len(offered) == len(stack) else f"{len(offered)} directories for {len(stack)} snapshots"
    except ChubError as failure:
        offered, failed = (), str(failure)
    seen, unseen = _seen(host, pid)
    facts = [Fact(label="snapshotter", evidence=(named,))]
    for place, snapshot in enumerate(stack):
        facts.append(fact(str(snapshot.kind), snapshot.name, STAT))
        witnesses = []
        if not failed:
            witnesses.append(Evidence(MOUNTS, offered[place]))
        if len(seen) == len(stack):
            path = seen[place]
            if not failed and offered[place].endswith(f"/{path}"):
                path = offered[place]
            witnesses.append(Evidence(f"/proc/{pid}/mountinfo", path))
        elif unseen:
            witnesses.append(unseen)
        if any(not witness.failed for witness in witnesses):
            facts.append(Fact(label="directory", evidence=tuple(witnesses), of=snapshot.name))
        else:
            facts.append(unread("directory", MOUNTS, failed, of=snapshot.name))
    return Link(layer=Layer.SNAPSHOT, facts=tuple(facts))


def by_mounts(host: Host, pid: int) -> Link:
    """What the kernel says of the root of a container whose files neither containerd nor docker answers for."""
    missing = "none: containerd's record (Containers.Get) names no snapshot"
    source = f"/proc/{pid}/mountinfo"
    if not pid:
        return Link(layer=Layer.SNAPSHOT, missing=missing)
    try:
        root = next((mount for mount in host.mounts(pid) if mount.target == "/"), None)
    except OSError as failure:
        return Link(layer=Layer.SNAPSHOT, missing=f"{missing}; {source}: {why(failure)}")
    if root is None:
        return Link(layer=Layer.SNAPSHOT, missing=missing)
    if root.type != "overlay":  # a directory of the filesystem on that device
        return Link(layer=Layer.SNAPSHOT, facts=(fact("directory", host.directory(root), source, of="rootfs"),))
    upper, lower = root.paths("upperdir"), root.paths("lowerdir")
    facts = [fact("directory", path, source, of="upper") for path in upper]
    facts += [fact("directory", path, source, of="lower") for path in lower]
    return Link(layer=Layer.SNAPSHOT, facts=tuple(facts))


def _seen(host: Host, pid: int) -> tuple[tuple[str, ...], Evidence | None]:
    """What `mounted` says; nothing, and why, where it cannot be read."""
    if not pid:
        return (), None
    try:
        return mounted(host, pid), None
    except OSError as failure:
        return (), Evidence(f"/proc/{pid}/mountinfo", "", failed=why(failure))
