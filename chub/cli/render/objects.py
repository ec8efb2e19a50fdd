"""Columns of the listings of containerd's own objects."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from chub.api.introspection import Plugin
from chub.cli.render.show import Column
from chub.cli.render.text import age, cut, day, duration, short, size
from chub.objects.changes import Change
from chub.objects.content import BlobSummary, IngestSummary
from chub.objects.leases import LeaseSummary
from chub.objects.namespaces import NamespaceSummary
from chub.objects.plugins import short_type, status
from chub.objects.snapshots import SnapshotSummary, SnapshotUsage

WIDTH = 40  # columns of what is cut short
ID = re.compile(r"(sha256:)?[0-9a-f]{64}")


def key(text: str, full: bool) -> str:
    """A key or digest; the short form of those that are 64 digits."""
    return short(text) if not full and ID.fullmatch(text) else text


def users(row: SnapshotSummary, full: bool) -> str:
    """What a snapshot is for: ``image busybox:latest, container web``."""
    images = [f"image {name}" for name in row.images]
    return ", ".join([*images, *(f"container {key(name, full)}" for name in row.containers)])


def _labels(labels: Mapping[str, str]) -> str:
    return ",".join(f"{name}={value}" for name, value in sorted(labels.items()))


def _kept(text: str, full: bool) -> str:
    return text if full else cut(text, WIDTH)


def _ago(then: datetime | None) -> str:
    return age(then, datetime.now(UTC))


def snapshot_columns(rows: Sequence[SnapshotSummary], *, namespaces: bool) -> tuple[Column[SnapshotSummary], ...]:
    """The columns of `snapshot ls`; the snapshotter's is seen where there are several."""
    several = len({row.snapshotter for row in rows}) > 1
    return (
        Column("SNAPSHOT", "ID", lambda row, full: key(row.snapshot.name, full)),
        Column("PARENT", "Parent", lambda row, full: key(row.snapshot.parent, full)),
        Column("KIND", "Kind", lambda row, _: str(row.snapshot.kind)),
        Column("SNAPSHOTTER", "Snapshotter", lambda row, _: row.snapshotter, shown=several),
        Column("CREATED", "CreatedSince", lambda row, _: _ago(row.snapshot.created)),
        Column("NAMESPACE", "Namespace", lambda row, _: row.namespace, shown=namespaces),
        Column("USED BY", "UsedBy", users),
        Column("CREATED AT", "CreatedAt", lambda row, _: day(row.snapshot.created), shown=False),
        Column("LABELS", "Labels", lambda row, _: _labels(row.labels), shown=False),
    )


def usage_columns(rows: Sequence[SnapshotSummary], *, namespaces: bool) -> tuple[Column[SnapshotUsage], ...]:
    """The columns of `snapshot usage`."""
    several = len({row.snapshotter for row in rows}) > 1
    return (
        Column("SNAPSHOT", "ID", lambda row, full: key(row.summary.snapshot.name, full)),
        Column("KIND", "Kind", lambda row, _: str(row.summary.snapshot.kind)),
        Column("SNAPSHOTTER", "Snapshotter", lambda row, _: row.summary.snapshotter, shown=several),
        Column("SIZE", "Size", lambda row, _: size(row.size)),
        Column("INODES", "Inodes", lambda row, _: str(row.inodes)),
        Column("TOTAL", "Total", lambda row, _: size(row.total)),
        Column("NAMESPACE", "Namespace", lambda row, _: row.summary.namespace, shown=namespaces),
        Column("USED BY", "UsedBy", lambda row, full: users(row.summary, full)),
    )


CHANGES: tuple[Column[Change], ...] = (
    Column("KIND", "Kind", lambda row, _: str(row.kind)),
    Column("PATH", "Path", lambda row, _: row.path),
)

BLOBS: tuple[Column[BlobSummary], ...] = (
    Column("DIGEST", "Digest", lambda row, full: key(row.blob.digest, full)),
    Column("KIND", "Kind", lambda row, _: row.kind),
    Column("SIZE", "Size", lambda row, _: size(row.blob.size)),
    Column("CREATED", "CreatedSince", lambda row, _: _ago(row.blob.created)),
    Column("IMAGES", "Images", lambda row, full: _kept(", ".join(row.images), full)),
    Column("CREATED AT", "CreatedAt", lambda row, _: day(row.blob.created), shown=False),
    Column("LABELS", "Labels", lambda row, _: _labels(row.labels), shown=False),
)
BLOB_NAMESPACE: Column[BlobSummary] = Column("NAMESPACE", "Namespace", lambda row, _: row.namespace)


def _of_ingest(row: IngestSummary) -> str:
    total = row.ingest.total
    return f"{size(row.ingest.offset)} / {size(total)}" if total else size(row.ingest.offset)


INGESTS: tuple[Column[IngestSummary], ...] = (
    Column("REF", "Ref", lambda row, _: row.ingest.ref),
    Column("WRITTEN", "Written", lambda row, _: _of_ingest(row)),
    Column("STARTED", "StartedSince", lambda row, _: _ago(row.ingest.started)),
    Column("LAST WRITE", "UpdatedSince", lambda row, _: _ago(row.ingest.updated)),
    Column("STARTED AT", "StartedAt", lambda row, _: day(row.ingest.started), shown=False),
)
INGEST_NAMESPACE: Column[IngestSummary] = Column("NAMESPACE", "Namespace", lambda row, _: row.namespace)


def _expiry(row: LeaseSummary) -> str:
    if row.expires is None:
        return "never"
    left = row.expires - datetime.now(UTC)
    return f"in {duration(left).lower()}" if left.total_seconds() > 0 else "expired"


def _resources(row: LeaseSummary, full: bool) -> str:
    if full:
        return ", ".join(f"{each.type} {each.id}" for each in row.resources)
    return str(len(row.resources))


LEASES: tuple[Column[LeaseSummary], ...] = (
    Column("LEASE", "ID", lambda row, _: row.lease.id),
    Column("CREATED", "CreatedSince", lambda row, _: _ago(row.lease.created)),
    Column("EXPIRES", "Expires", lambda row, _: _expiry(row)),
    Column("RESOURCES", "Resources", _resources),
    Column("CREATED AT", "CreatedAt", lambda row, _: day(row.lease.created), shown=False),
    Column("LABELS", "Labels", lambda row, _: _labels(row.labels), shown=False),
)
LEASE_NAMESPACE: Column[LeaseSummary] = Column("NAMESPACE", "Namespace", lambda row, _: row.namespace)


def _count(name: str) -> Callable[[NamespaceSummary, bool], str]:
    return lambda row, _: str(getattr(row, name))


NAMESPACES: tuple[Column[NamespaceSummary], ...] = (
    Column("NAMESPACE", "Name", lambda row, _: row.namespace.name),
    Column("CONTAINERS", "Containers", _count("containers")),
    Column("IMAGES", "Images", _count("images")),
    Column("SNAPSHOTS", "Snapshots", _count("snapshots")),
    Column("BLOBS", "Blobs", _count("blobs")),
    Column("LEASES", "Leases", _count("leases")),
    Column("LABELS", "Labels", lambda row, _: _labels(row.labels)),
)


def _error(row: Plugin, full: bool) -> str:
    text = row.error if full else row.error.removeprefix("rpc error: ")
    return _kept(text, full)


PLUGINS: tuple[Column[Plugin], ...] = (
    Column("ID", "ID", lambda row, _: row.id),
    Column("TYPE", "Type", lambda row, full: row.type if full else short_type(row)),
    Column("STATUS", "Status", lambda row, _: status(row)),
    Column("ERROR", "Error", _error),
    Column("CAPABILITIES", "Capabilities", lambda row, _: ",".join(row.capabilities), shown=False),
    Column("EXPORTS", "Exports", lambda row, _: _labels(row.exports), shown=False),
)
