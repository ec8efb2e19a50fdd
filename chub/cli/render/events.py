"""A line for each event, as docker's."""

from collections.abc import Mapping

from chub.cli.render import template
from chub.cli.render.template import Map, Struct, Template, TemplateError
from chub.cli.render.text import plain
from chub.core.events import CONTAINER, Happening

KEYS = {"Status": "status", "ID": "id", "From": "from", "Scope": "scope", "Time": "time", "TimeNano": "timeNano"}
OPTIONAL = ("Status", "ID", "From")  # JSON leaves them out where they are empty
SPENT = 64  # exit status for a template that is wrong in any way


def wanted(format: str | None) -> Template | None:
    """The template of ``--format``, tried on an event of nothing; None without one. Raises `TemplateError`."""
    if not format:
        return None
    try:
        made = template.compile("{{json .}}" if format == "json" else format)
        made.render(_message("", "", "", {}, "", 0), strict=False)
    except TemplateError as error:
        failure = TemplateError(f"Error parsing format: {str(error).removeprefix('template parsing error: ')}")
        failure.exit_code = SPENT
        raise failure from error
    return made


def line(happened: Happening, form: Template | None) -> str:
    """An event by a template, or as ``TIME TYPE ACTION ID (NAME=VALUE, …)``."""
    if form is not None:
        nanoseconds = int(happened.time.timestamp()) * 10**9 + happened.time.microsecond * 1000
        given = (happened.type, happened.action, happened.id, happened.attributes, happened.scope, nanoseconds)
        return form.render(_message(*given), strict=False)
    clock = happened.time.astimezone().isoformat(timespec="microseconds")
    stamp = f"{clock[:26]}000{'Z' if clock.endswith('+00:00') else clock[26:]}"
    attributes = ", ".join(f"{name}={value}" for name, value in sorted(happened.attributes.items()))
    tail = f" ({attributes})" if attributes else ""
    return plain(f"{stamp} {happened.type} {happened.action} {happened.id}{tail}")


def _message(kind: str, action: str, id: str, attributes: Mapping[str, str], scope: str, nanoseconds: int) -> Struct:
    """The record that docker has of an event; its first three fields are those of its older versions."""
    fields = {
        "Status": action,
        "ID": id,
        "From": attributes.get("image", "") if kind == CONTAINER else "",
        "Type": kind,
        "Action": action,
        "Actor": Struct({"ID": id, "Attributes": Map(dict(sorted(attributes.items())))}, "events.Actor"),
        "Scope": scope,
        "Time": nanoseconds // 10**9,
        "TimeNano": nanoseconds,
    }
    return Struct(fields, "*events.Message", {**KEYS, **{name: "" for name in OPTIONAL if not fields[name]}})
