"""`chub layers` on a real containerd, beside what `ctr` and the files themselves say."""

from __future__ import annotations

import gzip
import hashlib
import json
import tarfile
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chub.api.images import Image
from chub.api.types import Descriptor
from chub.core import images
from chub.errors import NotFound
from chub.oci.layers import chain_ids

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chub.api.services import Services
    from chub.sdk.client import Client
    from tests.support.command import Command
    from tests.support.engines import Engine

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
NAME = "docker.io/library/stacked:latest"
FILES = ("bottom", "middle", "top")


def _tar(name: str) -> bytes:
    """A layer with one file."""
    made = BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        tar.addfile(tarfile.TarInfo(name))
    return made.getvalue()


@pytest.fixture
def stacked(services: Services) -> Iterator[str]:
    """The name of an image of three gzipped layers, not unpacked: blob digest and diff ID differ."""
    lease = services.leases.create()
    store = services.under(lease.id).content
    layers = []
    diff_ids = []
    refs = {}
    for number, name in enumerate(FILES):
        tar = _tar(name)
        blob = gzip.compress(tar, mtime=0)
        digest = store.write(name, [blob], total=len(blob))
        layers.append({"mediaType": LAYER, "digest": digest, "size": len(blob)})
        diff_ids.append(f"sha256:{hashlib.sha256(tar).hexdigest()}")
        refs[f"containerd.io/gc.ref.content.l.{number}"] = digest
    config = json.dumps({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": diff_ids}})
    digest = store.write("config", [config.encode()], total=len(config))
    described = {"mediaType": CONFIG, "digest": digest, "size": len(config)}
    refs["containerd.io/gc.ref.content.config"] = digest
    manifest = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": described, "layers": layers})
    digest = store.write("manifest", [manifest.encode()], total=len(manifest), labels=refs)
    target = Descriptor(media_type=MANIFEST, digest=digest, size=len(manifest))
    services.images.create(Image(name=NAME, target=target))
    services.leases.delete(lease.id)
    yield "stacked"
    services.images.delete(NAME)


def test_an_image_that_is_not_unpacked(client: Client, engine: Engine, services: Services, stacked: str) -> None:
    """Blobs as the manifest lists them, and for each snapshot that there is none."""
    found = client.layers(stacked)

    manifest = json.loads(engine.ctr("content", "get", found.manifest, namespace=services.namespace))
    assert [(layer.digest, layer.size) for layer in found.layers] == [
        (entry["digest"], entry["size"]) for entry in manifest["layers"]
    ]
    assert [layer.diff_id for layer in found.layers] == [
        f"sha256:{hashlib.sha256(_tar(name)).hexdigest()}" for name in FILES
    ]
    assert [layer.directory.failed for layer in found.layers] == ["not unpacked"] * 3
    assert all(layer.stored and layer.unpacked is None for layer in found.layers)


def test_each_layers_directory_holds_its_files(
    client: Client, engine: Engine, services: Services, stacked: str
) -> None:
    """Three layers, three directories, one file in each; the chain IDs are `ctr`'s snapshots, in order."""
    images.resolve(services, stacked, snapshotter="overlayfs")

    found = client.layers(stacked)

    assert [[path.name for path in Path(layer.directory.said).iterdir()] for layer in found.layers] == [
        [name] for name in FILES
    ]
    rows = [line.split() for line in engine.ctr("snapshot", "ls", namespace=services.namespace).splitlines()[1:]]
    chain = chain_ids(layer.diff_id for layer in found.layers)
    assert [layer.chain_id for layer in found.layers] == list(chain)
    assert sorted(rows) == sorted(
        [[chain[0], "Committed"], [chain[1], chain[0], "Committed"], [chain[2], chain[1], "Committed"]]
    )


def test_nothing_is_left_of_the_look(client: Client, services: Services, stacked: str) -> None:
    """The view and its lease are gone at once, without a collection."""
    images.resolve(services, stacked, snapshotter="overlayfs")
    before = {snapshot.name for snapshot in services.snapshots().list()}

    client.layers(stacked)

    assert {snapshot.name for snapshot in services.snapshots().list()} == before
    assert services.leases.list() == ()


def test_an_image_of_one_layer(client: Client, image: str) -> None:
    """A single layer is a bind mount, and its directory is the layer's."""
    (layer,) = client.layers(image).layers

    assert Path(layer.directory.said, "bin/busybox").exists()
    assert layer.diff_id == layer.chain_id
    assert layer.unpacked is not None
    assert layer.unpacked > 1_000_000


def test_no_such_image(client: Client) -> None:
    """In docker's words."""
    with pytest.raises(NotFound, match="No such image: nope:latest"):
        client.layers("nope")


def test_the_command_line(chub: Command, client: Client, image: str) -> None:
    """A table with short ids, then the directories in full; and JSON."""
    (layer,) = client.layers(image).layers

    screen = chub.ok("layers", image)
    said = json.loads(chub.ok("layers", image, "--format", "json"))

    assert layer.diff_id.removeprefix("sha256:")[:12] in screen
    assert layer.diff_id not in screen
    assert f"1  containerd: {layer.directory.said}\n   says Snapshots.View\n" in screen
    assert layer.diff_id.removeprefix("sha256:") in chub.ok("layers", image, "--no-trunc")
    assert said["layers"][0]["chain_id"] == layer.chain_id


def test_a_docker_that_is_not_there(chub: Command, image: str) -> None:
    """To ask for docker's layers without docker is an error, not an empty column."""
    ended = chub("layers", "--docker", image, env={"DOCKER_HOST": "unix:///nowhere/docker.sock"})

    assert ended.exit_status == 1
    assert "no docker socket at /nowhere/docker.sock" in ended.stderr
