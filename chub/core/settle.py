"""Leave what is to be left of a container, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

from chub.core import create, lifecycle
from chub.core.create import Created
from chub.core.workspace import Workspace
from chub.errors import ChubError


def settle(workspace: Workspace, created: Created) -> None:
    """Remove a container that is to be removed when it ends; another one stays, by its record alone."""
    if created.request.identity.remove:
        lifecycle.erase(workspace, created.record)
    else:
        create.release(workspace, created)


def after(failure: BaseException, created: Created, step: Callable[[], object]) -> None:
    """Tidy up after a failure. Where that fails too, the first failure says what may be left, and how to remove it."""
    try:
        step()
    except (ChubError, OSError) as second:
        failure.add_note(f"tidying up failed too: {second}")
        if isinstance(failure, ChubError):
            failure.hint = (
                f"container {created.name} may still be there: start the engine again, then chub rm -f {created.name}"
            )
