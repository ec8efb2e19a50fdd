"""containerd's Namespaces service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from chub._generated.services.namespaces.v1 import namespace_pb2 as pb
from chub._generated.services.namespaces.v1 import namespace_pb2_grpc as rpc
from chub.api.calls import Caller
from chub.api.channel import USUAL, Timeout
from chub.api.wire import mask
from chub.records import record


@record
class Namespace:
    """A namespace: whose containers, images, snapshots and leases do not see another's."""

    name: str
    labels: Mapping[str, str] = field(default_factory=dict)


class Namespaces:
    """containerd's `Namespaces` service; the same from within every namespace."""

    def __init__(self, caller: Caller) -> None:
        self._call = caller.unary
        self._stub = caller.channel.stub(rpc.NamespacesStub)

    def get(self, name: str, *, timeout: Timeout = USUAL) -> Namespace:
        """One of them. containerd answers for the name of a namespace that was never made, too."""
        request = pb.GetNamespaceRequest(name=name)
        return _record(self._call(self._stub.Get, request, f"namespace {name!r}", timeout).namespace)

    def list(self, *, timeout: Timeout = USUAL) -> tuple[Namespace, ...]:
        """All of them."""
        answer = self._call(self._stub.List, pb.ListNamespacesRequest(), "namespaces", timeout)
        return tuple(_record(found) for found in answer.namespaces)

    def create(self, namespace: Namespace, *, timeout: Timeout = USUAL) -> Namespace:
        """Make one; it is made without asking, and without labels, when something is first made in it."""
        request = pb.CreateNamespaceRequest(namespace=_message(namespace))
        what = f"create namespace {namespace.name!r}"
        return _record(self._call(self._stub.Create, request, what, timeout).namespace)

    def update(self, namespace: Namespace, *fields: str, timeout: Timeout = USUAL) -> None:
        """Change its labels: those of ``fields`` ("labels.NAME"), or all of them."""
        request = pb.UpdateNamespaceRequest(namespace=_message(namespace), update_mask=mask(fields))
        self._call(self._stub.Update, request, f"update namespace {namespace.name!r}", timeout)

    def delete(self, name: str, *, timeout: Timeout = USUAL) -> None:
        """Remove an empty one, `Conflict` for another; its leases go with it without a word."""
        request = pb.DeleteNamespaceRequest(name=name)
        self._call(self._stub.Delete, request, f"delete namespace {name!r}", timeout)


def _record(message: pb.Namespace) -> Namespace:
    return Namespace(name=message.name, labels=dict(message.labels))


def _message(namespace: Namespace) -> pb.Namespace:
    return pb.Namespace(name=namespace.name, labels=namespace.labels)
