"""Give a container that exists another spec."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chub.api.wire import TypedValue
from chub.core.marks import REQUEST, SPEC_FILE, SPEC_TYPE
from chub.core.workspace import Workspace, writing
from chub.options.request import Request, to_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.api.containers import Container


def respec(
    workspace: Workspace, container: Container, spec: Mapping[str, Any], request: Request | None = None
) -> Container:
    """Write a new spec, and with it the new request that it stands for, into a container's record, and give that back.

    What is written for people to read beside it follows.
    """
    value = TypedValue.of_json(SPEC_TYPE, spec)
    extensions = {} if request is None else {REQUEST: TypedValue.of_json(REQUEST, to_json(request))}
    changed = replace(container, spec=value, extensions={**container.extensions, **extensions})
    record = workspace.services.containers.update(changed, "spec", *(f"extensions.{name}" for name in extensions))
    file = workspace.data / container.id / SPEC_FILE
    if file.exists():
        with writing(file.parent):
            file.write_bytes(value.value)
    return record
