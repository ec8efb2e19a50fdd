"""Namespaces: what is in each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chub.core.filters import by_name, labelled
from chub.core.owners import NAMESPACES
from chub.errors import AlreadyExists, Conflict, NotFound, PermissionDenied
from chub.objects.snapshots import snapshotters
from chub.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.api.namespaces import Namespace
    from chub.api.services import Services

FILTERS = ("label",)


@record
class NamespaceSummary:
    """A namespace and how much is in it."""

    namespace: Namespace
    containers: int
    images: int
    snapshots: int  # of all snapshotters
    blobs: int
    leases: int

    @property
    def labels(self) -> Mapping[str, str]:
        """The namespace's labels."""
        return self.namespace.labels

    @property
    def content(self) -> str:
        """What is in it, in words; "" for an empty one."""
        counts = {name: getattr(self, name) for name in ("containers", "images", "snapshots", "blobs", "leases")}
        return ", ".join(f"{count} {name if count != 1 else name[:-1]}" for name, count in counts.items() if count)


def list_namespaces(services: Services, *, filters: Sequence[str] = ()) -> tuple[NamespaceSummary, ...]:
    """All namespaces of the engine. `filters`: label=NAME[=VALUE]."""
    accepting = [labelled(label) for label in by_name(filters, FILTERS).get("label", ())]
    names = snapshotters(services)
    found = (_summary(services, each, names) for each in services.namespaces.list())
    return tuple(row for row in found if all(accept(row) for accept in accepting))


def find(services: Services, name: str) -> Namespace:
    """One of them. Raises NotFound."""
    for each in services.namespaces.list():
        if each.name == name:
            return each
    raise NotFound(f"No such namespace: {name}", hint="see: chub namespace ls")


def create(services: Services, name: str, labels: Mapping[str, str] | None = None) -> str:
    """Make a namespace; its name. Raises AlreadyExists."""
    from chub.api.namespaces import Namespace

    try:
        return services.namespaces.create(Namespace(name=name, labels=labels or {})).name
    except AlreadyExists as failure:
        raise AlreadyExists(f"namespace {name} exists already", hint="see: chub namespace ls") from failure


def label(services: Services, name: str, labels: Mapping[str, str], *, force: bool = False) -> str:
    """Set labels of a namespace, and remove those whose value is empty; its name."""
    from chub.api.namespaces import Namespace

    find(services, name)
    _permit(name, "namespace label", force)
    fields = [f"labels.{each}" for each in labels]
    services.namespaces.update(Namespace(name=name, labels=labels), *fields)
    return name


def remove(services: Services, name: str, *, force: bool = False) -> str:
    """Remove an empty namespace; its name. `force`: one that has leases too, which go with it.

    Raises Conflict for one with anything else in it: nothing removes that in one go.
    """
    row = _summary(services, find(services, name), snapshotters(services))
    _permit(name, "namespace rm", force)
    kept = row.containers or row.images or row.snapshots or row.blobs
    if kept or (row.leases and not force):
        hint = f"remove what is in it: chub --namespace {name} ps -a, images, snapshot ls" if kept else "use --force"
        raise Conflict(f"namespace {name} is not empty: {row.content}", hint=hint)
    services.namespaces.delete(name)
    return name


def _permit(name: str, verb: str, force: bool) -> None:
    if name in NAMESPACES and not force:
        raise PermissionDenied(f"{verb}: namespace {name!r} is another client's: that takes --force")


def _summary(services: Services, namespace: Namespace, names: Sequence[str]) -> NamespaceSummary:
    view = services.within(namespace.name)
    return NamespaceSummary(
        namespace=namespace,
        containers=len(view.containers.list()),
        images=len(view.images.list()),
        snapshots=sum(len(view.snapshots(name).list()) for name in names),
        blobs=len(view.content.list()),
        leases=len(view.leases.list()),
    )
