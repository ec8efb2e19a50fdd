"""Every service of chub.api that keeps something, on a real containerd."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from chub.api.containers import Container, Runtime
from chub.api.images import Image
from chub.api.leases import Resource
from chub.api.namespaces import Namespace
from chub.api.snapshots import Snapshot, SnapshotKind
from chub.api.types import Descriptor
from chub.api.wire import TypedValue
from chub.errors import AlreadyExists, Conflict, DataLoss, Invalid, NotFound, Unsupported

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chub.api.services import Services
    from tests.support.engines import Engine

SPEC = "types.containerd.io/opencontainers/runtime-spec/1/Spec"
LAYER = "application/vnd.oci.image.layer.v1.tar"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
NOWHERE = f"sha256:{'0' * 64}"


def digest_of(data: bytes) -> str:
    """The digest of bytes, as containerd writes it."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def tar_of(**files: bytes) -> bytes:
    """A tar archive of some files."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return archive.getvalue()


@pytest.fixture
def leased(services: Services) -> Iterator[Services]:
    """Services under a lease; with it goes what was made under it."""
    lease = services.leases.create(expires=timedelta(minutes=10))
    yield services.under(lease.id)
    services.leases.delete(lease.id, sync=True)


@pytest.fixture
def old(services: Services) -> bool:
    """Whether the engine is a containerd 1.6."""
    return services.version.get().older_than("1.7")


def test_version_and_introspection(services: Services, engine: Engine, old: bool) -> None:
    """The engine says which one it is, and which plugins it has and why some did not start."""
    version = services.version.get()
    server = services.introspection.server()
    overlayfs = services.introspection.plugins("type==io.containerd.snapshotter.v1,id==overlayfs")

    if engine.version != "host":
        assert version.version.removeprefix("v").startswith(engine.version)
    assert server.uuid
    assert (server.pid == 0) is old
    assert [plugin.id for plugin in overlayfs] == ["overlayfs"]
    assert overlayfs[0].exports["root"].startswith(str(engine.directory))
    assert (overlayfs[0].error, overlayfs[0].error_code) == ("", 0)
    assert any(plugin.error for plugin in services.introspection.plugins())


def test_plugin_info(services: Services) -> None:
    """Containerd 2.1 tells about one plugin; older ones are Unsupported, by name."""
    if services.version.get().older_than("2.1"):
        with pytest.raises(Unsupported, match=r"needs containerd 2\.1 or newer, this is"):
            services.introspection.plugin_info("io.containerd.runtime.v2", "task")
    else:
        assert services.introspection.plugin_info("io.containerd.runtime.v2", "task").plugin.id == "task"


def test_namespaces(services: Services) -> None:
    """A namespace is made, labelled, found and removed; one with something in it is not."""
    name = f"{services.namespace}-2"
    made = services.namespaces.create(Namespace(name=name, labels={"a": "1", "b": "2"}))
    services.namespaces.update(Namespace(name=name, labels={"b": "3"}), "labels.b")
    changed = services.namespaces.get(name)
    full = services.within(name).leases.create("l")

    assert made == Namespace(name=name, labels={"a": "1", "b": "2"})
    assert changed.labels == {"a": "1", "b": "3"}
    assert changed in services.namespaces.list()
    with pytest.raises(AlreadyExists):
        services.namespaces.create(Namespace(name=name))
    services.within(name).containers.create(_container("c"))
    with pytest.raises(Conflict, match="must be empty"):
        services.namespaces.delete(name)
    services.within(name).containers.delete("c")
    services.within(name).leases.delete(full.id)
    services.namespaces.delete(name)
    with pytest.raises(NotFound):
        services.namespaces.delete(name)


def _container(id: str, **spec: object) -> Container:
    return Container(
        id=id,
        runtime=Runtime(name="io.containerd.runc.v2"),
        spec=TypedValue.of_json(SPEC, {"ociVersion": "1.0.2", **spec}),
    )


def test_containers(services: Services, old: bool) -> None:
    """A record is stored whole, changed field by field, found by filter and deleted."""
    given = replace(
        _container("c1"),
        labels={"a": "1", "b": "2"},
        image="docker.io/library/x:1",
        extensions={"chub/request": TypedValue.of_json("chub/request", {"x": 1}), "other": TypedValue.of_json("o", 2)},
    )
    before = datetime.now(UTC)
    made = services.containers.create(given)
    services.containers.create(_container("c2"))

    assert replace(made, created=None, updated=None) == given
    assert made.created is not None
    assert abs(made.created - before) < timedelta(seconds=10)
    assert services.containers.get("c1").spec == given.spec

    fresh = TypedValue.of_json("chub/request", {"x": 2})
    changed = services.containers.update(
        Container(id="c1", labels={"b": "3"}, extensions={"chub/request": fresh}),
        "labels.b",
        "extensions.chub/request",
    )

    assert changed.labels == {"a": "1", "b": "3"}
    assert changed.extensions == {"chub/request": fresh, "other": given.extensions["other"]}
    assert changed.image == given.image
    assert [each.id for each in services.containers.list('labels.b=="3"')] == ["c1"]
    assert {each.id for each in services.containers.list("id==c1", "id==c2")} == {"c1", "c2"}
    with pytest.raises(AlreadyExists):
        services.containers.create(given)
    with pytest.raises(Invalid):
        services.containers.create(_container("no spaces"))
    with pytest.raises(Invalid, match="parse error"):
        services.containers.list("(")
    if old:
        with pytest.raises(Unsupported, match=r"in a sandbox: needs containerd 1\.7"):
            services.containers.create(replace(_container("c3"), sandbox="s"))
    for id in ("c1", "c2"):
        services.containers.delete(id)
    with pytest.raises(NotFound, match=f'^container "c1" in namespace "{services.namespace}": not found$'):
        services.containers.get("c1")


@pytest.mark.nightly
def test_a_listing_may_be_of_any_size(services: Services) -> None:
    """Five hundred containers with specs of 10 kB, more than one gRPC message holds, are listed."""
    padding = "x" * 10_000
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: services.containers.create(_container(f"c{n}", pad=padding)), range(500)))

    listed = services.containers.list()
    with services.containers.stream() as stream:
        first = next(iter(stream))

    assert {each.id for each in listed} == {f"c{number}" for number in range(500)}
    assert all(each.spec is not None and each.spec.json()["pad"] == padding for each in listed)
    assert first in listed
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(services.containers.delete, [each.id for each in listed]))


def test_threads_share_one_services(services: Services) -> None:
    """Eight threads make, read and delete at once on one Services, its attributes not yet made."""
    shared = services.within(services.namespace)

    def work(number: int) -> None:
        for turn in range(10):
            id = f"c{number}-{turn}"
            shared.containers.create(_container(id))
            assert shared.containers.get(id).id == id
            assert id in {each.id for each in shared.containers.list()}
            lease = shared.leases.create(id)
            assert shared.under(lease.id).content.write(id, [id.encode()]) == digest_of(id.encode())
            shared.leases.delete(lease.id)
            shared.containers.delete(id)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))


def test_leases_protect(services: Services) -> None:
    """What is made under a lease, or added to one, stays until the last lease on it goes."""
    first = services.leases.create(expires=timedelta(hours=1), labels={"a": "b"})
    second = services.leases.create("second")
    digest = services.under(first.id).content.write("r", [b"leased"])
    services.leases.add("second", Resource(id=digest, type="content"))

    expires = datetime.fromisoformat(first.labels["containerd.io/gc.expire"])
    assert timedelta(minutes=59) < expires - datetime.now(UTC) <= timedelta(hours=1)
    assert first.labels["a"] == "b"
    assert services.leases.resources(first.id) == (Resource(id=digest, type="content"),)
    assert services.leases.resources("second") == services.leases.resources(first.id)
    assert {each.id for each in services.leases.list()} == {first.id, "second"}
    assert [each.id for each in services.leases.list("id==second")] == [second.id]
    with pytest.raises(AlreadyExists):
        services.leases.create("second")

    services.leases.delete(first.id, sync=True)
    assert services.content.info(digest).size == 6

    services.leases.remove("second", Resource(id=digest, type="content"))
    assert services.leases.resources("second") == ()
    services.leases.delete("second", sync=True)
    with pytest.raises(NotFound):
        services.content.info(digest)


def test_content(leased: Services) -> None:
    """A blob is written, read in part and in whole, labelled, listed, found by filter and deleted."""
    data = os.urandom(3_000_001)
    digest = digest_of(data)

    assert leased.content.write("r", [data], labels={"a": "1"}) == digest
    assert leased.content.read_all(digest) == data
    assert b"".join(leased.content.read(digest, offset=10, size=2_000_000)) == data[10:2_000_010]
    blob = leased.content.info(digest)
    assert (blob.digest, blob.size, blob.labels) == (digest, len(data), {"a": "1"})
    assert blob.created is not None
    changed = leased.content.update(replace(blob, labels={"b": "2"}), "labels.b")
    assert changed.labels == {"a": "1", "b": "2"}
    assert [each.digest for each in leased.content.list('labels.b=="2"')] == [digest]
    leased.content.delete(digest)
    assert leased.content.list() == ()
    with pytest.raises(NotFound, match=f"^content digest {NOWHERE}: not found$"):
        leased.content.info(NOWHERE)
    with pytest.raises(NotFound):
        leased.content.read_all(NOWHERE)
    with pytest.raises(Invalid):
        leased.content.info("nonsense")


def test_a_large_blob_is_written_once(leased: Services) -> None:
    """50 MB go in in messages; a second time only the digest is asked for, or the bytes are compared."""
    data = os.urandom(50_000_000)
    digest = digest_of(data)
    chunks = [data[start : start + 70_001] for start in range(0, len(data), 70_001)]

    assert leased.content.write("r", chunks, total=len(data), expected=digest) == digest
    assert leased.content.info(digest).size == len(data)
    assert leased.content.write("r", iter(()), expected=digest) == digest
    assert leased.content.write("r", chunks) == digest
    assert leased.content.ingests() == ()


def test_an_interrupted_ingest_is_resumed_or_starts_anew(leased: Services) -> None:
    """A Writer goes on where another stopped; write() throws the rest away; abort() all."""
    with leased.content.writer("r", total=6, expected=digest_of(b"abcdef")) as writer:
        writer.write([b"abc"])
    left = leased.content.status("r")
    assert (left.ref, left.offset, left.total) == ("r", 3, 6)
    assert leased.content.ingests() == (left,)

    with leased.content.writer("r", total=6, expected=digest_of(b"abcdef")) as writer:
        assert writer.offset == 3
        writer.write([b"def"])
        assert writer.commit(labels={"a": "b"}) == digest_of(b"abcdef")
    assert leased.content.info(digest_of(b"abcdef")).labels == {"a": "b"}

    with leased.content.writer("r2") as writer:
        writer.write([b"old"])
    assert leased.content.write("r2", [b"new"]) == digest_of(b"new")

    with leased.content.writer("r3") as writer:
        writer.write([b"old"])
    leased.content.abort("r3")
    assert leased.content.ingests() == ()
    with pytest.raises(NotFound):
        leased.content.abort("r3")
    with pytest.raises(NotFound):
        leased.content.status("r3")


def test_a_failed_write_leaves_nothing(leased: Services) -> None:
    """A source that fails, and bytes that are not the expected ones, leave neither ingest nor blob."""

    def failing() -> Iterator[bytes]:
        yield os.urandom(5_000_000)
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        leased.content.write("r", failing())
    with pytest.raises(DataLoss, match="unexpected commit digest"):
        leased.content.write("r", [b"other"], expected=digest_of(b"expected"))
    with pytest.raises(DataLoss, match="failed size validation"):
        leased.content.write("r", [b"short"], total=7)
    assert leased.content.ingests() == ()
    assert leased.content.list() == ()
    assert leased.content.write("r", [b"at once"]) == digest_of(b"at once")


def test_two_writers_of_one_ingest(leased: Services) -> None:
    """The second is told so, and does no harm to the first."""
    with leased.content.writer("r") as writer:
        writer.write([b"first"])
        with pytest.raises(Conflict, match="ingest 'r': somebody else is writing to it"):
            leased.content.write("r", [b"second"])
        assert writer.commit() == digest_of(b"first")


@pytest.mark.parametrize("snapshotter", ["overlayfs", "native"])
def test_snapshots(leased: Services, snapshotter: str) -> None:
    """A snapshot is prepared, committed, viewed, measured, labelled, listed and removed."""
    snapshots = leased.snapshots(snapshotter)
    mounts = snapshots.prepare("key", labels={"a": "1"})
    active = snapshots.stat("key")
    assert mounts == snapshots.mounts("key")
    assert (active.kind, active.parent, active.labels) == (SnapshotKind.ACTIVE, "", {"a": "1"})

    snapshots.commit("key", "name", labels={"b": "2"})
    committed = snapshots.stat("name")
    assert (committed.name, committed.kind) == ("name", SnapshotKind.COMMITTED)
    assert committed.created is not None
    assert snapshots.view("seen", "name")
    assert snapshots.prepare("child", "name")
    changed = snapshots.update(Snapshot(name="name", labels={"b": "3"}), "labels.b")
    assert changed.labels == {**committed.labels, "b": "3"}
    assert {(each.name, each.kind) for each in snapshots.list()} == {
        ("name", SnapshotKind.COMMITTED),
        ("seen", SnapshotKind.VIEW),
        ("child", SnapshotKind.ACTIVE),
    }
    assert {each.name for each in snapshots.list("parent==name")} == {"seen", "child"}
    assert snapshots.usage("child").inodes > 0
    assert snapshots.usage("child").size >= 0

    with pytest.raises(Conflict):
        snapshots.mounts("name")
    with pytest.raises(Conflict):
        snapshots.remove("name")
    with pytest.raises(AlreadyExists):
        snapshots.prepare("child", "name")
    with pytest.raises(NotFound):
        snapshots.prepare("other", "nothing")
    for key in ("seen", "child", "name"):
        snapshots.remove(key)
    with pytest.raises(NotFound, match=r"^snapshot name does not exist: not found$"):
        snapshots.stat("name")
    with pytest.raises(Invalid, match="snapshotter not loaded: nonsense"):
        leased.snapshots("nonsense").list()


def test_layers_and_snapshots(leased: Services, old: bool) -> None:
    """A layer is unpacked into a snapshot, and what was changed there comes out as a layer again."""
    layer = tar_of(a=b"1", b=b"2")
    digest = leased.content.write("layer", [layer])
    snapshots = leased.snapshots()
    blob = Descriptor(media_type=LAYER, digest=digest, size=len(layer))

    applied = leased.diff.apply(blob, snapshots.prepare("key"))
    snapshots.commit("key", "lower")
    upper = snapshots.prepare("upper", "lower")
    more = tar_of(c=b"3")
    leased.diff.apply(Descriptor(media_type=LAYER, digest=leased.content.write("more", [more]), size=len(more)), upper)
    made = leased.diff.diff(snapshots.view("seen", "lower"), upper, media_type=LAYER, ref="made", labels={"a": "b"})

    assert (applied.digest, applied.size) == (digest, len(layer))
    assert made.media_type == LAYER
    with tarfile.open(fileobj=io.BytesIO(leased.content.read_all(made.digest))) as tar:
        assert [entry.name for entry in tar] == ["c"]
    assert leased.content.info(made.digest).labels["a"] == "b"
    with pytest.raises(NotFound):
        leased.diff.apply(Descriptor(media_type=LAYER, digest=NOWHERE, size=1), upper)
    if old:
        with pytest.raises(Unsupported, match=r"synchronously: needs containerd 1\.7"):
            leased.diff.apply(blob, upper, sync_fs=True)
    else:
        assert leased.diff.apply(blob, upper, sync_fs=True).digest == digest


def test_images(leased: Services) -> None:
    """A name is given to a target, changed, found and deleted, and keeps its target meanwhile."""
    images = leased.images
    target = Descriptor(media_type=MANIFEST, digest=leased.content.write("m", [b"{}"]), size=2, annotations={"k": "v"})
    made = images.create(Image(name="x:1", target=target, labels={"a": "1"}))
    changed = images.update(Image(name="x:1", target=target, labels={"b": "2"}), "labels.b")

    assert replace(made, created=None, updated=None) == Image(name="x:1", target=target, labels={"a": "1"})
    assert made.created is not None
    assert changed.labels == {"a": "1", "b": "2"}
    assert images.get("x:1") == changed
    assert images.list() == (changed,)
    assert images.list("name==y") == ()
    with pytest.raises(AlreadyExists):
        images.create(made)
    with pytest.raises(NotFound, match=r"^image 'y': not found$"):
        images.get("y")
    other = replace(target, digest=NOWHERE)
    if leased.version.get().older_than("2.1"):
        with pytest.raises(Unsupported, match=r"needs containerd 2\.1"):
            images.delete("x:1", target=other)
    else:
        with pytest.raises(NotFound):
            images.delete("x:1", target=other)
    images.delete("x:1", sync=True)
    with pytest.raises(NotFound):
        images.delete("x:1")


def test_an_image_may_be_dated(leased: Services, old: bool) -> None:
    """Containerd 1.7 stores the date it is given; 1.6 is Unsupported instead of ignoring it."""
    image = Image(name="x:1", target=Descriptor(media_type=MANIFEST, digest=NOWHERE, size=2))
    date = datetime(2020, 1, 2, 3, 4, 5, 678, tzinfo=UTC)
    if old:
        with pytest.raises(Unsupported, match=r"with a date of its own: needs containerd 1\.7"):
            leased.images.create(image, source_date_epoch=date)
        return
    assert leased.images.create(image, source_date_epoch=date).created == date
    leased.images.delete("x:1")
