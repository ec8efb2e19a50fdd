"""Columns of `images` and `history`, as docker's, and of `rootfs ls`."""

from collections.abc import Mapping
from datetime import UTC, datetime

from chub.cli.render.show import Column, Kind
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
    Column("SHARED SIZE", "SharedSize", lambda *_: "N/A", shown=False),
    Column("UNIQUE SIZE", "UniqueSize", lambda *_: "N/A", shown=False),
    Column("SIZE", "VirtualSize", lambda row, _: size(row.size, 4), shown=False),
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

EXACT_HISTORY: tuple[Column[Step], ...] = (
    HISTORY[0],
    Column("CREATED AT", "CreatedAt", lambda row, _: _step_time(row)),
    Column("CREATED", "CreatedSince", HISTORY[1].text, shown=False),
    HISTORY[3],
    Column("SIZE", "Size", lambda row, _: str(row.size)),
    HISTORY[5],
)
"""With ``--human=false``: times and bytes."""

ROOTFS: tuple[Column[Rootfs], ...] = (
    Column("ROOTFS ID", "ID", lambda row, full: _id(row.chain_id, full)),
    Column("SOURCE", "Source", lambda row, _: row.source),
    Column("IMPORTED", "ImportedSince", lambda row, _: age(row.imported, datetime.now(UTC))),
    Column("SIZE", "Size", lambda row, _: size(row.size)),
    Column("CONTAINERS", "Containers", lambda row, _: str(len(row.used_by))),
    Column("IMPORTED AT", "ImportedAt", lambda row, _: day(row.imported), shown=False),
    Column("SNAPSHOTTER", "Snapshotter", lambda row, _: row.snapshotter, shown=False),
)


def columns(
    users: Mapping[str, int] | None, *, quiet: bool, digests: bool, namespaces: bool
) -> tuple[Column[ImageSummary], ...]:
    """The columns of `images`; the first one is what ``--quiet`` prints.

    `users` says how many containers were made of an image, by its digest; None where nobody has counted.
    """
    shown = (
        REPOSITORY,
        TAG,
        DIGEST if digests else HIDDEN_DIGEST,
        ID,
        *REST,
        Column(
            "CONTAINERS",
            "Containers",
            lambda row, _: "N/A" if users is None else str(users.get(row.digest, 0)),
            shown=False,
        ),
        *((NAMESPACE,) if namespaces else ()),
    )
    return (ID, *(each for each in shown if each is not ID)) if quiet else shown


def kind(digests: bool) -> Kind[ImageSummary]:
    """What docker's `images` does in its own way."""
    digest = "digest: {{.Digest}}\n" if digests else ""
    return Kind(
        name="*formatter.imageContext",
        raw_quiet="image_id: {{.ID}}",
        raw=f"repository: {{{{.Repository}}}}\ntag: {{{{.Tag}}}}\n{digest}image_id: {{{{.ID}}}}\n"
        "created_at: {{.CreatedAt}}\nvirtual_size: {{.Size}}\n",
    )
