"""The processes of a container, as the host's `ps` shows them."""

from __future__ import annotations

import os
import re
import subprocess

from chub.core.lifecycle import running
from chub.core.workspace import Workspace
from chub.errors import ChubError, Invalid, Unsupported
from chub.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.api.containers import Container

USUAL = "-ef"


@record
class Processes:
    """A table of processes; what its columns are depends on the options of `ps`."""

    titles: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def top(workspace: Workspace, container: Container, options: str = USUAL) -> Processes:
    """What ``ps OPTIONS`` says on this host of a container's processes; the PID column is needed to tell which.

    Raises Conflict for a container that does not run, Invalid for options that `ps` does not take or that hide the PID,
    Unsupported on a host without `ps`.
    """
    _check(options)
    task = running(workspace, container)
    pids = {process.pid for process in workspace.services.tasks.pids(task.container_id)}
    words = options.split() or [USUAL]
    shown = _ps([*words, "-q" + ",".join(map(str, sorted(pids)))])
    if shown.returncode != 0:  # some options, as f, cannot be used with -q
        shown = _ps(words)
    if shown.returncode != 0:
        raise Invalid(f"ps: {shown.stderr.partition(chr(10))[0] or f'exit status {shown.returncode}'}")
    return _parsed(shown.stdout, pids)


def _check(options: str) -> None:
    """Another column that is called PID would show processes of others."""
    for column, title in re.findall(r"\s(\S*)=\s*(PID\S*)", f" {options}", re.ASCII):
        if column != "pid":
            raise Invalid(f'specifying "{column}={title}" is not allowed')


def _ps(words: list[str]) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}  # it would cut lines
    try:
        return subprocess.run(
            ["ps", *words],
            check=False,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            env=environment,
            encoding="utf-8",
            errors="surrogateescape",
        )
    except FileNotFoundError as failure:
        raise Unsupported("top needs the host's ps", hint="apt-get install procps") from failure
    except OSError as failure:
        raise ChubError(f"ps cannot be started: {failure.strerror}") from failure


def _parsed(output: str, pids: set[int]) -> Processes:
    """The lines of these processes. A line of a thread has "-" for the PID, and follows its process's."""
    titles, *lines = [line.split() for line in output.splitlines() if line.strip()] or [[]]
    if "PID" not in titles:
        raise Invalid("Couldn't find PID field in ps output", hint="have pid among the columns: -o pid,cmd")
    place, last = titles.index("PID"), len(titles) - 1
    rows, ours = [], False
    for fields in lines:
        pid = fields[place] if place < len(fields) else ""
        ours = ours if pid == "-" else pid.isdigit() and int(pid) in pids
        if ours:
            rows.append((*fields[:last], " ".join(fields[last:])))
    return Processes(titles=tuple(titles), rows=tuple(rows))
