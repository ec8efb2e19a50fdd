"""A root filesystem into containerd: a layer, a committed snapshot, and an image or a snapshot that stays.

The services do it all, in this order, under one lease: Content.Write (the layer), Snapshots.Prepare,
Diff.Apply, Snapshots.Commit (named by the chain ID), then Content.Write (configuration and manifest) and
Images.Create where the result has a name; where it has none, the snapshot's label ``containerd.io/gc.root``
keeps it, and the blob goes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

from chub.api.types import Descriptor
from chub.core.leasing import collect, leased
from chub.core.metering import Meter, Progress
from chub.core.unpack import unpack
from chub.errors import Conflict, DataLoss, Invalid, NotFound, PermissionDenied
from chub.oci import config, digests, manifests, platforms, references
from chub.oci.config import History, ImageConfig
from chub.records import record

if TYPE_CHECKING:
    from chub.api.services import Services
    from chub.api.snapshots import Snapshot
    from chub.core.pack import Contents

GC_ROOT = "containerd.io/gc.root"
SOURCE = "chub/rootfs"  # label of a snapshot: the directory or archive that it was made of
AT = "chub/rootfs.at"  # … and when, RFC 3339
FOR_RUN = "chub/rootfs.run"  # … by `run --rootfs`: the next state of the directory takes its place
STREAM_LIFE = timedelta(hours=24)  # of the lease while an archive comes in, however slowly
_LABEL_LIMIT = 4096 - 64  # bytes of a label's value


@record
class Imported:
    """A root filesystem in the engine."""

    chain_id: str  # of the snapshot; the diff ID too: there is one layer
    config: ImageConfig
    size: int = 0  # bytes of the layer
    image_name: str = ""  # in full; empty: it has no name, as it has no manifest, configuration or layer blob
    manifest_digest: str = ""
    config_digest: str = ""
    entries: int = 0
    sockets: tuple[str, ...] = ()  # names of what a layer cannot hold
    left_out: Mapping[str, int] = field(default_factory=dict)  # extended attributes: name → of how many entries
    mounted: tuple[str, ...] = ()  # what was mounted in the directory and is not part of it
    guarded: bool = True  # access times of the directory are as they were

    @property
    def diff_id(self) -> str:
        """The digest of the layer, which is not compressed: the blob's digest."""
        return self.chain_id

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is not in the engine as it was in the directory, in sentences."""
        said = []
        if self.sockets:
            said.append(f"skipped {len(self.sockets)} socket(s): {_few(self.sockets)}")
        if self.left_out:
            counted = ", ".join(f"{name} ({count})" for name, count in sorted(self.left_out.items()))
            said.append(f"left out extended attributes: {counted}")
        if self.mounted:
            said.append(f"left out what is mounted in it: {_few(self.mounted)}")
        if not self.guarded:
            said.append("access times may have changed: that they stay takes root and Linux 5.12")
        return tuple(said)


Describe = Callable[[ImageConfig], ImageConfig]


def _as_it_is(image: ImageConfig) -> ImageConfig:
    return image


@record
class Rootfs:
    """An imported root filesystem that has no image's name."""

    chain_id: str
    source: str
    snapshotter: str
    imported: datetime | None
    size: int  # bytes on the disk
    used_by: tuple[str, ...] = ()  # keys of the snapshots on top of it: ids of containers, for chub's


class Packer(Protocol):
    """What reads a root filesystem into a layer."""

    contents: Contents

    def chunks(self) -> Iterator[bytes]:
        """The layer."""


def import_rootfs(
    services: Services,
    source: Path | BinaryIO,
    *,
    name: str | None = None,
    snapshotter: str = "overlayfs",
    describe: Describe = _as_it_is,
    progress: Callable[[Progress], None] | None = None,
) -> Imported:
    """Import a directory, or a tar archive (compressed or not) from a file or stream.

    ``name`` is that of the image to make, in docker's short form or in full, and ``describe`` gives the last form to
    what it says of its containers. The same tree gives the same
    digests on any machine: ``created`` is the newest time in it, or SOURCE_DATE_EPOCH, and the architecture
    that of its executables. NotFound, Invalid and PermissionDenied for a source that is none, DataLoss for
    one that changes or ends while it is read; then nothing is left but what the next collection removes.
    """
    image = str(_image_name(name)) if name is not None else ""
    if isinstance(source, Path) and not os.path.isdir(source):
        with _file(source) as archive:
            return _from_archive(services, archive, str(source.absolute()), image, snapshotter, describe, progress)
    if not isinstance(source, Path):
        return _from_archive(services, source, "-", image, snapshotter, describe, progress)

    from chub.core.pack import TreePacker
    from chub.core.tree import Survey, open_tree

    with open_tree(source) as tree, leased(services, "import") as under:
        survey = tree.survey() if progress else Survey()
        packer = TreePacker(tree)
        meter = Meter(
            str(source),
            packer.contents,
            progress,
            total_bytes=survey.size or None,
            total_entries=survey.entries or None,
        )
        labels = {} if image else _labels(str(source.resolve()))
        made = _import(under, packer, image, labels, snapshotter, meter, describe)
        return replace(made, mounted=tree.mounted, guarded=tree.guarded)


def rootfs_for_run(
    services: Services,
    directory: Path,
    *,
    snapshotter: str,
    state_dir: Path,
    progress: Callable[[Progress], None] | None = None,
) -> Imported:
    """The snapshot of a directory as it is now. A tree unchanged since the last time is not read again.

    What is known of the last time is kept in ``state_dir``. The snapshot of an earlier state is let go: it
    stays as long as containers are on it.
    """
    from chub.core import fingerprints
    from chub.core.pack import TreePacker
    from chub.core.tree import open_tree

    try:
        directory = Path(os.path.realpath(directory))
    except FileNotFoundError as failure:
        raise NotFound(f"{directory}: the current directory does not exist any more") from failure
    memory = fingerprints.Memory(state_dir, directory, snapshotter)
    with open_tree(directory) as tree:
        known = memory.recall()
        if known is not None and _kept(services, snapshotter, known.chain_id) and memory.holds(known, tree):
            return Imported(
                chain_id=known.chain_id,
                config=_config(known.chain_id, known.architecture, known.created),
                entries=known.entries,
                mounted=tree.mounted,
                guarded=tree.guarded,
            )
        with leased(services, "import") as under:
            packer = TreePacker(tree, recent=fingerprints.recent())
            labels = _labels(str(directory)) | {FOR_RUN: "true"}
            meter = Meter(str(directory), packer.contents, progress)
            made = _import(under, packer, "", labels, snapshotter, meter)
            memory.keep(packer, made.chain_id, made.config.architecture, _created(packer.contents))
            _supersede(under, snapshotter, labels[SOURCE], made.chain_id)
        return replace(made, mounted=tree.mounted, guarded=tree.guarded)


def list_rootfs(services: Services, *, snapshotter: str = "overlayfs") -> tuple[Rootfs, ...]:
    """Those imported without a name, the newest first."""
    snapshots = services.snapshots(snapshotter)
    every = snapshots.list()
    children: dict[str, list[str]] = {}
    for snapshot in every:
        children.setdefault(snapshot.parent, []).append(snapshot.name)
    found = [
        Rootfs(
            chain_id=snapshot.name,
            source=snapshot.labels[SOURCE],
            snapshotter=snapshotter,
            imported=config.parse_time(snapshot.labels.get(AT, "")) or snapshot.created,
            size=snapshots.usage(snapshot.name).size,
            used_by=tuple(sorted(children.get(snapshot.name, ()))),
        )
        for snapshot in every
        if SOURCE in snapshot.labels and GC_ROOT in snapshot.labels
    ]
    oldest = datetime.min.replace(tzinfo=UTC)
    return tuple(sorted(found, key=lambda each: each.imported or oldest, reverse=True))


def remove_rootfs(services: Services, word: str, *, snapshotter: str = "overlayfs") -> Rootfs:
    """Let go of one, by its chain ID, the beginning of that, or its directory; it is gone when this returns.

    NotFound if there is none, Conflict while containers are on it. An image of the same chain keeps the
    snapshot.
    """
    found = _find(list_rootfs(services, snapshotter=snapshotter), word)
    if found.used_by:
        raise Conflict(
            f"rootfs {found.chain_id[7:19]} is in use by {_few(found.used_by)}",
            hint="remove the containers first",
        )
    snapshots = services.snapshots(snapshotter)
    _release(services, snapshots.stat(found.chain_id), snapshotter)
    collect(services)
    return found


def _find(every: tuple[Rootfs, ...], word: str) -> Rootfs:
    prefix = word.removeprefix("sha256:")
    place = os.path.realpath(word)
    by_id = [each for each in every if digests.is_hex(prefix) and each.chain_id[7:].startswith(prefix)]
    found = by_id or [each for each in every if each.source in (word, place)]
    if not found:
        raise NotFound(f"No such rootfs: {word}", hint="chub rootfs ls shows those that there are")
    if len(found) > 1 and by_id:
        raise Conflict(f"multiple IDs found with provided prefix: {word}", hint="give more digits")
    return found[0]


@contextmanager
def _file(path: Path) -> Iterator[BinaryIO]:
    try:
        opened = path.open("rb", buffering=0)
    except FileNotFoundError:
        raise NotFound(f"{path}: no such file or directory") from None
    except PermissionError:
        raise PermissionDenied(f"{path}: permission denied", hint="run it as root (sudo)") from None
    except (OSError, ValueError) as failure:  # ValueError: a zero byte in the name
        raise Invalid(f"{path}: {getattr(failure, 'strerror', None) or failure}") from failure
    with opened:
        yield opened


def _from_archive(
    services: Services,
    source: BinaryIO,
    origin: str,
    image: str,
    snapshotter: str,
    describe: Describe,
    progress: Callable[[Progress], None] | None,
) -> Imported:
    from chub.core.archive import ArchivePacker

    packer = ArchivePacker(source)
    labels = {} if image else _labels(origin)
    with leased(services, "import", life=STREAM_LIFE) as under:
        meter = Meter(origin, packer.contents, progress)
        return _import(under, packer, image, labels, snapshotter, meter, describe)


def _import(
    services: Services,
    packer: Packer,
    image: str,
    labels: Mapping[str, str],
    snapshotter: str,
    meter: Meter,
    describe: Describe = _as_it_is,
) -> Imported:
    """Everything after the source is open, under a lease. Where there is no image's name, labels keep it."""
    written = services.content.write(services.lease, meter.passing(packer.chunks()))
    if written != meter.digest:
        raise DataLoss(f"the engine stored {written}, sent was {meter.digest}")
    meter.tell(unpacking=True)
    layer = Descriptor(media_type=manifests.LAYER, digest=written, size=meter.size)
    unpack(services, layer, snapshotter=snapshotter, diff_id=written, chain_id=written, labels=labels)
    contents = packer.contents
    made = Imported(
        chain_id=written,
        config=describe(_config(written, contents.architecture() or platforms.host().architecture, _created(contents))),
        size=meter.size,
        entries=contents.entries,
        sockets=tuple(contents.sockets),
        left_out=dict(contents.left_out),
    )
    if image:
        return _named(services, made, layer, image, snapshotter)
    _label(services, snapshotter, written, labels)
    return made


def _named(services: Services, made: Imported, layer: Descriptor, name: str, snapshotter: str) -> Imported:
    """Make the image's documents and its record."""
    from chub.core.images import put, set_image

    configured = put(
        services,
        config.build(made.config),
        media_type=manifests.CONFIG,
        labels={f"containerd.io/gc.ref.snapshot.{snapshotter}": made.chain_id},
    )
    manifest = manifests.Manifest(
        config=manifests.Descriptor(media_type=manifests.CONFIG, digest=configured.digest, size=configured.size),
        layers=(manifests.Descriptor(media_type=layer.media_type, digest=layer.digest, size=layer.size),),
    )
    target = put(
        services,
        manifests.build(manifest),
        media_type=manifests.MANIFEST,
        labels={
            "containerd.io/gc.ref.content.config": configured.digest,
            "containerd.io/gc.ref.content.l.0": layer.digest,
        },
    )
    set_image(services, name, target)
    return replace(made, image_name=name, manifest_digest=target.digest, config_digest=configured.digest)


def _image_name(name: str) -> references.Reference:
    reference = references.normalize(name)
    if reference.digest:
        raise Invalid("cannot import digest reference", hint="give a name, or a name and a tag")
    return reference


def _config(diff_id: str, architecture: str, created: datetime) -> ImageConfig:
    return ImageConfig(
        architecture=architecture,
        os="linux",
        created=created,
        diff_ids=(diff_id,),
        history=(History(created=created, created_by="chub rootfs import"),),
    )


def _created(contents: Contents) -> datetime:
    """SOURCE_DATE_EPOCH (seconds, as reproducible-builds.org has it), else the newest time in the tree."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    if epoch and not epoch.isdecimal():
        raise Invalid(f"SOURCE_DATE_EPOCH is no number of seconds: {epoch!r}")
    nanoseconds = int(epoch) * 1_000_000_000 if epoch else contents.newest
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=nanoseconds // 1000)
    except OverflowError:
        return datetime(1970, 1, 1, tzinfo=UTC)  # a file from the year 10000 or later


def _labels(source: str) -> dict[str, str]:
    now = config.rfc3339(datetime.now(UTC))
    text = source.encode("utf-8", "backslashreplace").decode()
    return {GC_ROOT: now, AT: now, SOURCE: text[-_LABEL_LIMIT:]}


def _label(services: Services, snapshotter: str, chain_id: str, labels: Mapping[str, str]) -> None:
    """Have these labels on a snapshot, which may have been there before."""
    snapshots = services.snapshots(snapshotter)
    found = snapshots.stat(chain_id)
    wanted = dict(labels)
    if FOR_RUN not in found.labels and GC_ROOT in found.labels:
        wanted.pop(FOR_RUN, None)  # it was imported to stay
    if any(found.labels.get(name) != value for name, value in wanted.items()):
        kept = {name: value for name, value in found.labels.items() if name != FOR_RUN}
        snapshots.update(replace(found, labels=kept | wanted), "labels")


def _kept(services: Services, snapshotter: str, chain_id: str) -> bool:
    """Is the snapshot there, and does it stay?"""
    try:
        return GC_ROOT in services.snapshots(snapshotter).stat(chain_id).labels
    except NotFound:
        return False


def _supersede(services: Services, snapshotter: str, source: str, chain_id: str) -> None:
    """Let go of the snapshots that `run --rootfs` made of earlier states of a directory."""
    for snapshot in services.snapshots(snapshotter).list(f'labels."{FOR_RUN}"'):
        if snapshot.labels.get(SOURCE) == source and snapshot.name != chain_id:
            _release(services, snapshot, snapshotter)


def _release(services: Services, snapshot: Snapshot, snapshotter: str) -> None:
    kept = {name: text for name, text in snapshot.labels.items() if name not in (GC_ROOT, SOURCE, AT, FOR_RUN)}
    services.snapshots(snapshotter).update(replace(snapshot, labels=kept), "labels")


def _few(names: tuple[str, ...]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
