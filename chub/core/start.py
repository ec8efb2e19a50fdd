"""Start a container that exists."""

from __future__ import annotations

from contextlib import closing

from chub.core import launch, lifecycle
from chub.core.create import Created
from chub.core.keeping import Keeper
from chub.core.listing import asked_for, request_of, spec_of
from chub.core.names import name_of
from chub.core.undo import remove_tree
from chub.core.workspace import Workspace
from chub.errors import Unsupported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.api.containers import Container


def start(workspace: Workspace, container: Container) -> None:
    """Start a container that does not run; one that does is left alone. Its output goes on where it ended.

    Raises Unsupported for a container that chub did not make, and as `run` does for its program.
    """
    if not runs(workspace, container):
        launch.start_detached(workspace, made(workspace, container))


def runs(workspace: Workspace, container: Container) -> bool:
    """Whether it runs; raises Unsupported for a container that chub did not make."""
    if not request_of(container):
        raise Unsupported(
            f"container {name_of(container) or container.id}: only containers that chub made can be started",
            hint="its maker knows where its output goes",
        )
    return lifecycle.alive(workspace, container.id) is not None


def made(workspace: Workspace, container: Container) -> Created:
    """A container that does not run, ready to be started: nothing is left of an earlier start."""
    with closing(Keeper(workspace)) as keeper:
        keeper.settled(container.id)
    lifecycle.end_task(workspace, container.id)
    remove_tree(workspace.state / container.id)
    return Created(
        id=container.id,
        name=name_of(container),
        request=asked_for(container),
        record=container,
        args=tuple(spec_of(container).get("process", {}).get("args", ())),
        mounts=workspace.services.snapshots(container.snapshotter).mounts(container.snapshot_key),
        directory=workspace.data / container.id,
    )
