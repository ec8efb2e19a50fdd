"""What images take on the disk: blobs and snapshots of each, platform by platform."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import field

from chub.core.image_listing import ImageSummary, list_images, users
from chub.core.images import fetch, namespaces
from chub.errors import Invalid, NotFound
from chub.objects.snapshots import snapshotters
from chub.oci import config, manifests, references
from chub.oci.layers import chain_ids
from chub.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.api.services import Services
    from chub.api.types import Descriptor
    from chub.core.workspace import Workspace

Piece = tuple[str, ...]  # ("blob", digest), or namespace, snapshotter and key of a snapshot
NO_IMAGE = "unknown/unknown"  # what an index says of attestations


@record
class PlatformUsage:
    """An image for one platform."""

    platform: str  # "linux/amd64"
    id: str  # digest of the configuration; of the manifest where that is not here
    content: int = 0  # bytes of its blobs
    size: int = 0  # bytes of its blobs and snapshots
    used: bool = False  # whether a container stands on its snapshots


@record
class ImageUsage:
    """An image with all its names."""

    summary: ImageSummary  # of the first name; without one for a root filesystem that has none
    names: tuple[str, ...] = ()  # as docker shows them
    platforms: tuple[PlatformUsage, ...] = ()
    content: int = 0  # bytes of its blobs
    pieces: Mapping[Piece, int] = field(default_factory=dict)  # bytes of every blob and snapshot that it needs
    containers: int = 0  # that were made of it

    @property
    def size(self) -> int:
        """Bytes of all that it needs."""
        return sum(self.pieces.values())


def image_usages(
    workspace: Workspace, *, reference: str = "", filters: Sequence[str] = (), all_namespaces: bool = False
) -> tuple[ImageUsage, ...]:
    """The images of the namespace (of all namespaces), the newest first; `reference` and `filters` as `list_images`."""
    services = workspace.services
    found = list_images(
        services,
        snapshotter=workspace.settings.snapshotter,
        reference=reference,
        filters=filters,
        all_namespaces=all_namespaces,
    )
    named: dict[tuple[str, str], list[ImageSummary]] = defaultdict(list)
    for row in found:
        named[row.namespace, row.digest].append(row)
    stores = {view.namespace: _Store(view) for view in (namespaces(services) if all_namespaces else (services,))}
    return tuple(stores[namespace].usage(rows) for (namespace, _), rows in named.items())


@record
class _Part:
    """What one manifest leads to."""

    platform: str
    id: str
    blobs: Mapping[Piece, int]
    snapshots: Mapping[Piece, int]


class _Store:
    """The blobs and snapshots of a namespace, each snapshot measured once."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._blobs = {blob.digest: blob.size for blob in services.content.list()}
        self._targets = {image.name: image.target for image in services.images.list()}
        self._users = users(services)
        self._parents = {}
        for name in snapshotters(services):
            self._parents[name] = {each.name: each.parent for each in services.snapshots(name).list()}
        self._below = {
            self._parents.get(each.snapshotter, {}).get(each.snapshot_key, "") for each in services.containers.list()
        }
        self._sizes: dict[Piece, int] = {}

    def usage(self, rows: Sequence[ImageSummary]) -> ImageUsage:
        """Of the image with these names."""
        rows = sorted(rows, key=lambda row: row.name)
        target = self._targets.get(rows[0].name)
        parts = tuple(self._parts(target)) if target else ()
        whole = self._blob(rows[0].digest)
        for part in parts:
            whole |= part.blobs
        pieces = dict(whole)
        for part in parts:
            pieces |= part.snapshots
        return ImageUsage(
            summary=rows[0],
            names=tuple(references.familiar(row.name) for row in rows),
            platforms=tuple(self._platform(part) for part in parts if part.platform != NO_IMAGE),
            content=sum(whole.values()),
            pieces=pieces,
            containers=self._users.get(rows[0].digest, 0),
        )

    def _platform(self, part: _Part) -> PlatformUsage:
        content = sum(part.blobs.values())
        return PlatformUsage(
            platform=part.platform,
            id=part.id,
            content=content,
            size=content + sum(part.snapshots.values()),
            used=any(piece[-1] in self._below for piece in part.snapshots),
        )

    def _parts(self, target: Descriptor) -> Iterator[_Part]:
        """What a manifest leads to, or each manifest of an index; nothing of what is not here or no image."""
        document = self._document(target.digest, target.size, target.media_type)
        if isinstance(document, manifests.Manifest):
            yield self._part(target.digest, document, "")
        for entry in document.manifests if isinstance(document, manifests.Index) else ():
            found = self._document(entry.digest, entry.size, entry.media_type)
            platform = str(entry.platform or NO_IMAGE)
            if isinstance(found, manifests.Manifest):
                yield self._part(entry.digest, found, platform)
            else:
                yield _Part(platform=platform, id=entry.digest, blobs={}, snapshots={})

    def _part(self, digest: str, manifest: manifests.Manifest, platform: str) -> _Part:
        blobs, snapshots, id = self._blob(digest), {}, digest
        for each in (manifest.config, *manifest.layers):
            blobs |= self._blob(each.digest)
        with suppress(NotFound, Invalid):
            read = config.parse(fetch(self._services, manifest.config.digest, manifest.config.size, config.LIMIT))
            snapshots = self._unpacked(chain_ids(read.diff_ids))
            platform = platform or "/".join(filter(None, (read.os, read.architecture, read.variant)))
            id = manifest.config.digest
        return _Part(platform=platform, id=id, blobs=blobs, snapshots=snapshots)

    def _document(self, digest: str, size: int, media_type: str) -> manifests.Manifest | manifests.Index | None:
        with suppress(NotFound, Invalid):
            return manifests.parse(fetch(self._services, digest, size, manifests.LIMIT), media_type)
        return None

    def _blob(self, digest: str) -> dict[Piece, int]:
        return {("blob", digest): self._blobs[digest]} if digest in self._blobs else {}

    def _unpacked(self, chain: Sequence[str]) -> dict[Piece, int]:
        """Its layers, in every snapshotter that has them."""
        return {
            (self._services.namespace, snapshotter, key): self._size(snapshotter, key)
            for snapshotter, parents in self._parents.items()
            for key in chain
            if key in parents
        }

    def _size(self, snapshotter: str, key: str) -> int:
        place = (snapshotter, key)
        if place not in self._sizes:
            self._sizes[place] = 0
            with suppress(NotFound):  # it has gone meanwhile
                self._sizes[place] = self._services.snapshots(snapshotter).usage(key).size
        return self._sizes[place]
