"""The devices that the container may open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chub.oci.spec.base import DEVICE_RULES, Spec

if TYPE_CHECKING:
    from chub.oci.config import ImageConfig
    from chub.oci.spec.facts import Facts, HostDevice
    from chub.options.request import Request


def apply(spec: Spec, request: Request, image: ImageConfig, facts: Facts) -> None:
    """Write device nodes and the rules of the device cgroup: for a privileged container, all of the host's.

    The nodes of docker's default (null, zero, full, random, urandom, tty, ptmx) are made by every runtime.
    """
    if request.security.privileged:
        spec["linux"]["devices"] = [_node(device) for device in facts.host.devices]
        rules: list[dict[str, Any]] = [{"allow": True, "access": "rwm"}]
    else:
        rules = [_rule(*rule) for rule in DEVICE_RULES]
    spec["linux"]["resources"]["devices"] = rules


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
