"""What the container has of its own instead of sharing it with the host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chub.errors import Invalid, Unsupported
from chub.oci.spec.base import Spec
from chub.options.namespaces import CONTAINER, check, check_ipc, joined

if TYPE_CHECKING:
    from chub.oci.config import ImageConfig
    from chub.oci.spec.facts import Facts
    from chub.options.network import Network
    from chub.options.request import Request


def apply(spec: Spec, request: Request, image: ImageConfig, facts: Facts) -> None:
    """Write the namespaces and the host name.

    As docker's: private ones, on cgroup version 2 also of cgroups. With the host's network the host name is
    the host's, but a copy: the container may change it. One that is to join another container's has a new one here,
    until it starts: `chub.oci.spec.joining`.
    """
    asked, network = request.namespaces, request.network.network
    _check(request)
    shared = {kind for kind, mode in (("uts", asked.uts), ("pid", asked.pid), ("ipc", asked.ipc)) if mode == "host"}
    if network == "host":
        shared.add("network")
    if (asked.cgroup or ("private" if facts.host.cgroup == 2 else "host")) == "host":
        shared.add("cgroup")
    kinds = ("mount", "uts", "pid", "ipc", "network", "cgroup")
    spec["linux"]["namespaces"] = [{"type": kind} for kind in kinds if kind not in shared]
    if "uts" not in shared:
        spec["hostname"] = hostname(request, facts)


def _check(request: Request) -> None:
    """Raise Invalid or Unsupported for what there is not, or does not go together."""
    network, asked = request.network.network, request.namespaces
    check(asked)
    check_ipc(asked.ipc)
    if network == CONTAINER:
        raise Invalid("invalid network mode: invalid container format container:<name|id>")
    if network not in ("none", "host") and not joined(network):
        raise Unsupported(f"network {network} is not supported yet", hint="use none, host or container:CONTAINER")
    if request.network.hostname and asked.uts == "host":
        raise Invalid("conflicting options: hostname and the UTS mode")
    if joined(network):
        _check_joined(request.network)


def _check_joined(network: Network) -> None:
    """Raise Invalid for what the other container's network decides."""
    for asked, words in (
        (network.hostname, "hostname and the network mode"),
        (network.dns, "dns and the network mode"),
        (network.hosts, "custom host-to-IP mapping and the network mode"),
        (network.exposed, "port exposing and the container type network mode"),
    ):
        if asked:
            raise Invalid(f"conflicting options: {words}")


def hostname(request: Request, facts: Facts) -> str:
    """The container's host name: as asked for, or the host's with its network, or the short id."""
    if request.network.hostname:
        return request.network.hostname
    return facts.host.name if request.network.network == "host" else facts.id[:12]
