"""The types of the public face, for the type checker: `nox -s types` reads this, nothing runs it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, assert_type

import chub
from chub.api.content import Blob
from chub.api.leases import Lease
from chub.api.namespaces import Namespace
from chub.api.services import Services
from chub.api.snapshots import Snapshot
from chub.api.version import Version
from chub.chain.layers import ImageLayers
from chub.chain.links import Chain
from chub.core.image_listing import ImageSummary
from chub.core.image_removal import Removed
from chub.core.listing import State
from chub.core.pruning import Pruned
from chub.core.rootfs import Imported, Rootfs
from chub.core.top import Processes
from chub.sdk.engine import Started, Status, Stopped
from chub.sdk.images import Image
from chub.testing import ContainerFactory


def a_client(client: chub.Client) -> None:
    """A client, and what it leads to."""
    assert_type(client.services, Services)
    assert_type(client.chain("web"), Chain)
    assert_type(client.layers("busybox"), ImageLayers)
    assert_type(client.doctor(everywhere=True), tuple[chub.Finding, ...])
    assert_type(client.mend(client.doctor()), chub.Mended)


def containers(client: chub.Client) -> None:
    """Containers and how they ended."""
    assert_type(client.containers.get("web"), chub.Container)
    assert_type(client.containers.list(all=True), tuple[chub.Container, ...])
    assert_type(client.containers.get("web").exit_code, int | None)
    assert_type(client.containers.get("web").wait(timeout=1.5), int)
    assert_type(client.containers.get("web").top("aux"), Processes)
    assert_type(client.containers.get("web").exec(["id"], user="nobody").check(), chub.ExecResult)
    assert_type(client.containers.create(chub.Request(image="busybox", words=("true",))), chub.Container)
    assert_type(client.containers.get("web").update(chub.Limits(memory=1 << 30)), tuple[str, ...])
    assert_type(client.containers.get("web").warnings, tuple[str, ...])
    assert_type(client.containers.prune(filters=["until=24h"]), Pruned)
    ended = client.containers.run("busybox", ["true"])
    assert_type(ended, chub.Result)
    assert_type(ended.check(), chub.Result)
    assert_type(ended.stdout, bytes)
    assert_type(ended.text, str)
    assert_type(ended.finished, datetime)


def images(client: chub.Client) -> None:
    """Images and root filesystems."""
    assert_type(client.images.get("busybox"), Image)
    assert_type(client.images.list(), tuple[ImageSummary, ...])
    assert_type(client.images.import_rootfs("/srv/root", name="busybox"), Image)
    assert_type(client.images.remove("busybox"), Removed)
    assert_type(client.rootfs.add("/srv/root"), Imported)
    assert_type(client.rootfs.list(), tuple[Rootfs, ...])


def engines() -> None:
    """A private engine."""
    with chub.Engine() as engine:
        assert_type(engine.address, str)
        assert_type(engine.status(), Status)
    assert_type(engine.start(), Started)
    assert_type(engine.stop(), Stopped)


def errors(error: chub.ChubError) -> None:
    """What every error has."""
    assert_type(error.hint, str)


def pytest_plugin(container: ContainerFactory, client: chub.Client) -> None:
    """What tests are given."""
    assert_type(container("busybox", ["true"], ready="x", security=chub.Security()), chub.Container)
    assert_type(container.made, list[chub.Container])


def what_happens(client: chub.Client) -> None:
    """Events, and containerd's own objects."""
    for event in client.events('topic~="^/tasks/"'):
        assert_type(event, chub.Event | chub.Missed)
    assert_type(client.version(), Version)
    assert_type(client.snapshots.list(), tuple[Snapshot, ...])
    assert_type(client.content.list(), tuple[Blob, ...])
    assert_type(client.leases.list(), tuple[Lease, ...])
    assert_type(client.namespaces.list(), tuple[Namespace, ...])


def output(container: chub.Container) -> None:
    """What a container wrote."""
    for line in container.logs(tail=10, follow=True):
        assert_type(line.data, bytes)
    assert_type(container.inspect(), dict[str, Any])
    assert_type(container.state, State)
    assert_type(container.reload(), chub.Container)
    assert_type(container.remove(force=True), None)
