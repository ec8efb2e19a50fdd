"""Limits, kernel parameters and the cgroup."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chub.errors import Invalid
from chub.oci.spec.base import SYSCTLS, Spec

if TYPE_CHECKING:
    from chub.oci.config import ImageConfig
    from chub.oci.spec.facts import Facts
    from chub.options.request import Request
    from chub.options.resources import Ulimit

UNLIMITED = 2**64 - 1


def apply(spec: Spec, request: Request, image: ImageConfig, facts: Facts) -> None:
    """Write resource limits, kernel parameters and the path of the cgroup."""
    linux = spec["linux"]
    linux["cgroupsPath"] = facts.cgroups_path or f"/chub/{facts.id}"
    if sysctls := _sysctls(request):
        linux["sysctl"] = sysctls
    if limits := {limit.name: limit for limit in request.resources.ulimits}:
        spec["process"]["rlimits"] = [_rlimit(limits[name]) for name in sorted(limits)]


def _rlimit(limit: Ulimit) -> dict[str, Any]:
    return {
        "type": f"RLIMIT_{limit.name.upper()}",
        "hard": UNLIMITED if limit.hard < 0 else limit.hard,
        "soft": UNLIMITED if limit.soft < 0 else limit.soft,
    }


def _sysctls(request: Request) -> dict[str, str]:
    """The parameters to set: none of the network's when that is the host's."""
    asked: dict[str, str] = dict(text.partition("=")[::2] for text in request.resources.sysctls)
    if request.network.network != "host":
        return {**SYSCTLS, **asked}
    for name in asked:
        if name.startswith("net."):
            raise Invalid(f'sysctl "{name}" not allowed in host network namespace')
    return asked
