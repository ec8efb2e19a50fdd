"""containerd's Containers service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from chub._generated.services.containers.v1 import containers_pb2 as pb
from chub._generated.services.containers.v1 import containers_pb2_grpc as rpc
from chub.api.calls import Caller
from chub.api.channel import USUAL, Timeout
from chub.api.streams import Stream
from chub.api.wire import TypedValue, mask, moment, typed, typed_map, untyped, untyped_map
from chub.records import record


@record
class Runtime:
    """Which shim runs a container."""

    name: str = ""  # "io.containerd.runc.v2"
    options: TypedValue | None = None  # `runc.RuncOptions` for that one; None: the shim's defaults


@record
class Container:
    """A container as containerd keeps it: metadata. What runs is its Task."""

    id: str
    labels: Mapping[str, str] = field(default_factory=dict)  # 4,096 bytes for one key and its value
    image: str = ""  # name of an image record, or empty; containerd does not look it up
    runtime: Runtime = field(default_factory=Runtime)
    spec: TypedValue | None = None  # the OCI runtime spec, as JSON
    snapshotter: str = ""
    snapshot_key: str = ""
    created: datetime | None = None  # None until containerd has stored it
    updated: datetime | None = None
    extensions: Mapping[str, TypedValue] = field(default_factory=dict)
    sandbox: str = ""  # id of the sandbox it belongs to; containerd 1.7 and newer


class Containers:
    """containerd's `Containers` service."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._call = caller.unary
        self._stub = caller.channel.stub(rpc.ContainersStub)

    def get(self, id: str, *, timeout: Timeout = USUAL) -> Container:
        """One of this namespace's."""
        request = pb.GetContainerRequest(id=id)
        return _record(self._call(self._stub.Get, request, f"container {id!r}", timeout).container)

    def stream(self, *filters: str, timeout: Timeout = USUAL) -> Stream[Container]:
        """Those which any of the filters matches (all without a filter), one by one."""
        request = pb.ListContainersRequest(filters=filters)
        return self._caller.stream(self._stub.ListStream, request, _listed, "containers", timeout)

    def list(self, *filters: str, timeout: Timeout = USUAL) -> tuple[Container, ...]:
        """Those which any of the filters matches (all without a filter), however many."""
        return tuple(self.stream(*filters, timeout=timeout))

    def create(self, container: Container, *, timeout: Timeout = USUAL) -> Container:
        """Store it. Nothing runs yet."""
        what = f"create container {container.id!r}"
        if container.sandbox:
            self._caller.require("1.7", f"{what} in a sandbox")
        request = pb.CreateContainerRequest(container=_message(container))
        return _record(self._call(self._stub.Create, request, what, timeout).container)

    def update(self, container: Container, *fields: str, timeout: Timeout = USUAL) -> Container:
        """Change what ``fields`` names ("labels", "labels.NAME", "spec", "extensions.NAME"), or all of it."""
        request = pb.UpdateContainerRequest(container=_message(container), update_mask=mask(fields))
        what = f"update container {container.id!r}"
        return _record(self._call(self._stub.Update, request, what, timeout).container)

    def delete(self, id: str, *, timeout: Timeout = USUAL) -> None:
        """Forget it; its snapshot stays until it is removed or collected."""
        self._call(self._stub.Delete, pb.DeleteContainerRequest(id=id), f"delete container {id!r}", timeout)


def _listed(message: pb.ListContainerMessage) -> Container:
    return _record(message.container)


def _record(message: pb.Container) -> Container:
    return Container(
        id=message.id,
        labels=dict(message.labels),
        image=message.image,
        runtime=Runtime(name=message.runtime.name, options=typed(message.runtime.options)),
        spec=typed(message.spec),
        snapshotter=message.snapshotter,
        snapshot_key=message.snapshot_key,
        created=moment(message.created_at),
        updated=moment(message.updated_at),
        extensions=typed_map(message.extensions),
        sandbox=message.sandbox,
    )


def _message(container: Container) -> pb.Container:
    return pb.Container(
        id=container.id,
        labels=container.labels,
        image=container.image,
        runtime=pb.Container.Runtime(name=container.runtime.name, options=untyped(container.runtime.options)),
        spec=untyped(container.spec),
        snapshotter=container.snapshotter,
        snapshot_key=container.snapshot_key,
        extensions=untyped_map(container.extensions),
        sandbox=container.sandbox,
    )
