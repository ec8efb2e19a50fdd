"""Start a container that exists."""

from __future__ import annotations

from contextlib import closing

from chub.core import detached, lifecycle
from chub.core.create import Created
from chub.core.keeping import Keeper
from chub.core.listing import ALIVE, request_of, spec_of
from chub.core.names import name_of
from chub.core.undo import remove_tree
from chub.core.workspace import Workspace
from chub.errors import NotFound, Unsupported
from chub.options.request import from_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.api.containers import Container


def start(workspace: Workspace, container: Container) -> None:
    """Start a container that does not run; one that does is left alone. Its output goes on where it ended.

    Raises Unsupported for a container that chub did not make, and as `run` does for its program.
    """
    if not container.extensions or not (request := request_of(container)):
        raise Unsupported(
            f"container {name_of(container) or container.id}: only containers that chub made can be started",
            hint="its maker knows where its output goes",
        )
    try:
        if workspace.services.tasks.get(container.id).status in ALIVE:
            return
    except NotFound:
        pass
    with closing(Keeper(workspace)) as keeper:
        keeper.settled(container.id)
    lifecycle.end_task(workspace, container.id)
    remove_tree(workspace.state / container.id)
    created = Created(
        id=container.id,
        name=name_of(container),
        request=from_json(request),
        record=container,
        args=tuple(spec_of(container).get("process", {}).get("args", ())),
        mounts=workspace.services.snapshots(container.snapshotter).mounts(container.snapshot_key),
        directory=workspace.data / container.id,
    )
    detached.start(workspace, created)
