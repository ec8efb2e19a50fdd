"""What the container may do."""

from collections.abc import Iterable, Mapping
from typing import Any

from chub.errors import Invalid
from chub.options.values import parse_bool
from chub.records import record

UNCONFINED = "unconfined"


@record
class Security:
    """Privileges beyond, or short of, docker's defaults."""

    privileged: bool = False
    cap_add: tuple[str, ...] = ()  # names with or without CAP_, any case, or ALL
    cap_drop: tuple[str, ...] = ()
    security_opt: tuple[str, ...] = ()  # as parse_security_opt gives them: a seccomp profile is its JSON
    read_only: bool = False  # the root filesystem; mounts keep their own mode


@record
class Confinement:
    """What all of a container's ``--security-opt`` say together."""

    no_new_privileges: bool = False
    unfiltered: bool = False  # no system call filter
    profile: Mapping[str, Any] | None = None  # a filter in docker's format; None: chub's own
    apparmor: str = ""  # name of a loaded profile, or "unconfined"; empty: the default one
    all_paths: bool = False  # nothing of /proc and /sys is hidden or read-only
    writable_cgroups: bool = False


def parse_security_opt(text: str) -> str:
    """Check one ``--security-opt`` and return it with the file it names replaced by what is in it.

    Accepted: ``no-new-privileges[=BOOL]``, ``seccomp=unconfined|FILE``, ``apparmor=PROFILE``,
    ``systempaths=unconfined``, ``writable-cgroups=BOOL``, ``label=disable``; ``:`` serves as ``=``, as it did
    once. A seccomp file holds JSON in docker's format.
    """
    name, value = _split(text)
    if name == "seccomp" and value != UNCONFINED:
        return f"seccomp={_profile_of(value)}"
    confinement([text])
    return text


def confinement(options: Iterable[str]) -> Confinement:
    """What `options` say together; of two that say the same thing the later counts."""
    fields: dict[str, Any] = {}
    for text in options:
        name, value = _split(text)
        match name:
            case "no-new-privileges":
                fields["no_new_privileges"] = not value or _flag(text, value)
            case "writable-cgroups":
                fields["writable_cgroups"] = _flag(text, value)
            case "apparmor":
                fields["apparmor"] = value
            case "seccomp":
                fields["unfiltered"] = value == UNCONFINED
                fields["profile"] = None if value == UNCONFINED else _decoded(value)
            case "systempaths" if value == UNCONFINED:
                fields["all_paths"] = True
            case "label" if value == "disable":
                pass
            case _:
                raise Invalid(
                    f'invalid --security-opt: "{text}"',
                    hint="known are no-new-privileges, seccomp=, apparmor=, systempaths=unconfined, "
                    "writable-cgroups= and label=disable",
                )
    return Confinement(**fields)


def _split(text: str) -> tuple[str, str]:
    """Name and value; only ``no-new-privileges`` goes without one."""
    place = min((at for at in (text.find("="), text.find(":")) if at >= 0), default=len(text))
    name, value = text[:place], text[place + 1 :]
    if not value and text != "no-new-privileges":
        raise Invalid(f'invalid --security-opt: "{text}"')
    return name, value


def _flag(text: str, value: str) -> bool:
    try:
        return parse_bool(value)
    except Invalid as failure:
        raise Invalid(f'invalid --security-opt: "{text}"') from failure


def _decoded(profile: str) -> Mapping[str, Any]:
    import json

    try:
        decoded = json.loads(profile)
    except ValueError as failure:
        raise Invalid(f"Decoding seccomp profile failed: {failure}") from failure
    if not isinstance(decoded, Mapping):
        raise Invalid("Decoding seccomp profile failed: it is not a JSON object")
    return decoded


def _profile_of(path: str) -> str:
    """The seccomp profile in a file, as compact JSON."""
    import json

    try:
        with open(path, "rb") as file:
            profile = json.load(file)
    except OSError as failure:
        raise Invalid(
            f"opening seccomp profile ({path}) failed: open {path}: {(failure.strerror or '').lower()}"
        ) from failure
    except ValueError as failure:
        raise Invalid(f"compacting json for seccomp profile ({path}) failed: {failure}") from failure
    return json.dumps(profile, separators=(",", ":"))
