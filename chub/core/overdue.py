"""Finish what the keeper cannot: the Python that its processes are started with was removed, or they fail."""

from __future__ import annotations

from contextlib import closing, suppress

from chub.core import endings
from chub.core.finish import finish
from chub.core.keeping import Keeper
from chub.core.workspace import Workspace
from chub.errors import ChubError
from chub.output import protocol


def finish_late(workspace: Workspace) -> None:
    """Finish all of the namespace whose keeper has called for help; what fails now is left to the next one."""
    with closing(Keeper(workspace)) as keeper:
        for id in keeper.late():
            with suppress(ChubError):
                finish_now(workspace, keeper, id)


def finish_now(workspace: Workspace, keeper: Keeper, id: str) -> None:
    """Finish a container that has ended, in the keeper's place."""
    note = next(protocol.notes(str(workspace.state), id), {})
    exit = note.get("exit")
    seen = (exit[0], endings.moment(exit[1])) if exit else None
    if finish(workspace, id, seen, pid=note.get("pid", 0), spare=seen is None):
        keeper.called_off(id)
