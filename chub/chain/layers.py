"""An image's layers: blob, diff ID, chain ID, snapshot directory; beside it docker's of the same diff ID."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from chub.api.channel import Channel
from chub.api.services import Services
from chub.chain import layerdb
from chub.chain.collect.snapshot import directories, parents
from chub.chain.find import DOCKER_NAMESPACE
from chub.chain.host import Host
from chub.chain.links import Evidence
from chub.core import images
from chub.core.leasing import leased
from chub.errors import ChubError, NotFound
from chub.oci.layers import chain_ids
from chub.records import record

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from chub.docker.client import Docker
    from chub.docker.records import Info

LIFE = timedelta(minutes=1)  # of a killed chub's view, until containerd's next collection


@record
class DockerLayer:
    """What docker has of the same diff ID."""

    images: tuple[str, ...]  # docker's images that have it: a tag of each, or its id
    chain_id: str
    directory: Evidence


@record
class ImageLayer:
    """One layer of an image, as containerd has it."""

    digest: str  # of the blob, compressed or not
    media_type: str
    size: int  # bytes of the blob
    stored: bool  # whether the content store has the blob
    diff_id: str
    chain_id: str
    unpacked: int | None  # bytes of the snapshot alone; None: there is none
    directory: Evidence  # of the snapshot
    docker: DockerLayer | None = None  # None: docker has none, or was not asked


@record
class ImageLayers:
    """An image of containerd's and its layers, lowest first."""

    name: str
    digest: str  # what the name stands for: a manifest or an index
    manifest: str
    snapshotter: str
    layers: tuple[ImageLayer, ...]

    def as_json(self) -> dict[str, Any]:
        """As JSON can hold it; fields are only ever added."""
        return asdict(self)


def layers(
    services: Services,
    reference: str,
    *,
    snapshotter: str,
    docker: Docker | None = None,
    host: Host | None = None,
) -> ImageLayers:
    """The layers of an image of this namespace; with ``docker``, docker's beside them.

    Raises NotFound where there is no such image, or the content store lacks its documents; Unavailable where
    docker was to be asked and does not answer.
    """
    image = images.find(services, reference)
    found = images.read(services, image.target)
    where = snapshot_directories(services, snapshotter, found.chain_ids)
    diff_ids = found.config.diff_ids
    theirs = _docker_layers(docker, diff_ids, host or Host()) if docker else (None,) * len(diff_ids)
    return ImageLayers(
        name=image.name,
        digest=image.target.digest,
        manifest=found.manifest_digest,
        snapshotter=snapshotter,
        layers=tuple(
            ImageLayer(
                digest=blob.digest,
                media_type=blob.media_type,
                size=blob.size,
                stored=_stored(services, blob.digest),
                diff_id=diff_id,
                chain_id=chain_id,
                unpacked=_unpacked(services, snapshotter, chain_id),
                directory=where[chain_id],
                docker=beside,
            )
            for blob, diff_id, chain_id, beside in zip(
                found.manifest.layers, diff_ids, found.chain_ids, theirs, strict=True
            )
        ),
    )


def snapshot_directories(services: Services, snapshotter: str, chain: Sequence[str]) -> dict[str, Evidence]:
    """The directory of each layer's committed snapshot, lowest first.

    containerd tells directories only of what can be mounted: so a view of the topmost is made and removed.
    """
    snapshots = services.snapshots(snapshotter)
    where = {chain_id: Evidence("Snapshots.Stat", "", failed="not unpacked") for chain_id in chain}
    for top in reversed(chain):
        try:
            stack = [snapshot.name for snapshot in parents(services, snapshotter, top)]
        except NotFound:
            continue
        with leased(services, "layers", life=LIFE) as under:
            found = directories(under.snapshots(snapshotter).view(under.lease, parent=top))
            snapshots.remove(under.lease)
        if len(found) == len(stack):
            return where | {name: Evidence("Snapshots.View", path) for name, path in zip(stack, found, strict=True)}
        reason = f"{snapshotter} tells {len(found)} directories for {len(stack)} snapshots"
        return where | dict.fromkeys(stack, Evidence("Snapshots.View", "", failed=reason))
    return where


def _stored(services: Services, digest: str) -> bool:
    try:
        services.content.info(digest)
    except NotFound:
        return False
    return True


def _unpacked(services: Services, snapshotter: str, chain_id: str) -> int | None:
    try:
        return services.snapshots(snapshotter).usage(chain_id).size
    except NotFound:
        return None


def _docker_layers(docker: Docker, diff_ids: Sequence[str], host: Host) -> tuple[DockerLayer | None, ...]:
    """Docker's layer of each diff ID, if it has one: of several, that with the same layers below."""
    images_of: dict[str, dict[str, None]] = {}  # by chain ID; in docker's order
    chain_of: dict[str, str] = {}  # by diff ID
    for image in (docker.image(id) for id in docker.image_ids()):
        for diff_id, chain_id in zip(image.diff_ids, chain_ids(image.diff_ids), strict=True):
            images_of.setdefault(chain_id, {})[image.tags[0] if image.tags else image.id] = None
            chain_of.setdefault(diff_id, chain_id)
    theirs = [
        chain_id if chain_id in images_of else chain_of.get(diff_id, "")
        for diff_id, chain_id in zip(diff_ids, chain_ids(diff_ids), strict=True)
    ]
    where = _docker_directories(docker.info(), [chain_id for chain_id in theirs if chain_id], host)
    return tuple(
        DockerLayer(images=tuple(images_of[chain_id]), chain_id=chain_id, directory=where[chain_id])
        if chain_id
        else None
        for chain_id in theirs
    )


def _docker_directories(info: Info, chain: Sequence[str], host: Host) -> dict[str, Evidence]:
    """Where docker keeps layers: its layer database says, or the containerd that keeps them for it."""
    found = {chain_id: layerdb.directory(host, info, chain_id) for chain_id in chain}
    if not info.containerd or not all(evidence.failed for evidence in found.values()):
        return found
    theirs = Services(Channel(info.containerd), namespace=info.namespace or DOCKER_NAMESPACE)
    try:
        seen = {id: snapshot_directories(theirs, info.driver, (id,))[id] for id in chain}
    except ChubError as failure:
        return dict.fromkeys(chain, Evidence(f"containerd at {info.containerd}", "", failed=str(failure)))
    finally:
        theirs.close()
    return {id: replace(told, source=f"{told.source} at {info.containerd}") for id, told in seen.items()}
