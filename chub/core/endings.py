"""How a container ended, as chub writes it down: ``exit.json`` in the container's directory.

containerd forgets an exit status with the task, and from 1.7 on also when it restarts. Until that file is written, as
while containerd is away, the keeper's own note has what the shim told it.
"""

from __future__ import annotations

import json
import os
import threading
from contextlib import nullcontext, suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chub.core.cgroups import oom_kills
from chub.core.workspace import Workspace, writing
from chub.errors import ResourceExhausted
from chub.output import protocol
from chub.records import record

NAME = "exit.json"
VERSION = 1

LOST = 255
"""The exit code of a container whose real one nobody knows any more."""

UNSEEN = "its task is gone, and its exit status with it: the shim was killed, or containerd or the host restarted"
"""Why nobody knows it."""


@record
class Ending:
    """The last start of a container, and what came of it."""

    started: datetime | None = None  # None: it never ran
    finished: datetime | None = None  # None: it had not ended when this was written
    exit_code: int | None = None  # None: as `finished`; 126, 127, 128 also of a start that failed
    error: str = ""  # why it did not start
    cgroup: str = ""  # its path below the hierarchies' roots; "" where it never ran
    pid: int = 0  # its first process, which tells this start from another; 0 where it never ran
    oom_killed: bool = False  # the kernel killed a process of it because memory ran out

    def told(self, exit_code: int, finished: datetime | None, error: str = "") -> Ending:
        """This start at its end. Its cgroup must be there still: who deletes the task takes that away."""
        return replace(
            self,
            exit_code=exit_code,
            finished=finished or datetime.now(UTC),
            error=error,
            oom_killed=oom_kills(self.cgroup) > 0,
        )


def write(directory: Path, ending: Ending, *, doomed: bool = False) -> None:
    """Write it down: whole or not at all. The directory of a container that was removed meanwhile is not made again.

    A full disk is no hindrance for a container that is `doomed`: it is about to be removed.
    """
    content = {"version": VERSION, **asdict(ending)}
    for key in ("started", "finished"):
        content[key] = content[key].isoformat() if content[key] else None
    part = directory / f".{NAME}.{os.getpid()}.{threading.get_ident()}"  # who removes it and who attends it may meet
    with suppress(ResourceExhausted) if doomed else nullcontext(), writing(directory):
        try:
            part.write_text(json.dumps(content) + "\n")
            os.replace(part, directory / NAME)
        except FileNotFoundError:
            if directory.exists():
                raise


def read(directory: Path) -> Ending | None:
    """What was written down; None if nothing was, or the container is not chub's."""
    try:
        content: dict[str, Any] = json.loads((directory / NAME).read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    return Ending(
        started=_time(content.get("started")),
        finished=_time(content.get("finished")),
        exit_code=content.get("exit_code"),
        error=content.get("error", ""),
        cgroup=content.get("cgroup", ""),
        pid=content.get("pid", 0),
        oom_killed=content.get("oom_killed", False),
    )


def of(workspace: Workspace, id: str) -> Ending | None:
    """How a container ended as far as anything is written down; None if nothing is, or the container is not chub's."""
    ending = read(workspace.data / id)
    if ending is None or ending.started is None or ending.finished is not None:
        return ending
    for note in protocol.notes(str(workspace.state), id):
        if (seen := note.get("exit")) and (finished := moment(seen[1])) >= ending.started:
            return replace(ending, exit_code=seen[0], finished=finished)
    return ending


def moment(nanoseconds: int) -> datetime:
    """A keeper's time, nanoseconds since 1970."""
    return datetime.fromtimestamp(nanoseconds / 10**9, UTC)


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(UTC) if text else None
