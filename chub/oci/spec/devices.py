"""The devices that the container may open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chub.oci.spec.base import DEVICE_RULES, Spec

if TYPE_CHECKING:
    from chub.oci.config import ImageConfig
    from chub.oci.spec.facts import Facts, HostDevice
    from chub.options.request import Request


def apply(spec: Spec, request: Request, image: ImageConfig, facts: Facts) -> None:
    """Write device nodes and the rules of the device cgroup."""
    write(spec, request, facts)


def write(spec: Spec, request: Request, facts: Facts) -> None:
    """Write the nodes of devices that were asked for, and the rules: a privileged container may use all of the host's.

    The nodes of docker's default (null, zero, full, random, urandom, tty, ptmx) are made by every runtime.
    """
    if request.security.privileged:
        there = {device.path for device in facts.host.devices}
        found = (*facts.host.devices, *(device for device in facts.devices if device.path not in there))
        rules: list[dict[str, Any]] = [{"allow": True, "access": "rwm"}]
    else:
        found = facts.devices
        rules = [_rule(*rule) for rule in DEVICE_RULES]
        rules += [{**_rule(True, each.kind, each.major, each.minor), "access": each.permissions} for each in found]
        rules += [_asked_rule(text) for text in request.resources.device_cgroup_rules]
    if found:
        spec["linux"]["devices"] = [_node(device) for device in found]
    spec["linux"]["resources"]["devices"] = rules


def _asked_rule(text: str) -> dict[str, Any]:
    """A rule of docker's (``c 42:* rwm``) as a spec has it: -1 is any number."""
    kind, numbers, access = text.split(" ")
    major, minor = (-1 if number == "*" else int(number) for number in numbers.split(":"))
    return {"allow": True, "type": kind, "major": major, "minor": minor, "access": access}


def _rule(allow: bool, kind: str | None, major: int | None, minor: int | None) -> dict[str, Any]:
    where = {"type": kind, "major": major, "minor": minor} if kind else {}
    return {"allow": allow, **where, "access": "rwm"}


def _node(device: HostDevice) -> dict[str, Any]:
    return {
        "path": device.path,
        "type": device.kind,
        "major": device.major,
        "minor": device.minor,
        "fileMode": device.mode,
        "uid": device.uid,
        "gid": device.gid,
    }
