"""The first process: its words, environment, directory, user and terminal."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from chub.errors import Invalid
from chub.oci.spec.base import INIT, PATH, Spec
from chub.oci.spec.namespaces import hostname

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chub.oci.config import ImageConfig
    from chub.oci.spec.facts import Facts
    from chub.options.process import Process
    from chub.options.request import Request


def apply(spec: Spec, request: Request, image: ImageConfig, facts: Facts) -> None:
    """Write how the first process is started."""
    process = spec["process"]
    process["args"] = [*((INIT, "--") if has_init(request) else ()), *arguments(request, image)]
    process["env"] = list(environment(request, image, facts))
    process["cwd"] = _directory(request.process, image)
    process["user"] = {
        "uid": facts.uid,
        "gid": facts.gid,
        "additionalGids": list(dict.fromkeys((facts.gid, *facts.groups))),
    }
    process["oomScoreAdj"] = _score(request.resources.oom_score_adj)  # without one it inherits its shim's
    if request.terminal.tty:
        process["terminal"] = True
        if facts.console is not None:
            height, width = facts.console
            process["consoleSize"] = {"height": height, "width": width}
    if annotations := dict(text.partition("=")[::2] for text in request.identity.annotations):
        spec["annotations"] = annotations


def has_init(request: Request) -> bool:
    """Whether an init is put before the program: as with docker, only where it is the first process it can see."""
    return request.process.init and not request.namespaces.pid


def _score(asked: int) -> int:
    if not -1000 <= asked <= 1000:
        raise Invalid(f"Invalid value {asked}, range for oom score adj is [-1000, 1000]")
    return asked


def arguments(request: Request, image: ImageConfig) -> tuple[str, ...]:
    """The program and its arguments, from entry point, command and what the image has of both."""
    entrypoint = request.process.entrypoint
    if entrypoint is None:
        words = (*(image.entrypoint or ()), *(request.words or image.cmd or ()))
    elif entrypoint:
        words = (entrypoint, *request.words)
    else:
        words = request.words
    if not words:
        raise Invalid("no command specified", hint="name a program after the image, or give --entrypoint one")
    return words


def environment(request: Request, image: ImageConfig, facts: Facts) -> tuple[str, ...]:
    """The environment as NAME=VALUE: docker's own, then what was asked for, then the rest of the image's.

    What comes later replaces; a name without a value takes the variable out. HOME is left to the runtime,
    which reads the container's own passwd file.
    """
    own = [PATH, f"HOSTNAME={hostname(request, facts)}"]
    if request.terminal.tty:
        own.append("TERM=xterm")
    asked = request.process.env
    named = {_name(entry) for entry in asked}
    variables = {_name(entry): entry for entry in own}
    for entry in (*_last_of_each(asked), *(entry for entry in image.env if _name(entry) not in named)):
        if "=" in entry:
            variables[_name(entry)] = entry
        else:
            variables.pop(entry, None)
    return tuple(variables.values())


def _last_of_each(entries: Iterable[str]) -> Iterable[str]:
    """Each variable's last entry, where that one stands."""
    last: dict[str, str] = {}
    for entry in entries:
        last.pop(_name(entry), None)
        last[_name(entry)] = entry
    return last.values()


def _name(entry: str) -> str:
    return entry.partition("=")[0]


def _directory(process: Process, image: ImageConfig) -> str:
    """The working directory, absolute; the runtime makes it where it is missing."""
    directory = process.workdir or image.workdir or "/"
    if not directory.startswith("/"):
        raise Invalid(f"the working directory {directory!r} is invalid, it needs to be an absolute path")
    return posixpath.normpath(directory)
