"""Find what is left over or broken, and mend what is chub's own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import timedelta

from chub.chain.host import Host
from chub.core.leasing import collect
from chub.core.workspace import Workspace
from chub.doctor import (
    bundles,
    cgroups,
    container_records,
    directories,
    fifos,
    ingests,
    keepers,
    leases,
    mounts,
    processes,
    snapshots,
    states,
    tasks,
)
from chub.doctor.findings import Finding, Kind, Mended
from chub.doctor.scene import Scene
from chub.errors import ChubError
from chub.records import record

PATIENCE = timedelta(minutes=1)
"""What is younger may be on its way, where no lease tells whether its client lives."""


@record
class Check:
    """How one kind is found, and mended."""

    find: Callable[[Scene], Iterator[Finding]]
    mend: Callable[[Scene, Finding], None] | None  # None: it never is chub's


CHECKS = {
    Kind.TASK: Check(find=tasks.find, mend=tasks.mend),
    Kind.SHIM: Check(find=processes.find, mend=processes.mend),
    Kind.MOUNT: Check(find=mounts.find, mend=mounts.mend),
    Kind.CGROUP: Check(find=cgroups.find, mend=cgroups.mend),
    Kind.BUNDLE: Check(find=bundles.find, mend=bundles.mend),
    Kind.FIFO: Check(find=fifos.find, mend=None),
    Kind.STATE: Check(find=states.find, mend=states.mend),
    Kind.RECORD: Check(find=container_records.find, mend=container_records.mend),
    Kind.DIRECTORY: Check(find=directories.find, mend=directories.mend),
    Kind.SNAPSHOT: Check(find=snapshots.find, mend=snapshots.mend),
    Kind.INGEST: Check(find=ingests.find, mend=ingests.mend),
    Kind.KEEPER: Check(find=keepers.find, mend=keepers.mend),
    Kind.LEASE: Check(find=leases.find, mend=leases.mend),
}
"""Every check, in the order in which things are mended: what uses something goes before it, leases go last."""

HOSTS_OWN = (Kind.CGROUP, Kind.FIFO)
"""Of these, what one namespace shows all show: they are told of once."""


def examine(
    workspace: Workspace, *, everywhere: bool = False, patience: timedelta = PATIENCE, host: Host | None = None
) -> tuple[Finding, ...]:
    """What is left over or broken in the namespace, or `everywhere` in the engine.

    A thing is a finding if two looks, one after the other, find it: what another client is just removing is none.
    """
    return _examine([workspace.within(name) for name in _namespaces(workspace, everywhere)], patience, host or Host())


def mend(
    workspace: Workspace,
    findings: Iterable[Finding],
    *,
    patience: timedelta = PATIENCE,
    host: Host | None = None,
) -> Mended:
    """Mend those of the findings that are mendable and that another look still finds, then have containerd collect.

    What cannot be mended is told of, and the rest goes on.
    """
    host = host or Host()
    findings = tuple(findings)
    wanted = {finding.key for finding in findings if finding.mendable}
    places = [workspace.within(name) for name in dict.fromkeys(finding.namespace for finding in findings)]
    mended: list[Finding] = []
    failed: list[tuple[Finding, str]] = []
    for place in places:
        scene = Scene(place, host, timedelta(0))
        for find, remove in ((check.find, check.mend) for check in CHECKS.values() if check.mend):
            for finding in [each for each in find(scene) if each.mendable and each.key in wanted]:
                try:
                    remove(scene, finding)
                except (ChubError, OSError) as failure:
                    failed.append((finding, str(failure)))
                else:
                    mended.append(finding)
    if mended:
        collect(workspace.services)
    return Mended(mended=tuple(mended), failed=tuple(failed), left=_examine(places, patience, host))


def _examine(places: list[Workspace], patience: timedelta, host: Host) -> tuple[Finding, ...]:
    first = {finding.key for finding in _look(places, patience, host)}
    if not first:
        return ()
    return tuple(finding for finding in _look(places, patience, host) if finding.key in first)


def _look(places: list[Workspace], patience: timedelta, host: Host) -> Iterator[Finding]:
    seen = set()
    for place in places:
        scene = Scene(place, host, patience)
        for kind, check in CHECKS.items():
            for finding in check.find(scene):
                if (kind, finding.subject) not in seen or kind not in HOSTS_OWN:
                    seen.add((kind, finding.subject))
                    yield finding


def _namespaces(workspace: Workspace, everywhere: bool) -> list[str]:
    """The namespace in use; or all of the engine, and those that chub has files of."""
    if not everywhere:
        return [workspace.services.namespace]
    found = {each.name for each in workspace.services.namespaces.list()}
    for root in (workspace.data.parent, workspace.state.parent):
        with suppress(FileNotFoundError):
            found.update(name for name in os.listdir(root) if name != "runc")
    return sorted(found)
