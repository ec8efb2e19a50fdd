"""Images: found by name or id, read, unpacked, named."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from threading import Lock

from chub.api.images import Image
from chub.api.types import Descriptor
from chub.errors import AlreadyExists, Conflict, Invalid, NotFound
from chub.oci import config, digests, layers, manifests, platforms, references
from chub.oci.config import ImageConfig
from chub.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.api.services import Services

REMEMBERED = 64  # images whose documents a process keeps


@record
class Documents:
    """What an image's target leads to on this machine's platform: its digest decides it all."""

    manifest_digest: str
    manifest: manifests.Manifest
    config: ImageConfig

    @property
    def config_digest(self) -> str:
        """Docker calls it the image's id."""
        return self.manifest.config.digest

    @property
    def chain_ids(self) -> tuple[str, ...]:
        """Names of the layers' committed snapshots, the lowest first."""
        return layers.chain_ids(self.config.diff_ids)


@record
class Resolved:
    """An image, found and read."""

    name: str  # as containerd has it
    descriptor: Descriptor  # of its manifest or index: what the name stands for
    documents: Documents

    @property
    def config(self) -> ImageConfig:
        """What it says of its containers."""
        return self.documents.config

    @property
    def config_digest(self) -> str:
        """Docker calls it the image's id."""
        return self.documents.config_digest

    @property
    def chain_id(self) -> str:
        """The snapshot that containers start from; empty for an image without layers."""
        return self.documents.chain_ids[-1] if self.config.diff_ids else ""


def resolve(services: Services, reference: str, *, snapshotter: str = "") -> Resolved:
    """Find an image by name or id and read its documents; with a snapshotter, have it unpacked there, too.

    NotFound in docker's words, with a hint where another namespace has it.
    """
    image = find(services, reference)
    found = Resolved(name=image.name, descriptor=image.target, documents=read(services, image.target))
    if snapshotter:
        ensure_unpacked(services, found, snapshotter=snapshotter)
    return found


def find(services: Services, word: str) -> Image:
    """The image record that a name, a digest or the beginning of an id means.

    NotFound if there is none, Conflict if several images have such an id.
    """
    if named := _by_name(services, word):
        return named
    if matching := by_id(services, word):
        if len({image.target.digest for image in matching}) > 1:
            raise Conflict(f"multiple IDs found with provided prefix: {word}", hint="give more digits")
        return matching[0]
    raise NotFound(f"No such image: {_shown(word)}", hint=_elsewhere(services, word))


def by_id(services: Services, word: str) -> tuple[Image, ...]:
    """All records of images whose id (or whose target's digest) begins so."""
    digits = word.removeprefix("sha256:")
    if not digests.is_hex(digits) or len(digits) > 64:
        return ()
    return tuple(image for image in services.images.list() if _has_id(services, image, digits))


def read(services: Services, target: Descriptor) -> Documents:
    """The documents of an image's target, for this machine's platform.

    NotFound where the content store lacks one or the index has none for this platform, Invalid for what is no
    image, DataLoss for bytes that do not match their digest.
    """
    with _lock:
        known = _documents.get(target.digest)
    if known is not None:
        return known
    document = manifests.parse(fetch(services, target.digest, target.size, manifests.LIMIT), target.media_type)
    digest = target.digest
    if isinstance(document, manifests.Index):
        chosen = document.select(platforms.host())
        digest = chosen.digest
        document = manifests.parse(fetch(services, digest, chosen.size, manifests.LIMIT), chosen.media_type)
    if isinstance(document, manifests.Index):
        raise Invalid(f"{digest}: an index where a manifest belongs")
    described = config.parse(fetch(services, document.config.digest, document.config.size, config.LIMIT))
    if len(described.diff_ids) != len(document.layers):
        raise Invalid(f"{digest}: {len(document.layers)} layers, but {len(described.diff_ids)} diff IDs")
    found = Documents(manifest_digest=digest, manifest=document, config=described)
    with _lock:
        while len(_documents) >= REMEMBERED:
            del _documents[next(iter(_documents))]
        _documents[target.digest] = found
    return found


def fetch(services: Services, digest: str, size: int, limit: int) -> bytes:
    """A small blob. Containerd has checked it against its digest when it was written."""
    if size > limit:
        raise Invalid(f"content {digest}: {size} bytes are more than the {limit} allowed")
    return services.content.read_all(digest, limit)


def ensure_unpacked(services: Services, image: Resolved, *, snapshotter: str) -> None:
    """Have all its layers as committed snapshots; those that are missing are unpacked from their blobs."""
    from chub.core.unpack import exists

    if not image.chain_id or exists(services.snapshots(snapshotter), image.chain_id):
        return
    from chub.core.leasing import leased
    from chub.core.unpack import unpack

    with leased(services, "unpack") as under:
        parent = ""
        chain = zip(image.documents.manifest.layers, image.config.diff_ids, image.documents.chain_ids, strict=True)
        for layer, diff_id, chain_id in chain:
            blob = Descriptor(media_type=layer.media_type, digest=layer.digest, size=layer.size)
            unpack(under, blob, snapshotter=snapshotter, diff_id=diff_id, chain_id=chain_id, parent=parent)
            parent = chain_id
        label(under, image.config_digest, {f"containerd.io/gc.ref.snapshot.{snapshotter}": image.chain_id})


def tag(services: Services, source: str, target: str) -> str:
    """Give an image a further name, taken from another image if that has it; the name in full."""
    image = find(services, source)
    try:
        reference = references.normalize(target)
    except Invalid as failure:
        raise Invalid(
            f'Error parsing reference: "{target}" is not a valid repository/tag: {failure}', hint=failure.hint
        ) from failure
    if reference.digest:
        raise Invalid("refusing to create a tag with a digest reference")
    set_image(services, str(reference), image.target)
    return str(reference)


def set_image(services: Services, name: str, target: Descriptor) -> None:
    """Have a name stand for a target, whatever it stood for before."""
    image = Image(name=name, target=target)
    while True:
        try:
            services.images.create(image)
        except AlreadyExists:
            try:
                services.images.update(image, "target")
            except NotFound:
                continue  # removed meanwhile
        return


def put(services: Services, data: bytes, *, media_type: str, labels: Mapping[str, str]) -> Descriptor:
    """Store a small blob with labels that keep what it names."""
    digest = digests.of(data)
    ref = f"{services.lease or 'chub'}-{os.urandom(4).hex()}"
    services.content.write(ref, [data], total=len(data), expected=digest, labels=labels)
    label(services, digest, labels)
    return Descriptor(media_type=media_type, digest=digest, size=len(data))


def label(services: Services, digest: str, labels: Mapping[str, str]) -> None:
    """Add labels to a blob that may have been there before."""
    from chub.api.content import Blob

    services.content.update(Blob(digest=digest, labels=labels), *(f"labels.{name}" for name in labels))


def namespaces(services: Services) -> Iterator[Services]:
    """The same engine in each of its namespaces."""
    for namespace in services.namespaces.list():
        yield services.within(namespace.name)


def _by_name(services: Services, word: str) -> Image | None:
    """The record of this name, in docker's short form or as it is; Invalid for what can be no name."""
    names, malformed = [word], None
    try:
        names.insert(0, str(references.normalize(word)))
    except Invalid as failure:
        malformed = None if digests.is_hex(word.removeprefix("sha256:")) else failure
    for name in dict.fromkeys(names):
        try:
            return services.images.get(name)
        except (NotFound, Invalid):
            continue
    if malformed:
        raise malformed
    return None


def _has_id(services: Services, image: Image, digits: str) -> bool:
    if image.target.digest[7:].startswith(digits):
        return True
    try:
        return read(services, image.target).config_digest[7:].startswith(digits)
    except (NotFound, Invalid):
        return False


def _shown(word: str) -> str:
    try:
        return references.normalize(word).short()
    except Invalid:
        return word


def _elsewhere(services: Services, word: str) -> str:
    """Where else there is such an image, as a hint; how to get one if nowhere."""
    for other in namespaces(services):
        if other.namespace != services.namespace and (_by_name(other, word) or by_id(other, word)):
            return (
                f"the namespace {other.namespace!r} has one: chub --namespace {other.namespace} …, or look "
                "at all of them with chub image ls --all-namespaces"
            )
    return "chub images lists those that there are; chub rootfs import DIR NAME makes one"


_documents: dict[str, Documents] = {}  # by the target's digest
_lock = Lock()
