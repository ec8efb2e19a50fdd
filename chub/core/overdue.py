"""Finish what the keeper cannot: the Python that its processes are started with was removed, or they fail."""

from __future__ import annotations

from contextlib import closing, suppress

from chub.core import endings, lifecycle
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
                note = next(protocol.notes(str(workspace.state), id), {})
                if seen := note.get("exit"):
                    finish(workspace, id, (seen[0], endings.moment(seen[1])))
                elif lifecycle.alive(workspace, id) is None:
                    finish(workspace, id)
                else:
                    continue
                keeper.called_off(id)
