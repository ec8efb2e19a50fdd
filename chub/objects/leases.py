"""Leases: what each protects, until when, and whose it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from chub.core.filters import by_name, labelled
from chub.core.images import namespaces
from chub.core.leasing import abandoned
from chub.core.marks import CLIENT_LABEL
from chub.core.owners import permit
from chub.errors import Conflict, NotFound
from chub.oci.config import parse_time
from chub.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.api.leases import Lease, Resource
    from chub.api.services import Services
    from chub.core.workspace import Workspace

FILTERS = ("label",)


@record
class LeaseSummary:
    """A lease and what it protects."""

    namespace: str
    lease: Lease
    expires: datetime | None  # None: never
    resources: tuple[Resource, ...]

    @property
    def labels(self) -> Mapping[str, str]:
        """The lease's labels."""
        return self.lease.labels


def list_leases(
    services: Services, *, filters: Sequence[str] = (), all_namespaces: bool = False
) -> tuple[LeaseSummary, ...]:
    """All leases of the namespace (of all namespaces). `filters`: label=NAME[=VALUE]."""
    accepting = [labelled(label) for label in by_name(filters, FILTERS).get("label", ())]
    views = tuple(namespaces(services)) if all_namespaces else (services,)
    found = []
    for view in views:
        for lease in view.leases.list():
            with suppress(NotFound):  # it has ended meanwhile
                found.append(_summary(view, lease))
    return tuple(row for row in found if all(accept(row) for accept in accepting))


def create(
    workspace: Workspace,
    id: str = "",
    *,
    expires: timedelta | None = None,
    labels: Mapping[str, str] | None = None,
    force: bool = False,
) -> str:
    """Make a lease, with a random id if none is given; its id."""
    permit(workspace, "lease create", id, force=force)
    return workspace.services.leases.create(id, expires=expires, labels=labels).id


def remove(workspace: Workspace, id: str, *, sync: bool = False, force: bool = False) -> str:
    """End a lease; its id. With `sync` what nothing holds any more is gone when this returns.

    Raises NotFound, and Conflict for one that a process of chub's works under just now (unless `force`).
    """
    lease = next((each for each in workspace.services.leases.list() if each.id == id), None)
    if lease is None:
        raise NotFound(f"No such lease: {id}", hint="see: chub lease ls --all-namespaces")
    permit(workspace, "lease rm", id, force=force)
    if CLIENT_LABEL in lease.labels and not abandoned(lease) and not force:
        raise Conflict(f"lease {id} is in use: its client is at work", hint="wait for it, or use --force")
    workspace.services.leases.delete(id, sync=sync)
    return id


def _summary(services: Services, lease: Lease) -> LeaseSummary:
    from chub.api.leases import EXPIRE_LABEL

    return LeaseSummary(
        namespace=services.namespace,
        lease=lease,
        expires=parse_time(lease.labels.get(EXPIRE_LABEL, "")),
        resources=services.leases.resources(lease.id),
    )
