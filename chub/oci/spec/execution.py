"""Another process in a container, made of how its first one was started."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from chub.options.execution import Execution

TERM = "TERM=xterm"  # what docker and nerdctl give a process with a terminal


def process(
    first: Mapping[str, Any],
    execution: Execution,
    *,
    user: Mapping[str, Any] | None = None,
    capabilities: Sequence[str] | None = None,
    console: tuple[int, int] | None = None,
) -> dict[str, Any]:
    """The `process` of an OCI spec, from that of the container: what is not asked for is as there.

    `user` and `capabilities` replace those of `first`; `console` is the terminal's (columns, rows).
    """
    made = {name: value for name, value in first.items() if name not in ("terminal", "consoleSize", "commandLine")}
    made["args"] = list(execution.words)
    made["env"] = list(_environment(first, execution))
    made["cwd"] = execution.workdir or first.get("cwd") or "/"
    if user is not None:
        made["user"] = dict(user)
    if capabilities is not None:
        made["capabilities"] = {kind: list(capabilities) for kind in ("bounding", "effective", "permitted")}
    if execution.tty:
        made["terminal"] = True
        if console is not None:
            made["consoleSize"] = {"width": console[0], "height": console[1]}
    return made


def _environment(first: Mapping[str, Any], execution: Execution) -> Iterator[str]:
    """The container's variables, TERM as the terminal wants it, then what was asked for; the later replaces."""
    variables: dict[str, str] = {}
    for entry in first.get("env") or ():
        if entry == TERM and first.get("terminal") and not execution.tty:
            continue  # the container has it for its terminal's sake
        variables[_name(entry)] = entry
        if execution.tty and entry.startswith("HOSTNAME="):
            variables.setdefault("TERM", TERM)
    if execution.tty:
        variables.setdefault("TERM", TERM)
    for entry in execution.env:
        if "=" in entry:
            variables[_name(entry)] = entry
        else:
            variables.pop(entry, None)
    yield from variables.values()


def _name(entry: str) -> str:
    return entry.partition("=")[0]
