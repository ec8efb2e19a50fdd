"""Leases that nobody holds any more."""

from __future__ import annotations

from collections.abc import Iterator

from chub.api.leases import EXPIRE_LABEL
from chub.chain.links import Evidence
from chub.core.marks import CLIENT_LABEL
from chub.core.names import lease_of
from chub.core.undo import gone
from chub.doctor.findings import Finding, Kind
from chub.doctor.scene import CLIENTS, Scene


def find(scene: Scene) -> Iterator[Finding]:
    """Expired ones, and chub's whose client is gone; a container that runs keeps its own until it ends."""
    running = {lease_of(id) for id in scene.tasks}
    for lease in scene.leases:
        why = scene.abandoned.get(lease.id)
        if why is None or lease.id in running:
            continue
        ours = lease.id.startswith("chub-")
        labels = (f"{name}={lease.labels[name]}" for name in (EXPIRE_LABEL, CLIENT_LABEL) if name in lease.labels)
        yield Finding(
            kind=Kind.LEASE,
            namespace=scene.namespace,
            subject=lease.id,
            problem=why,
            owner="chub" if ours else CLIENTS.get(scene.namespace, ""),
            since=lease.created,
            evidence=(Evidence("Leases.List", " ".join(labels)),),
            command=scene.ctr("leases", "rm", lease.id),
            mendable=ours,
        )


def mend(scene: Scene, finding: Finding) -> None:
    """End it."""
    gone(scene.services.leases.delete, finding.subject)
