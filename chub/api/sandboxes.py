"""containerd's sandbox services: Store (metadata) and Controller (what runs), of containerd 1.7 and newer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime

from chub._generated.services.sandbox.v1 import sandbox_pb2 as pb
from chub._generated.services.sandbox.v1 import sandbox_pb2_grpc as rpc
from chub._generated.types import sandbox_pb2
from chub.api.calls import Caller
from chub.api.channel import USUAL, Timeout
from chub.api.containers import Runtime
from chub.api.tasks import Exit, Metric, metric_of
from chub.api.types import Mount, Platform, mount_messages, platform_of
from chub.api.wire import TypedValue, moment, typed, typed_map, untyped, untyped_map
from chub.records import record

SINCE = "1.7"


@record
class Sandbox:
    """A sandbox as containerd keeps it: metadata."""

    id: str
    runtime: Runtime = field(default_factory=Runtime)
    spec: TypedValue | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    created: datetime | None = None
    updated: datetime | None = None
    extensions: Mapping[str, TypedValue] = field(default_factory=dict)
    sandboxer: str = ""  # which controller runs it; told by containerd 2.1 and newer


@record
class Started:
    """A sandbox that runs."""

    pid: int
    created: datetime | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    address: str = ""  # of the task service of its shim; told, with its version, by containerd 2.1 and newer
    version: int = 0


@record
class SandboxStatus:
    """What a controller says of a sandbox."""

    id: str
    state: str  # "SANDBOX_READY", "SANDBOX_NOTREADY"
    pid: int = 0
    info: Mapping[str, str] = field(default_factory=dict)  # when asked to be verbose
    created: datetime | None = None
    exited_at: datetime | None = None
    extra: TypedValue | None = None
    address: str = ""
    version: int = 0


class SandboxStore:
    """containerd's `Store` of sandboxes."""

    def __init__(self, caller: Caller) -> None:
        self._call = caller.unary
        self._stub = caller.channel.stub(rpc.StoreStub)

    def get(self, id: str, *, timeout: Timeout = USUAL) -> Sandbox:
        """One of this namespace's."""
        request = pb.StoreGetRequest(sandbox_id=id)
        answer = self._call(self._stub.Get, request, f"sandbox {id!r}", timeout, since=SINCE)
        return _record(answer.sandbox)

    def list(self, *filters: str, timeout: Timeout = USUAL) -> tuple[Sandbox, ...]:
        """Those which any of the filters matches (all without a filter)."""
        request = pb.StoreListRequest(filters=filters)
        answer = self._call(self._stub.List, request, "sandboxes", timeout, since=SINCE)
        return tuple(_record(found) for found in answer.list)

    def create(self, sandbox: Sandbox, *, timeout: Timeout = USUAL) -> Sandbox:
        """Store it. Nothing runs yet."""
        request = pb.StoreCreateRequest(sandbox=_message(sandbox))
        what = f"create sandbox {sandbox.id!r}"
        return _record(self._call(self._stub.Create, request, what, timeout, since=SINCE).sandbox)

    def update(self, sandbox: Sandbox, *fields: str, timeout: Timeout = USUAL) -> Sandbox:
        """Change what ``fields`` names ("labels", "labels.NAME", "extensions", "spec"), or all of these."""
        request = pb.StoreUpdateRequest(sandbox=_message(sandbox), fields=fields)
        what = f"update sandbox {sandbox.id!r}"
        return _record(self._call(self._stub.Update, request, what, timeout, since=SINCE).sandbox)

    def delete(self, id: str, *, timeout: Timeout = USUAL) -> None:
        """Forget it."""
        request = pb.StoreDeleteRequest(sandbox_id=id)
        self._call(self._stub.Delete, request, f"delete sandbox {id!r}", timeout, since=SINCE)


class SandboxController:
    """containerd's `Controller` of sandboxes.

    ``sandboxer`` ("shim", "podsandbox") chooses one of several: containerd 2.1 wants it, 1.7 has one only.
    """

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._stub = caller.channel.stub(rpc.ControllerStub)

    def create(
        self,
        id: str,
        mounts: Sequence[Mount] = (),
        *,
        options: TypedValue | None = None,
        netns_path: str = "",
        annotations: Mapping[str, str] | None = None,
        sandbox: Sandbox | None = None,
        sandboxer: str = "",
        timeout: Timeout = USUAL,
    ) -> None:
        """Set up what the store knows; ``annotations`` and the record itself are read by 2.1 and newer."""
        what = f"create sandbox {id!r}"
        if annotations or sandbox or sandboxer:
            self._caller.require("2.1", f"{what} with annotations, a record or a sandboxer")
        request = pb.ControllerCreateRequest(
            sandbox_id=id,
            rootfs=mount_messages(mounts),
            options=untyped(options),
            netns_path=netns_path,
            annotations=annotations or {},
            sandbox=_message(sandbox) if sandbox else None,
            sandboxer=sandboxer,
        )
        self._caller.unary(self._stub.Create, request, what, timeout, since=SINCE)

    def start(self, id: str, *, sandboxer: str = "", timeout: Timeout = USUAL) -> Started:
        """Run it."""
        request = pb.ControllerStartRequest(sandbox_id=id, sandboxer=sandboxer)
        found = self._caller.unary(self._stub.Start, request, f"start sandbox {id!r}", timeout, since=SINCE)
        return Started(
            pid=found.pid,
            created=moment(found.created_at),
            labels=dict(found.labels),
            address=found.address,
            version=found.version,
        )

    def platform(self, id: str, *, sandboxer: str = "", timeout: Timeout = USUAL) -> Platform:
        """What its containers run on."""
        request = pb.ControllerPlatformRequest(sandbox_id=id, sandboxer=sandboxer)
        what = f"platform of sandbox {id!r}"
        return platform_of(self._caller.unary(self._stub.Platform, request, what, timeout, since=SINCE).platform)

    def stop(self, id: str, *, grace: int = 0, sandboxer: str = "", timeout: Timeout = USUAL) -> None:
        """End it, after ``grace`` seconds by force."""
        request = pb.ControllerStopRequest(sandbox_id=id, timeout_secs=grace, sandboxer=sandboxer)
        self._caller.unary(self._stub.Stop, request, f"stop sandbox {id!r}", timeout, since=SINCE)

    def wait(self, id: str, *, sandboxer: str = "", timeout: Timeout = None) -> Exit:
        """Wait for its end."""
        request = pb.ControllerWaitRequest(sandbox_id=id, sandboxer=sandboxer)
        what = f"wait for sandbox {id!r}"
        found = self._caller.unary(self._stub.Wait, request, what, timeout, since=SINCE)
        return Exit(exit_status=found.exit_status, exited_at=moment(found.exited_at))

    def status(self, id: str, *, verbose: bool = False, sandboxer: str = "", timeout: Timeout = USUAL) -> SandboxStatus:
        """How it is."""
        request = pb.ControllerStatusRequest(sandbox_id=id, verbose=verbose, sandboxer=sandboxer)
        what = f"status of sandbox {id!r}"
        found = self._caller.unary(self._stub.Status, request, what, timeout, since=SINCE)
        return SandboxStatus(
            id=id,
            state=found.state,
            pid=found.pid,
            info=dict(found.info),
            created=moment(found.created_at),
            exited_at=moment(found.exited_at),
            extra=typed(found.extra),
            address=found.address,
            version=found.version,
        )

    def shutdown(self, id: str, *, sandboxer: str = "", timeout: Timeout = USUAL) -> None:
        """End its shim and clean up."""
        request = pb.ControllerShutdownRequest(sandbox_id=id, sandboxer=sandboxer)
        self._caller.unary(self._stub.Shutdown, request, f"shut sandbox {id!r} down", timeout, since=SINCE)

    def metrics(self, id: str, *, sandboxer: str = "", timeout: Timeout = USUAL) -> Metric:
        """What it uses: containerd 2.1 and newer."""
        request = pb.ControllerMetricsRequest(sandbox_id=id, sandboxer=sandboxer)
        what = f"metrics of sandbox {id!r}"
        return metric_of(self._caller.unary(self._stub.Metrics, request, what, timeout, since="2.1").metrics)

    def update(self, sandbox: Sandbox, *fields: str, sandboxer: str = "", timeout: Timeout = USUAL) -> None:
        """Tell it of a changed record: containerd 2.1 and newer."""
        request = pb.ControllerUpdateRequest(
            sandbox_id=sandbox.id, sandboxer=sandboxer, sandbox=_message(sandbox), fields=fields
        )
        what = f"update sandbox {sandbox.id!r}"
        self._caller.unary(self._stub.Update, request, what, timeout, since="2.1")


def _record(message: sandbox_pb2.Sandbox) -> Sandbox:
    return Sandbox(
        id=message.sandbox_id,
        runtime=Runtime(name=message.runtime.name, options=typed(message.runtime.options)),
        spec=typed(message.spec),
        labels=dict(message.labels),
        created=moment(message.created_at),
        updated=moment(message.updated_at),
        extensions=typed_map(message.extensions),
        sandboxer=message.sandboxer,
    )


def _message(sandbox: Sandbox) -> sandbox_pb2.Sandbox:
    return sandbox_pb2.Sandbox(
        sandbox_id=sandbox.id,
        runtime=sandbox_pb2.Sandbox.Runtime(name=sandbox.runtime.name, options=untyped(sandbox.runtime.options)),
        spec=untyped(sandbox.spec),
        labels=sandbox.labels,
        extensions=untyped_map(sandbox.extensions),
        sandboxer=sandbox.sandboxer,
    )
