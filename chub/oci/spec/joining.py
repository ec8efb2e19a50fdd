"""What of a spec follows another container, which the namespaces are that runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chub.oci.spec.base import Spec

NAMES = {"network": "net"}  # of namespaces in /proc/PID/ns, where it differs from the spec's
FILES = ("/etc/hosts", "/etc/hostname", "/etc/resolv.conf")


def join(spec: Spec, kind: str, pid: int) -> None:
    """Have the container enter a namespace of process `pid` instead of a new one."""
    for each in spec["linux"]["namespaces"]:
        if each["type"] == kind:
            each["path"] = f"/proc/{pid}/ns/{NAMES.get(kind, kind)}"


def adopt(spec: Spec, donor: Mapping[str, Any]) -> None:
    """Take over what goes with the network of the container whose spec is `donor`: host name and files of /etc."""
    if hostname := donor.get("hostname"):
        if "hostname" in spec:  # it has the host's where it shares that
            spec["hostname"] = hostname
        process = spec["process"]
        process["env"] = [f"HOSTNAME={hostname}" if _is_hostname(each) else each for each in process.get("env", ())]
    sources = {each["destination"]: each.get("source") for each in donor.get("mounts", ())}
    for mount in spec["mounts"]:
        if mount["destination"] in FILES and sources.get(mount["destination"]):
            mount["source"] = sources[mount["destination"]]


def _is_hostname(variable: str) -> bool:
    return variable.startswith("HOSTNAME=")
