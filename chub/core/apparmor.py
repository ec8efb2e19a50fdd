"""AppArmor on this host: chub's profile is loaded into the kernel when the first container needs it."""

from __future__ import annotations

from chub.core.host import has_apparmor
from chub.errors import PermissionDenied, Unsupported
from chub.oci.apparmor import PROFILE, profile_text

LOADED = "/sys/kernel/security/apparmor/profiles"  # one a line: NAME (MODE)
PARSERS = ("/usr/sbin/apparmor_parser", "/sbin/apparmor_parser")
UNCONFINED = "or run the container with --security-opt apparmor=unconfined"


def loaded_profile() -> str:
    """The name of chub's profile, once it is loaded; empty where the kernel has no AppArmor.

    The kernel keeps it until it stops. Raises Unsupported when the host has AppArmor and no program to load a
    profile, PermissionDenied when this user may not.
    """
    if not has_apparmor():
        return ""
    try:
        with open(LOADED) as profiles:
            loaded = any(line.startswith(f"{PROFILE} (") for line in profiles)
    except PermissionError as failure:
        raise _forbidden("only root sees whether it is loaded") from failure
    if not loaded:
        _load(profile_text())
    return PROFILE


def _load(text: str) -> None:
    """Hand a profile to the kernel, in place of one of the same name."""
    import os
    import subprocess

    parser = next((path for path in PARSERS if os.path.exists(path)), "")
    if not parser:
        raise Unsupported(
            f"AppArmor profile {PROFILE}: no apparmor_parser on this host to load it",
            hint=f"install the package apparmor, {UNCONFINED}",
        )
    done = subprocess.run(
        [parser, "--replace", "--skip-cache"],
        input=text.encode(),
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"},
        capture_output=True,
        timeout=60,
        check=False,
    )
    if done.returncode:
        raise _forbidden(done.stderr.decode(errors="replace").strip())


def _forbidden(why: str) -> PermissionDenied:
    return PermissionDenied(
        f"AppArmor profile {PROFILE} could not be loaded: {why}", hint=f"run it as root, {UNCONFINED}"
    )
