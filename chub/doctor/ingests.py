"""Blobs that somebody began to write and left."""

from __future__ import annotations

from collections.abc import Iterator

from chub.chain.links import Evidence
from chub.core.undo import gone
from chub.doctor.findings import Finding, Kind
from chub.doctor.scene import CLIENTS, Scene


def find(scene: Scene) -> Iterator[Finding]:
    """Those that nobody has written to for a while, or whose client is gone; what a living lease holds is not left."""
    for ingest in scene.ingests:
        if ("ingests", ingest.ref) in scene.held:
            continue
        leases = [lease.id for lease in scene.leases if ingest.ref == lease.id or ingest.ref.startswith(f"{lease.id}-")]
        if not any(id in scene.abandoned for id in leases) and (leases or not scene.settled(ingest.updated)):
            continue
        ours = ingest.ref.startswith("chub-")
        total = f" of {ingest.total}" if ingest.total else ""
        yield Finding(
            kind=Kind.INGEST,
            namespace=scene.namespace,
            subject=ingest.ref,
            problem="nobody writes to it any more",
            owner="chub" if ours else CLIENTS.get(scene.namespace, ""),
            since=ingest.started,
            size=ingest.offset,
            evidence=(
                Evidence("Content.ListStatuses", f"{ingest.offset}{total} bytes, updated {ingest.updated}"),
                Evidence("Leases.ListResources", "no lease of a living client holds it"),
            ),
            command=scene.chub("system", "doctor", "--fix") if ours else "",
            mendable=ours,
        )


def mend(scene: Scene, finding: Finding) -> None:
    """Throw it away."""
    gone(scene.services.content.abort, finding.subject)
