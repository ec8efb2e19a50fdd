"""Start a container that exists."""

from __future__ import annotations

from contextlib import closing

from chub.core import launch, lifecycle
from chub.core.create import Created
from chub.core.keeping import Keeper
from chub.core.listing import asked_for, request_of, spec_of
from chub.core.names import name_of
from chub.core.turns import Turn
from chub.core.undo import remove_tree
from chub.core.workspace import Workspace
from chub.errors import Conflict, TimedOut, Unsupported
from chub.output import protocol

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.api.containers import Container


ATTENDED = "the client that started it last has not written down yet how it ended"
PATIENCE = 10.0  # seconds that the keeper has for finishing its last end
TRIES = 3  # others may start it, and it may end, before its turn comes


def start(workspace: Workspace, container: Container) -> None:
    """Start a container that does not run; one that does is left alone. Its output goes on where it ended.

    Raises Unsupported for a container that chub did not make, and as `run` does for its program.
    """
    with closing(Turn(workspace.data / container.id)) as turn:
        created = made(workspace, container, turn)
        if created is not None:
            launch.start_detached(workspace, created)


def made(workspace: Workspace, container: Container, turn: Turn) -> Created | None:
    """A container ready to be started, with `turn` taken: nothing is left of an earlier start. None: it runs.

    Raises Unsupported for a container that chub did not make, and where its last end cannot be finished why.
    """
    if not request_of(container):
        raise Unsupported(
            f"container {name_of(container) or container.id}: only containers that chub made can be started",
            hint="its maker knows where its output goes",
        )
    with closing(Keeper(workspace)) as keeper:
        for _ in range(TRIES):
            turn.take()
            if lifecycle.alive(workspace, container.id) is not None:
                turn.close()
                return None
            if not keeper.holds(container.id):
                break
            turn.close()  # what is finishing it wants its turn
            _settle(workspace, keeper, container.id)
        else:
            raise TimedOut(
                f"container {name_of(container)}: its last end is still being finished",
                hint="is there room for its output? chub system doctor says what hangs",
            )
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


def _settle(workspace: Workspace, keeper: Keeper, id: str) -> None:
    """Have its last end finished: by the keeper, or else here, which raises why that does not work."""
    try:
        keeper.settled(id, PATIENCE)
    except TimedOut:
        if any(note.get("attended") for note in protocol.notes(str(workspace.state), id)):
            raise Conflict(
                f"container {id}: {ATTENDED}", hint="does it, or who reads its output, stand still?"
            ) from None
        from chub.core.overdue import finish_now

        finish_now(workspace, keeper, id)
