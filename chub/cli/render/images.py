"""Columns of `images` and `history`, as docker's, and of `rootfs ls`."""

from datetime import UTC, datetime

from chub.cli.render.show import Column
from chub.cli.render.text import age, cut, day, short, size
from chub.core.image_listing import ImageSummary, Step
from chub.core.rootfs import Rootfs
from chub.oci.config import rfc3339

CREATED_BY_WIDTH = 45
NONE = "<none>"


def _id(digest: str, full: bool) -> str:
    return digest if full else short(digest)


def _created_by(step: Step, full: bool) -> str:
    text = step.created_by.replace("\t", " ")
    return text if full else cut(text, CREATED_BY_WIDTH)


def _step_time(step: Step) -> str:
    return rfc3339(step.created.replace(microsecond=0)) if step.created else ""


REPOSITORY: Column[ImageSummary] = Column("REPOSITORY", "Repository", lambda row, _: row.repository or NONE)
TAG: Column[ImageSummary] = Column("TAG", "Tag", lambda row, _: row.tag or NONE)
DIGEST: Column[ImageSummary] = Column("DIGEST", "Digest", lambda row, _: row.digest)
ID: Column[ImageSummary] = Column("IMAGE ID", "ID", lambda row, full: _id(row.id, full))
NAMESPACE: Column[ImageSummary] = Column("NAMESPACE", "Namespace", lambda row, _: row.namespace)
REST: tuple[Column[ImageSummary], ...] = (
    Column("CREATED", "CreatedSince", lambda row, _: age(row.created, datetime.now(UTC))),
    Column("SIZE", "Size", lambda row, _: size(row.size)),
    Column("CREATED AT", "CreatedAt", lambda row, _: day(row.created), shown=False),
    Column("CONTAINERS", "Containers", lambda *_: "N/A", shown=False),
    Column("SHARED SIZE", "SharedSize", lambda *_: "N/A", shown=False),
    Column("UNIQUE SIZE", "UniqueSize", lambda *_: "N/A", shown=False),
    Column("VIRTUAL SIZE", "VirtualSize", lambda row, _: size(row.size, 4), shown=False),
)
HIDDEN_DIGEST: Column[ImageSummary] = Column("DIGEST", "Digest", lambda row, _: row.digest, shown=False)

HISTORY: tuple[Column[Step], ...] = (
    Column("IMAGE", "ID", lambda row, full: _id(row.image, full) if row.image else "<missing>"),
    Column("CREATED", "CreatedSince", lambda row, _: age(row.created, datetime.now(UTC))),
    Column("CREATED AT", "CreatedAt", lambda row, _: _step_time(row), shown=False),
    Column("CREATED BY", "CreatedBy", _created_by),
    Column("SIZE", "Size", lambda row, _: size(row.size)),
    Column("COMMENT", "Comment", lambda row, _: row.comment),
)

ROOTFS: tuple[Column[Rootfs], ...] = (
    Column("ROOTFS ID", "ID", lambda row, full: _id(row.chain_id, full)),
    Column("SOURCE", "Source", lambda row, _: row.source),
    Column("IMPORTED", "ImportedSince", lambda row, _: age(row.imported, datetime.now(UTC))),
    Column("SIZE", "Size", lambda row, _: size(row.size)),
    Column("CONTAINERS", "Containers", lambda row, _: str(len(row.used_by))),
    Column("IMPORTED AT", "ImportedAt", lambda row, _: day(row.imported), shown=False),
    Column("SNAPSHOTTER", "Snapshotter", lambda row, _: row.snapshotter, shown=False),
)


def columns(*, quiet: bool, digests: bool, namespaces: bool) -> tuple[Column[ImageSummary], ...]:
    """The columns of `images`; the first one is what ``--quiet`` prints."""
    if quiet:
        return (ID,)
    return (
        REPOSITORY,
        TAG,
        DIGEST if digests else HIDDEN_DIGEST,
        ID,
        *REST,
        *((NAMESPACE,) if namespaces else ()),
    )
