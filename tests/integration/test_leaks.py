"""The leak check itself: whatever a test could leave behind is seen, and taken away."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chub.api.containers import Container, Runtime
from chub.api.images import Image
from chub.api.types import Descriptor
from chub.api.wire import TypedValue
from tests.support import leaks
from tests.support.leaks import Scene

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chub.api.services import Services
    from tests.support.engines import Engine

CONTAINER = "ab" * 32


@pytest.fixture
def scene(
    engine: Engine, services: Services, roots: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Scene]:
    """A scene with the test's roots and namespace, which waits little and is tidied when the test ends."""
    monkeypatch.setattr(leaks, "PATIENCE", 0.3)
    made = Scene.before(engine, services, *roots)
    yield made
    made.tidy()


def test_nothing_is_left_of_nothing(engine: Engine, services: Services, roots: tuple[Path, Path]) -> None:
    """A scene where nothing happened is clean."""
    assert Scene.before(engine, services, *roots).leaks() == []


def test_records_are_seen(scene: Scene, services: Services) -> None:
    """Lease, blob, ingest, image, container and snapshot each have a line that names them."""
    lease = services.leases.create("kept")
    leased = services.under(lease.id)
    digest = leased.content.write("blob", [b"{}"])
    with leased.content.writer("half") as writer:
        writer.write([b"x"])
    leased.snapshots("native").prepare("a-snapshot")
    blob = services.content.info(digest)
    target = Descriptor(media_type="application/vnd.oci.image.manifest.v1+json", digest=digest, size=blob.size)
    services.images.create(Image(name="an-image", target=target))
    spec = TypedValue.of_json("types.containerd.io/opencontainers/runtime-spec/1/Spec", {})
    services.containers.create(Container(id="a-container", runtime=Runtime(name="io.containerd.runc.v2"), spec=spec))

    found = "\n".join(scene.leaks())

    for said in (
        "lease kept",
        f"blob {digest}",
        "image an-image",
        "container a-container",
        "ingest half",
        "snapshot a-snapshot",
    ):
        assert said in found


def test_what_containerd_collects_is_no_leak(scene: Scene, services: Services) -> None:
    """A blob that nothing refers to any more is gone after the collection that the check forces."""
    lease = services.leases.create()
    services.under(lease.id).content.write("blob", [b"{}"])
    services.leases.delete(lease.id)

    assert scene.leaks() == []


def test_files_are_seen(scene: Scene, roots: tuple[Path, Path]) -> None:
    """A FIFO, a file and a container's empty directory are named; other directories may stay."""
    data, state = roots
    os.mkfifo(state / "fifo")
    (data / "uuid" / "namespace" / CONTAINER).mkdir(parents=True)
    (data / "file").touch()

    assert scene.leaks() == [
        f"file {data}/file",
        f"directory {data}/uuid/namespace/{CONTAINER}",
        f"FIFO {state}/fifo",
    ]


def test_mounts_are_seen(scene: Scene, roots: tuple[Path, Path]) -> None:
    """Something mounted below the roots is named, and unmounted by `tidy`."""
    point = roots[1] / "point"
    point.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "none", point], check=True)

    assert f"mount {point}" in scene.leaks()
    scene.tidy()
    assert str(point) not in Path("/proc/self/mountinfo").read_text()


def test_processes_are_seen(scene: Scene, roots: tuple[Path, Path]) -> None:
    """A process that has the roots on its command line is named."""
    with subprocess.Popen(["tail", "-f", "/dev/null", f"{roots[0]}/x"], stderr=subprocess.DEVNULL) as process:
        found = scene.leaks()
        process.kill()

    assert f"process {process.pid}: tail -f /dev/null {roots[0]}/x " in found


def test_cgroups_are_seen(scene: Scene) -> None:
    """An empty cgroup that was not there before is named."""
    hierarchy = next(leaks.hierarchies())
    cgroup = hierarchy / "chub-test" / CONTAINER
    cgroup.mkdir(parents=True)
    try:
        assert f"cgroup {cgroup}" in scene.leaks()
    finally:
        cgroup.rmdir()
        cgroup.parent.rmdir()


def test_shims_are_seen(
    scene: Scene, engine: Engine, services: Services, busybox: Path, roots: tuple[Path, Path]
) -> None:
    """A running container has a task, a shim and a bundle; all go with `tidy`."""
    words = (
        "run",
        "--detach",
        "--runc-root",
        f"{roots[1]}/runc",
        "--rootfs",
        f"{busybox}",
        "c",
        "/bin/sleep",
        "9",
    )
    engine.ctr(*words, namespace=services.namespace)

    found = scene.leaks()

    for said in ("task c", "shim ", "bundle "):
        assert any(leak.startswith(said) for leak in found), found
