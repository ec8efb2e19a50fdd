"""Take a name from an image, and the image away with its last name: docker's `rmi` and its conflicts."""

from __future__ import annotations

from collections.abc import Iterable

from chub.api.images import Image
from chub.core.images import Documents, by_id, find, read
from chub.errors import Conflict, Invalid, NotFound
from chub.oci import references
from chub.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.api.containers import Container
    from chub.api.services import Services


@record
class Removed:
    """What a removal did."""

    untagged: tuple[str, ...]  # names, as docker shows them
    deleted: tuple[str, ...] = ()  # the image's id and the chain IDs that nothing needs any more, topmost first


def remove_image(services: Services, word: str, *, force: bool = False, snapshotter: str = "overlayfs") -> Removed:
    """Remove a name; with the last one the image. By id: the image, if it has one name.

    NotFound for no such image; Conflict, in docker's words, while containers use it and it would be the
    last name, and for an id with several names. ``force`` overrides all but an id whose image a running
    container uses.
    """
    image = find(services, word)
    every = services.images.list(f"target.digest=={image.target.digest}")
    documents = _documents(services, image)
    if _is_id(services, image, word):
        names = [each.name for each in every]
        _check_id(services, word, names, documents, force)
    else:
        names = [image.name]
        if len(every) == 1 and not force:
            _check_name(services, word, image.name, documents)
    layers = _unpacked(services, documents, snapshotter)
    for place, name in enumerate(names):
        last = place == len(names) - 1
        services.images.delete(name, sync=last)
    untagged = tuple(references.familiar(name) for name in names)
    if len(every) > len(names) or documents is None:
        return Removed(untagged=untagged)
    kept = _unpacked(services, documents, snapshotter)
    gone = (layer for layer in layers if layer not in kept)
    return Removed(untagged=untagged, deleted=(documents.config_digest, *gone))


def _is_id(services: Services, image: Image, word: str) -> bool:
    """Was the image found by an id, not by a name?"""
    try:
        named = str(references.normalize(word))
    except Invalid:
        named = word
    return image.name not in (named, word) and bool(by_id(services, word))


def _documents(services: Services, image: Image) -> Documents | None:
    try:
        return read(services, image.target)
    except (NotFound, Invalid):
        return None


def _check_name(services: Services, word: str, name: str, documents: Documents | None) -> None:
    for container in _users(services, (name,), documents):
        raise Conflict(
            f'conflict: unable to remove repository reference "{word}" (must force) - container '
            f"{container.id[:12]} is using its referenced image {_short(documents)}"
        )


def _check_id(services: Services, word: str, names: list[str], documents: Documents | None, force: bool) -> None:
    running = _running(services)
    users = list(_users(services, names, documents))
    digits = word.removeprefix("sha256:")[:12]
    for container in users:
        if container.id in running:
            raise Conflict(
                f"conflict: unable to delete {digits} (cannot be forced) - image is being used by running "
                f"container {container.id[:12]}"
            )
    if force:
        return
    if len(names) > 1:
        raise Conflict(
            f"conflict: unable to delete {digits} (must be forced) - image is referenced in multiple repositories"
        )
    for container in users:
        raise Conflict(
            f"conflict: unable to delete {digits} (must be forced) - image is being used by stopped "
            f"container {container.id[:12]}"
        )


def _users(services: Services, names: Iterable[str], documents: Documents | None) -> Iterable[Container]:
    """Containers of this namespace that were made from the image, and not from an earlier one of its name."""
    wanted = set(names)
    for container in services.containers.list():
        if container.image in wanted and _stands_on(services, container, documents):
            yield container


def _stands_on(services: Services, container: Container, documents: Documents | None) -> bool:
    if documents is None or not container.snapshot_key or not documents.chain_ids:
        return True
    try:
        parent = services.snapshots(container.snapshotter).stat(container.snapshot_key).parent
    except NotFound:
        return True
    return parent == documents.chain_ids[-1]


def _running(services: Services) -> set[str]:
    return {task.container_id or task.id for task in services.tasks.list() if task.pid and task.status != "stopped"}


def _unpacked(services: Services, documents: Documents | None, snapshotter: str) -> list[str]:
    """The chain IDs that have a snapshot, topmost first."""
    from chub.core.unpack import exists

    snapshots = services.snapshots(snapshotter)
    chain_ids = documents.chain_ids if documents is not None else ()
    return [chain_id for chain_id in reversed(chain_ids) if exists(snapshots, chain_id)]


def _short(documents: Documents | None) -> str:
    return documents.config_digest[7:19] if documents else ""
