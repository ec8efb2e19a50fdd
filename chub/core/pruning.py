"""Remove all containers that do not run."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from chub.core import filters as conditions
from chub.core import lifecycle, listing
from chub.core.disk import Disk
from chub.core.listing import EPOCH, State, Summary
from chub.core.names import lease_of
from chub.core.owners import spared
from chub.core.workspace import Workspace
from chub.errors import Conflict, Invalid, NotFound
from chub.options.times import SECOND, parse_moment
from chub.records import record

FILTERS = ("label", "label!", "until")


@record
class Pruned:
    """What was removed."""

    ids: tuple[str, ...] = ()  # of containers
    reclaimed: int = 0  # bytes that their own files took


def prunable(workspace: Workspace, filters: Sequence[str] = ()) -> tuple[Summary, ...]:
    """What `prune` would remove now, the newest first. Raises Invalid for a wrong filter."""
    accepting = _accepting(filters)
    making = {lease.id for lease in workspace.services.leases.list()}
    return tuple(
        row
        for row in listing.containers(workspace, all=True)
        if row.state not in (State.RUNNING, State.PAUSED, State.UNKNOWN)
        and not (row.state is State.CREATED and (row.task is not None or lease_of(row.record.id) in making))
        and not spared(row.record, row.namespace)
        and all(accept(row) for accept in accepting)
    )


def prune(workspace: Workspace, filters: Sequence[str] = ()) -> Pruned:
    """Remove every container of the namespace that does not run, but docker's, Kubernetes's and what stands among them.

    `filters` are docker's, NAME=VALUE: ``until`` (made before), ``label``, ``label!``. A container that is just being
    made stays. Raises Invalid for a wrong filter, before anything is removed.
    """
    removed, reclaimed = [], 0
    disk = Disk(workspace)
    for row in prunable(workspace, filters):
        size = disk.own(row)
        try:
            lifecycle.remove(workspace, row.record)
        except (Conflict, NotFound):  # it has been started meanwhile, or another client removes it
            continue
        removed.append(row.record.id)
        reclaimed += size
    return Pruned(ids=tuple(removed), reclaimed=reclaimed)


def _accepting(filters: Sequence[str]) -> list[Callable[[Summary], bool]]:
    values = conditions.by_name(filters, FILTERS)
    tests: list[Callable[[Summary], bool]] = [conditions.labelled(label) for label in values.get("label", ())]
    for label in values.get("label!", ()):
        has = conditions.labelled(label)
        tests.append(lambda row, has=has: not has(row))  # type: ignore[misc]
    moments = [parse_moment(text, time.time_ns()) for text in values.get("until", ())]
    if len(moments) > 1:
        raise Invalid("more than one until filter specified")
    return tests + [lambda row, until=until: _made(row) < until for until in moments]


def _made(row: Summary) -> int:
    """When a container was made, in nanoseconds since 1970."""
    return int((row.record.created or EPOCH).timestamp() * SECOND)
