"""Capabilities, system call filter, AppArmor, masked paths: what the container may do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chub.errors import Unsupported
from chub.oci.spec import capabilities, seccomp
from chub.oci.spec.base import MASKED_PATHS, READONLY_PATHS, Spec
from chub.options.security import UNCONFINED, confinement

if TYPE_CHECKING:
    from chub.oci.config import ImageConfig
    from chub.oci.spec.facts import Facts
    from chub.options.request import Request
    from chub.options.security import Confinement


def apply(spec: Spec, request: Request, image: ImageConfig, facts: Facts) -> None:
    """Write the confinement: docker's default, as far as the request does not change it.

    A privileged container has every capability of the host, no path hidden, and neither filter nor AppArmor
    profile unless one is named.
    """
    security, host = request.security, facts.host
    asked = confinement(security.security_opt)
    bounding = capabilities.combine(security.cap_add, security.cap_drop, bounding=host.capabilities)
    if security.privileged:
        bounding = host.capabilities
    process, linux = spec["process"], spec["linux"]
    # Nothing is inheritable or ambient, so a program run by another user than root has none.
    process["capabilities"] = (
        {kind: list(bounding) for kind in ("bounding", "effective", "permitted")} if bounding else {}
    )
    if asked.no_new_privileges:
        process["noNewPrivileges"] = True
    default = UNCONFINED if security.privileged else host.apparmor
    if host.has_apparmor and (profile := asked.apparmor or default):
        process["apparmorProfile"] = profile
    if security.read_only:
        spec["root"]["readonly"] = True
    if not security.privileged and not asked.all_paths:
        linux["maskedPaths"] = list(MASKED_PATHS)
        linux["readonlyPaths"] = list(READONLY_PATHS)
    if filter := _filter(asked, facts, bounding, default=not security.privileged):
        linux["seccomp"] = filter


def _filter(asked: Confinement, facts: Facts, bounding: tuple[str, ...], *, default: bool) -> dict[str, Any] | None:
    """The system call filter: as asked for, else chub's own if there shall be a `default`."""
    if asked.unfiltered or (asked.profile is None and not (default and facts.host.seccomp)):
        return None
    if not facts.host.seccomp:
        raise Unsupported("seccomp is not enabled in your kernel, cannot run a custom seccomp profile")
    profile = seccomp.default() if asked.profile is None else asked.profile
    return seccomp.resolve(profile, facts.host, bounding)
