"""containerd's Leases service: what a lease names, or what was made under it, is not collected."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import field
from datetime import UTC, datetime, timedelta

from chub._generated.services.leases.v1 import leases_pb2 as pb
from chub._generated.services.leases.v1 import leases_pb2_grpc as rpc
from chub.api.calls import Caller
from chub.api.channel import USUAL, Timeout
from chub.api.wire import moment
from chub.records import record

EXPIRE_LABEL = "containerd.io/gc.expire"  # an RFC 3339 time: the first collection after it deletes the lease


@record
class Lease:
    """A lease. Its labels cannot be changed."""

    id: str
    created: datetime | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


@record
class Resource:
    """Something a lease protects."""

    id: str  # a digest, a snapshot key, an ingest's ref
    type: str  # "content", "ingests", "snapshots/overlayfs"


class Leases:
    """containerd's `Leases` service."""

    def __init__(self, caller: Caller) -> None:
        self._call = caller.unary
        self._stub = caller.channel.stub(rpc.LeasesStub)

    def create(
        self,
        id: str = "",
        *,
        expires: timedelta | None = None,
        labels: Mapping[str, str] | None = None,
        timeout: Timeout = USUAL,
    ) -> Lease:
        """Make one, with a random id if none is given, that ends by itself after ``expires``.

        `AlreadyExists` while one of that id is there, though it has expired: only a collection deletes it.
        """
        written = dict(labels or {})
        if expires is not None:
            written[EXPIRE_LABEL] = (datetime.now(UTC) + expires).isoformat().replace("+00:00", "Z")
        id = id or os.urandom(12).hex()
        request = pb.CreateRequest(id=id, labels=written)
        return _record(self._call(self._stub.Create, request, f"create lease {id!r}", timeout).lease)

    def delete(self, id: str, *, sync: bool = False, timeout: Timeout = USUAL) -> None:
        """End one; with ``sync`` return when what is not held any more is collected."""
        self._call(self._stub.Delete, pb.DeleteRequest(id=id, sync=sync), f"delete lease {id!r}", timeout)

    def list(self, *filters: str, timeout: Timeout = USUAL) -> tuple[Lease, ...]:
        """Those which any of the filters matches (all without a filter)."""
        answer = self._call(self._stub.List, pb.ListRequest(filters=filters), "leases", timeout)
        return tuple(_record(found) for found in answer.leases)

    def add(self, lease_id: str, resource: Resource, *, timeout: Timeout = USUAL) -> None:
        """Protect something."""
        request = pb.AddResourceRequest(id=lease_id, resource=_message(resource))
        self._call(self._stub.AddResource, request, f"add {resource.id!r} to lease {lease_id!r}", timeout)

    def remove(self, lease_id: str, resource: Resource, *, timeout: Timeout = USUAL) -> None:
        """Protect it no more."""
        request = pb.DeleteResourceRequest(id=lease_id, resource=_message(resource))
        what = f"remove {resource.id!r} from lease {lease_id!r}"
        self._call(self._stub.DeleteResource, request, what, timeout)

    def resources(self, lease_id: str, *, timeout: Timeout = USUAL) -> tuple[Resource, ...]:
        """What it protects."""
        request = pb.ListResourcesRequest(id=lease_id)
        answer = self._call(self._stub.ListResources, request, f"resources of lease {lease_id!r}", timeout)
        return tuple(Resource(id=found.id, type=found.type) for found in answer.resources)


def _record(message: pb.Lease) -> Lease:
    return Lease(id=message.id, created=moment(message.created_at), labels=dict(message.labels))


def _message(resource: Resource) -> pb.Resource:
    return pb.Resource(id=resource.id, type=resource.type)
