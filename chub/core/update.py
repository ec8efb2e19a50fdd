"""Change the limits of a container that exists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chub.api.wire import TypedValue
from chub.core import lifecycle
from chub.core.cgroups import controls
from chub.core.host_config import limits_of
from chub.core.listing import asked_for, request_of, spec_of
from chub.core.respec import respec
from chub.core.workspace import Workspace
from chub.errors import ChubError, Conflict, NotFound
from chub.oci.limits import fitted, merged, to_oci
from chub.options.limits import Limits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.api.containers import Container

RESOURCES_TYPE = "types.containerd.io/opencontainers/runtime-spec/1/LinuxResources"


def update(workspace: Workspace, container: Container, limits: Limits) -> tuple[str, ...]:
    """Change limits, in the record and, where it runs, in the kernel; what `limits` leave open stays as it is.

    Gives a warning for each that this host cannot keep. Raises Invalid for what is out of range, Conflict for what does
    not go with the limits it has; if the runtime fails, the record is as it was.
    """
    able = controls()
    new, warnings = fitted(limits, able, update=True)
    record = workspace.services.containers.get(container.id)
    spec = spec_of(record)
    try:
        changed = merged(limits_of(record, spec), new)
    except Conflict as conflict:
        raise Conflict(f"Cannot update container {record.id}: {conflict}") from conflict
    resources = to_oci(new, update="memory_swap" in able.able)
    linux = spec.get("linux", {})
    now = {**spec, "linux": {**linux, "resources": _over(linux.get("resources") or {}, resources)}}
    request = replace(asked_for(record), limits=changed) if request_of(record) else None
    respec(workspace, record, now, request)
    try:
        _apply(workspace, record.id, resources)
    except ChubError as failure:
        respec(workspace, record, spec, asked_for(record) if request else None)
        raise type(failure)(f"Cannot update container {record.id}: {failure}", hint=failure.hint) from failure
    return warnings


def _apply(workspace: Workspace, id: str, resources: Mapping[str, Any]) -> None:
    """Have the runtime change the cgroup of a container, if it runs."""
    if resources and lifecycle.alive(workspace, id) is not None:
        try:
            workspace.services.tasks.update(id, TypedValue.of_json(RESOURCES_TYPE, resources))
        except NotFound:  # it has ended
            if lifecycle.alive(workspace, id) is not None:
                raise


def _over(old: Mapping[str, Any], new: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """`old` resources of a spec with `new` values in them."""
    return {**old, **{name: {**(old.get(name) or {}), **part} for name, part in new.items()}}
