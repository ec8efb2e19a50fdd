"""What the container has of its own instead of sharing it with the host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chub.errors import Unsupported
from chub.oci.spec.base import Spec

if TYPE_CHECKING:
    from chub.oci.config import ImageConfig
    from chub.oci.spec.facts import Facts
    from chub.options.request import Request


def apply(spec: Spec, request: Request, image: ImageConfig, facts: Facts) -> None:
    """Write the namespaces and the host name.

    As docker's: private ones, on cgroup version 2 also of cgroups. With the host's network the host name is
    the host's, but a copy: the container may change it.
    """
    network = request.network.network
    if network not in ("none", "host"):
        raise Unsupported(f"network {network} is not supported yet", hint="use none or host")
    kinds = ["mount", "uts", "pid", "ipc"]
    if network == "none":
        kinds.append("network")
    if facts.host.cgroup == 2:
        kinds.append("cgroup")
    spec["linux"]["namespaces"] = [{"type": kind} for kind in kinds]
    spec["hostname"] = hostname(request, facts)


def hostname(request: Request, facts: Facts) -> str:
    """The container's host name: as asked for, or the host's with its network, or the short id."""
    if request.network.hostname:
        return request.network.hostname
    return facts.host.name if request.network.network == "host" else facts.id[:12]
