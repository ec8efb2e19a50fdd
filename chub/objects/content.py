"""Blobs and ingests: what there is, and which images need a blob."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from chub.core import images
from chub.core.filters import by_name, labelled
from chub.core.owners import permit
from chub.errors import Conflict, NotFound
from chub.oci import references
from chub.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from chub.api.content import Blob, Ingest
    from chub.api.services import Services
    from chub.core.workspace import Workspace

FILTERS = ("label",)
REFERENCE = "containerd.io/gc.ref.content"  # label of a blob: the digest of another that it needs
KINDS = {"config": "config", "l": "layer", "m": "manifest"}  # what containerd's clients put behind it


@record
class BlobSummary:
    """A blob and what it is for."""

    namespace: str
    blob: Blob
    kind: str = ""  # layer, config, manifest; "" where nothing tells
    images: tuple[str, ...] = ()  # that need it, as docker shows names

    @property
    def labels(self) -> Mapping[str, str]:
        """The blob's labels."""
        return self.blob.labels


@record
class IngestSummary:
    """A blob that is being written, or whose writer went away."""

    namespace: str
    ingest: Ingest


def list_blobs(
    services: Services, *, filters: Sequence[str] = (), all_namespaces: bool = False
) -> tuple[BlobSummary, ...]:
    """All blobs of the namespace (of all namespaces) by digest. `filters`: label=NAME[=VALUE]."""
    accepting = [labelled(label) for label in by_name(filters, FILTERS).get("label", ())]
    views = tuple(images.namespaces(services)) if all_namespaces else (services,)
    found = [row for view in views for row in _rows(view)]
    return tuple(row for row in found if all(accept(row) for accept in accepting))


def list_ingests(services: Services, *, all_namespaces: bool = False) -> tuple[IngestSummary, ...]:
    """What is being written in the namespace (in all namespaces)."""
    views = tuple(images.namespaces(services)) if all_namespaces else (services,)
    return tuple(
        IngestSummary(namespace=view.namespace, ingest=ingest) for view in views for ingest in view.content.ingests()
    )


def find(services: Services, word: str) -> BlobSummary:
    """The blob with this digest, or the only one whose digest begins so. Raises NotFound and Conflict."""
    digits = word.removeprefix("sha256:")
    found = [row for row in list_blobs(services) if digits and row.blob.digest.partition(":")[2].startswith(digits)]
    if not found:
        raise NotFound(f"No such content: {word}", hint="see: chub content ls --all-namespaces")
    if len(found) > 1:
        raise Conflict(f"content {word!r} is not the only one that begins so", hint="give more of its digest")
    return found[0]


def remove(workspace: Workspace, word: str, *, force: bool = False) -> str:
    """Remove a blob from the namespace; its digest. `force`: also one that an image needs (else Conflict)."""
    row = find(workspace.services, word)
    permit(workspace, "content rm", row.blob.digest, force=force)
    if row.images and not force:
        raise Conflict(
            f"content {row.blob.digest} is needed by image {row.images[0]}", hint="remove the image, or use --force"
        )
    workspace.services.content.delete(row.blob.digest)
    return row.blob.digest


def _rows(services: Services) -> list[BlobSummary]:
    blobs = {blob.digest: blob for blob in services.content.list()}
    kinds: dict[str, str] = {}
    users: dict[str, set[str]] = defaultdict(set)
    for blob in blobs.values():
        for name, digest in _needs(blob):
            kinds[digest] = KINDS.get(name, kinds.get(digest, ""))
    for image in services.images.list():
        name, todo = references.familiar(image.name), [image.target.digest]
        kinds[image.target.digest] = "index" if "index" in image.target.media_type else "manifest"
        while todo:
            digest = todo.pop()
            if digest in blobs and name not in users[digest]:
                users[digest].add(name)
                todo += [below for _, below in _needs(blobs[digest])]
    return [
        BlobSummary(
            namespace=services.namespace,
            blob=blob,
            kind=kinds.get(digest, ""),
            images=tuple(sorted(users.get(digest, ()))),
        )
        for digest, blob in sorted(blobs.items())
    ]


def _needs(blob: Blob) -> list[tuple[str, str]]:
    """The blobs that one is kept with: what its label calls each ("l", "config"), and the digest."""
    found = []
    for label, digest in blob.labels.items():
        if label.startswith(REFERENCE):
            word = re.match(r"\.?([a-z]*)", label.removeprefix(REFERENCE))
            found.append((word[1] if word else "", digest))
    return found
