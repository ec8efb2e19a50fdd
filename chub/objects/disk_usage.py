"""What takes the disk, in docker's four groups, and what of it could go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from chub.core.disk import Disk, taken
from chub.core.image_listing import ImageSummary
from chub.core.images import namespaces
from chub.core.listing import State, Summary, containers
from chub.core.rootfs import list_rootfs
from chub.objects.image_usage import ImageUsage, Piece, image_usages
from chub.objects.snapshots import snapshotters
from chub.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.api.services import Services
    from chub.core.workspace import Workspace

ACTIVE = frozenset({State.RUNNING, State.PAUSED, State.UNKNOWN})  # one whose shim does not answer may run


@record
class GroupUsage:
    """A line of the summary."""

    type: str  # Images, Containers, Local Volumes, Build Cache
    total: int = 0  # how many there are
    active: int = 0  # how many of them are in use
    size: int = 0  # bytes
    reclaimable: int = 0  # bytes of what is not in use


@record
class ContainerUsage:
    """A container, and what its files take."""

    summary: Summary
    size: int  # bytes: what it has written below ``/``, and chub's files of it, its log among them


@record
class DiskUsage:
    """What takes the disk."""

    images: tuple[ImageUsage, ...]  # with the root filesystems that were imported without a name
    containers: tuple[ContainerUsage, ...]

    @property
    def groups(self) -> tuple[GroupUsage, ...]:
        """The summary, in docker's order. There are no volumes yet, and nothing is built."""
        held = {piece for image in self.images if image.containers for piece in image.pieces}
        pieces = self._pieces
        idle = [each.size for each in self.containers if each.summary.state not in ACTIVE]
        return (
            GroupUsage(
                type="Images",
                total=len(self.images),
                active=sum(bool(image.containers) for image in self.images),
                size=sum(pieces.values()),
                reclaimable=sum(size for piece, size in pieces.items() if piece not in held),
            ),
            GroupUsage(
                type="Containers",
                total=len(self.containers),
                active=len(self.containers) - len(idle),
                size=sum(each.size for each in self.containers),
                reclaimable=sum(idle),
            ),
            GroupUsage(type="Local Volumes"),
            GroupUsage(type="Build Cache"),
        )

    @property
    def _pieces(self) -> dict[Piece, int]:
        """What all images need, each once."""
        return {piece: size for image in self.images for piece, size in image.pieces.items()}

    def shared(self) -> Mapping[tuple[str, str], int]:
        """Bytes of each image that another one needs too, by namespace and id."""
        needed = Counter(piece for image in self.images for piece in image.pieces)
        return {
            (image.summary.namespace, image.summary.id): sum(
                size for piece, size in image.pieces.items() if needed[piece] > 1
            )
            for image in self.images
        }


def disk_usage(workspace: Workspace, *, all_namespaces: bool = False) -> DiskUsage:
    """Of the namespace, or of all namespaces."""
    services = workspace.services
    views = tuple(namespaces(services)) if all_namespaces else (services,)
    nameless = [each for view in views for each in _nameless(view)]
    disk = Disk(workspace)
    return DiskUsage(
        images=(*image_usages(workspace, all_namespaces=all_namespaces), *nameless),
        containers=tuple(
            ContainerUsage(
                summary=row,
                size=disk.own(row) + taken(workspace.within(row.namespace).data / row.record.id),
            )
            for row in containers(workspace, all=True, all_namespaces=all_namespaces)
        ),
    )


def _nameless(services: Services) -> Iterator[ImageUsage]:
    """Root filesystems that were imported without a name."""
    for snapshotter in snapshotters(services):
        for each in list_rootfs(services, snapshotter=snapshotter):
            yield ImageUsage(
                summary=ImageSummary(
                    namespace=services.namespace,
                    name="",
                    repository="",
                    tag="",
                    id=each.chain_id,
                    digest="",
                    created=each.imported,
                    size=each.size,
                    labels={},
                ),
                pieces={(services.namespace, snapshotter, each.chain_id): each.size},
                containers=len(each.used_by),
            )
