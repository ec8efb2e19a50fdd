"""System call filters: profiles in docker's format, resolved for one host and one set of capabilities.

Format: docker's seccomp profile, which is the OCI spec's ``linux.seccomp`` with conditions on every rule
(``includes`` and ``excludes`` of architectures, capabilities and a least kernel version).
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from chub.errors import Invalid

if TYPE_CHECKING:
    from chub.oci.spec.facts import Host

# uname -m → name in the conditions of a profile, libseccomp's name
MACHINES = {
    "x86_64": ("amd64", "SCMP_ARCH_X86_64"),
    "aarch64": ("arm64", "SCMP_ARCH_AARCH64"),
    "armv6l": ("arm", "SCMP_ARCH_ARM"),
    "armv7l": ("arm", "SCMP_ARCH_ARM"),
    "i386": ("386", "SCMP_ARCH_X86"),
    "i686": ("386", "SCMP_ARCH_X86"),
    "ppc64le": ("ppc64le", "SCMP_ARCH_PPC64LE"),
    "riscv64": ("riscv64", "SCMP_ARCH_RISCV64"),
    "s390x": ("s390x", "SCMP_ARCH_S390X"),
}

# What a profile says of the filter as a whole, passed on as it is.
_WHOLE = ("defaultAction", "defaultErrnoRet", "flags", "listenerPath", "listenerMetadata")
# What a rule says besides its names and conditions.
_RULE = ("action", "errnoRet", "args")


def default() -> Mapping[str, Any]:
    """Chub's own profile: docker's rules, as a file in docker's format that can be copied and changed."""
    with open(os.path.join(os.path.dirname(__file__), "seccomp.json"), "rb") as file:
        profile: Mapping[str, Any] = json.load(file)
    return profile


def resolve(profile: Mapping[str, Any], host: Host, capabilities: Collection[str]) -> dict[str, Any] | None:
    """The spec's ``linux.seccomp`` for `profile` on `host`, for a bounding set of `capabilities`.

    None: the profile filters nothing. Invalid: it is no profile.
    """
    profile = _object(profile)
    rules = [_object(rule) for rule in _list(profile, "syscalls")]
    if not profile.get("defaultAction"):
        if not rules:
            return None
        raise _broken("it has no defaultAction")
    filter = {key: profile[key] for key in _WHOLE if profile.get(key)}
    if architectures := _architectures(profile, host):
        filter["architectures"] = architectures
    filter["syscalls"] = [_rule(rule) for rule in rules if _applies(rule, host, capabilities)]
    return filter


def _architectures(profile: Mapping[str, Any], host: Host) -> list[str]:
    """The architectures the filter covers: as listed, or those that the map gives for the host's own."""
    listed, mapped = _list(profile, "architectures"), _list(profile, "archMap")
    if listed and mapped:
        raise Invalid(
            "both 'architectures' and 'archMap' are specified in the seccomp profile, "
            "use either 'architectures' or 'archMap'"
        )
    native = MACHINES.get(host.machine, ("", ""))[1]
    for entry in map(_object, mapped):
        if entry.get("architecture") == native:
            return [native, *_list(entry, "subArchitectures")]
    return listed


def _rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    """One rule without its conditions."""
    name, names = rule.get("name"), _list(rule, "names")
    if name and names:
        raise Invalid("both 'name' and 'names' are specified in the seccomp profile, use either 'name' or 'names'")
    return {"names": [name] if name else names, **{key: rule[key] for key in _RULE if rule.get(key)}}


def _applies(rule: Mapping[str, Any], host: Host, capabilities: Collection[str]) -> bool:
    """Whether all that a rule includes holds, and nothing that it excludes."""
    machine = MACHINES.get(host.machine, (host.machine, ""))[0]
    includes, excludes = (_object(rule.get(key) or {}) for key in ("includes", "excludes"))
    architectures = _list(includes, "arches")
    return (
        (not architectures or machine in architectures)
        and all(name in capabilities for name in _list(includes, "caps"))
        and host.kernel >= _version(includes.get("minKernel") or "0.0")
        and machine not in _list(excludes, "arches")
        and not any(name in capabilities for name in _list(excludes, "caps"))
        and not (excludes.get("minKernel") and host.kernel >= _version(excludes["minKernel"]))
    )


def _version(text: object) -> tuple[int, int]:
    """A kernel version as MAJOR.MINOR."""
    major, _, minor = str(text).partition(".")
    try:
        return int(major), int(minor)
    except ValueError as failure:
        raise _broken(f'invalid kernel version: "{text}", expected "<kernel>.<major>"') from failure


def _object(value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise _broken(f"expected an object, found {value!r:.40}")
    return value


def _list(parent: Mapping[str, Any], key: str) -> list[Any]:
    """A list in `parent`; absent and null are an empty one."""
    value = parent.get(key)
    if value is not None and not isinstance(value, list):
        raise _broken(f"{key}: expected a list, found {value!r:.40}")
    return value or []


def _broken(why: str) -> Invalid:
    return Invalid(f"Decoding seccomp profile failed: {why}")
