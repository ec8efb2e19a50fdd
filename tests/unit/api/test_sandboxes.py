"""The sandbox controller: no runtime of the test engines serves all of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import grpc
import pytest
from google.protobuf import timestamp_pb2

from chub._generated.services.sandbox.v1 import sandbox_pb2 as pb
from chub._generated.services.version.v1 import version_pb2
from chub._generated.types import metrics_pb2, platform_pb2
from chub.api.sandboxes import Sandbox, SandboxStatus, Started
from chub.api.tasks import Exit
from chub.api.types import Mount, Platform
from tests.unit.api.conftest import Fake

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chub.api.services import Services

CONTROLLER = "/containerd.services.sandbox.v1.Controller/"
THEN = timestamp_pb2.Timestamp(seconds=1)
WHEN = datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def newest(fake: Fake) -> None:
    """The engine says that it is a containerd 2.1."""
    version = "/containerd.services.version.v1.Version/Version"
    fake.answer(version, version_pb2.VersionResponse(version="v2.1.9"))


def test_a_sandbox_is_set_up(fake: Fake, services: Services) -> None:
    """All that was given is sent."""
    sent: list[pb.ControllerCreateRequest] = []

    def create(requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
        sent.append(pb.ControllerCreateRequest.FromString(next(requests)))
        yield b""

    fake.methods[f"{CONTROLLER}Create"] = create
    services.sandbox_controller.create(
        "s",
        [Mount(type="bind", source="/x")],
        netns_path="/n",
        annotations={"a": "b"},
        sandbox=Sandbox(id="s", labels={"c": "d"}),
        sandboxer="shim",
    )

    assert (sent[0].sandbox_id, sent[0].netns_path, sent[0].sandboxer) == ("s", "/n", "shim")
    assert [mount.source for mount in sent[0].rootfs] == ["/x"]
    assert dict(sent[0].annotations) == {"a": "b"}
    assert dict(sent[0].sandbox.labels) == {"c": "d"}


def test_a_sandbox_runs_and_ends(fake: Fake, services: Services) -> None:
    """What the controller says is read into records."""
    fake.answer(
        f"{CONTROLLER}Start",
        pb.ControllerStartResponse(
            sandbox_id="s", pid=7, created_at=THEN, labels={"a": "b"}, address="unix:///s", version=3
        ),
    )
    fake.answer(
        f"{CONTROLLER}Status",
        pb.ControllerStatusResponse(sandbox_id="s", pid=7, state="SANDBOX_READY", info={"k": "v"}, created_at=THEN),
    )
    fake.answer(
        f"{CONTROLLER}Platform",
        pb.ControllerPlatformResponse(platform=platform_pb2.Platform(os="linux", architecture="arm64")),
    )
    fake.answer(f"{CONTROLLER}Wait", pb.ControllerWaitResponse(exit_status=9, exited_at=THEN))
    fake.answer(
        f"{CONTROLLER}Metrics", pb.ControllerMetricsResponse(metrics=metrics_pb2.Metric(id="s", timestamp=THEN))
    )
    for method in ("Stop", "Shutdown", "Update"):
        fake.answer(f"{CONTROLLER}{method}", pb.ControllerStopResponse())
    controller = services.sandbox_controller

    assert controller.start("s") == Started(pid=7, created=WHEN, labels={"a": "b"}, address="unix:///s", version=3)
    assert controller.status("s", verbose=True) == SandboxStatus(
        id="s", state="SANDBOX_READY", pid=7, info={"k": "v"}, created=WHEN
    )
    assert controller.platform("s") == Platform(os="linux", architecture="arm64")
    assert controller.wait("s") == Exit(exit_status=9, exited_at=WHEN)
    assert controller.metrics("s").taken == WHEN
    controller.update(Sandbox(id="s", labels={"a": "c"}), "labels")
    controller.stop("s", grace=3)
    controller.shutdown("s")
