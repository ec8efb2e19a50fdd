"""Limits, kernel parameters and the cgroup."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from chub.errors import Invalid
from chub.oci.limits import to_oci
from chub.oci.spec.base import SYSCTLS, Spec
from chub.options.namespaces import joined

if TYPE_CHECKING:
    from chub.oci.config import ImageConfig
    from chub.oci.spec.facts import Facts
    from chub.options.request import Request
    from chub.options.resources import Resources, Ulimit

PARENT = "chub"  # of the cgroups of containers that ask for no other
UNLIMITED = 2**64 - 1


def apply(spec: Spec, request: Request, image: ImageConfig, facts: Facts) -> None:
    """Write resource limits, kernel parameters and the path of the cgroup."""
    linux = spec["linux"]
    linux["resources"].update(to_oci(request.limits))
    linux["cgroupsPath"] = cgroup_of(request.resources, facts.id)
    if sysctls := _sysctls(request):
        linux["sysctl"] = sysctls
    if limits := {limit.name: limit for limit in request.resources.ulimits}:
        spec["process"]["rlimits"] = [_rlimit(limits[name]) for name in sorted(limits)]


def cgroup_of(resources: Resources, id: str) -> str:
    """The path of a container's cgroup, below the root of each hierarchy."""
    parent = posixpath.normpath(f"/{resources.cgroup_parent or PARENT}")
    return posixpath.join("/", parent.lstrip("/"), id)


def _rlimit(limit: Ulimit) -> dict[str, Any]:
    return {
        "type": f"RLIMIT_{limit.name.upper()}",
        "hard": UNLIMITED if limit.hard < 0 else limit.hard,
        "soft": UNLIMITED if limit.soft < 0 else limit.soft,
    }


def _sysctls(request: Request) -> dict[str, str]:
    """The parameters to set: none of the network's when that is the host's, and only what is asked of another's."""
    asked: dict[str, str] = dict(text.partition("=")[::2] for text in request.resources.sysctls)
    if request.network.domainname and request.namespaces.uts != "host":
        asked = {"kernel.domainname": request.network.domainname, **asked}
    if request.network.network != "host":
        return {**({} if joined(request.network.network) else SYSCTLS), **asked}
    for name in asked:
        if name.startswith("net."):
            raise Invalid(f'sysctl "{name}" not allowed in host network namespace')
    return asked
