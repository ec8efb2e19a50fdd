"""containerd's Snapshots service: trees of files, each on top of its parent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum

from chub._generated.services.snapshots.v1 import snapshots_pb2 as pb
from chub._generated.services.snapshots.v1 import snapshots_pb2_grpc as rpc
from chub.api.calls import Caller
from chub.api.channel import USUAL, Timeout
from chub.api.streams import Stream
from chub.api.types import Mount, mounts_of
from chub.api.wire import mask, moment
from chub.records import record


class SnapshotKind(StrEnum):
    """What may be done with a snapshot."""

    UNKNOWN = "unknown"
    VIEW = "view"  # mounted, read-only
    ACTIVE = "active"  # mounted, written to
    COMMITTED = "committed"  # done: a parent for others


@record
class Snapshot:
    """A snapshot: its name (a key while it is a view or active)."""

    name: str
    parent: str = ""  # empty: none
    kind: SnapshotKind = SnapshotKind.UNKNOWN
    labels: Mapping[str, str] = field(default_factory=dict)
    created: datetime | None = None
    updated: datetime | None = None


@record
class Usage:
    """What a snapshot alone takes, without its parents."""

    size: int  # bytes on the disk
    inodes: int


class Snapshots:
    """containerd's `Snapshots` service, of one snapshotter."""

    def __init__(self, caller: Caller, snapshotter: str) -> None:
        self.snapshotter = snapshotter
        self._caller = caller
        self._call = caller.unary
        self._stub = caller.channel.stub(rpc.SnapshotsStub)

    def prepare(
        self,
        key: str,
        parent: str = "",
        labels: Mapping[str, str] | None = None,
        *,
        timeout: Timeout = USUAL,
    ) -> tuple[Mount, ...]:
        """Make an active snapshot on a committed one, or on nothing; how to mount it."""
        request = pb.PrepareSnapshotRequest(snapshotter=self.snapshotter, key=key, parent=parent, labels=labels or {})
        return mounts_of(self._call(self._stub.Prepare, request, f"prepare snapshot {key!r}", timeout).mounts)

    def view(
        self,
        key: str,
        parent: str = "",
        labels: Mapping[str, str] | None = None,
        *,
        timeout: Timeout = USUAL,
    ) -> tuple[Mount, ...]:
        """Make a view of a committed snapshot; how to mount it."""
        request = pb.ViewSnapshotRequest(snapshotter=self.snapshotter, key=key, parent=parent, labels=labels or {})
        return mounts_of(self._call(self._stub.View, request, f"view snapshot {parent!r}", timeout).mounts)

    def mounts(self, key: str, *, timeout: Timeout = USUAL) -> tuple[Mount, ...]:
        """How to mount a view or an active snapshot; `Conflict` for a committed one."""
        request = pb.MountsRequest(snapshotter=self.snapshotter, key=key)
        what = f"mounts of snapshot {key!r}"
        return mounts_of(self._call(self._stub.Mounts, request, what, timeout).mounts)

    def commit(
        self,
        key: str,
        name: str,
        labels: Mapping[str, str] | None = None,
        *,
        timeout: Timeout = USUAL,
    ) -> None:
        """Turn an active snapshot into a committed one of another name."""
        request = pb.CommitSnapshotRequest(snapshotter=self.snapshotter, key=key, name=name, labels=labels or {})
        self._call(self._stub.Commit, request, f"commit snapshot {key!r} as {name!r}", timeout)

    def remove(self, key: str, *, timeout: Timeout = USUAL) -> None:
        """Remove one; `Conflict` for one that is a parent."""
        request = pb.RemoveSnapshotRequest(snapshotter=self.snapshotter, key=key)
        self._call(self._stub.Remove, request, f"remove snapshot {key!r}", timeout)

    def stat(self, key: str, *, timeout: Timeout = USUAL) -> Snapshot:
        """One of them, by key or name."""
        request = pb.StatSnapshotRequest(snapshotter=self.snapshotter, key=key)
        return _record(self._call(self._stub.Stat, request, f"snapshot {key!r}", timeout).info)

    def update(self, snapshot: Snapshot, *fields: str, timeout: Timeout = USUAL) -> Snapshot:
        """Change its labels: those of ``fields`` ("labels", "labels.NAME"), or all of them."""
        request = pb.UpdateSnapshotRequest(
            snapshotter=self.snapshotter,
            info=pb.Info(name=snapshot.name, labels=snapshot.labels),
            update_mask=mask(fields),
        )
        what = f"update snapshot {snapshot.name!r}"
        return _record(self._call(self._stub.Update, request, what, timeout).info)

    def stream(self, *filters: str, timeout: Timeout = USUAL) -> Stream[tuple[Snapshot, ...]]:
        """Those which any of the filters matches (all without a filter), some at a time."""
        request = pb.ListSnapshotsRequest(snapshotter=self.snapshotter, filters=filters)
        return self._caller.stream(self._stub.List, request, _listed, "snapshots", timeout)

    def list(self, *filters: str, timeout: Timeout = USUAL) -> tuple[Snapshot, ...]:
        """Those which any of the filters matches (all without a filter), however many."""
        return tuple(found for some in self.stream(*filters, timeout=timeout) for found in some)

    def usage(self, key: str, *, timeout: Timeout = USUAL) -> Usage:
        """What one takes; of an active one it is counted now, which reads all of its directories."""
        request = pb.UsageRequest(snapshotter=self.snapshotter, key=key)
        found = self._call(self._stub.Usage, request, f"usage of snapshot {key!r}", timeout)
        return Usage(size=found.size, inodes=found.inodes)

    def cleanup(self, *, timeout: Timeout = USUAL) -> None:
        """Have the snapshotter delete what removed snapshots left; `Unsupported` by some."""
        request = pb.CleanupRequest(snapshotter=self.snapshotter)
        self._call(self._stub.Cleanup, request, f"clean up snapshotter {self.snapshotter!r}", timeout)


def _listed(message: pb.ListSnapshotsResponse) -> tuple[Snapshot, ...]:
    return tuple(_record(found) for found in message.info)


def _record(message: pb.Info) -> Snapshot:
    return Snapshot(
        name=message.name,
        parent=message.parent,
        kind=SnapshotKind(pb.Kind.Name(message.kind).lower()),
        labels=dict(message.labels),
        created=moment(message.created_at),
        updated=moment(message.updated_at),
    )
