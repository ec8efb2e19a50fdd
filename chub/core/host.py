"""What the specs of containers need to know of this machine."""

from __future__ import annotations

import os
import shutil
import stat
from dataclasses import replace
from typing import TYPE_CHECKING

from chub.errors import Invalid, NotFound
from chub.oci.spec.capabilities import from_bits
from chub.oci.spec.facts import Host, HostDevice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chub.options.resources import Device

# Under /dev, what a privileged container gets of its own, or must not see.
_OWN_DIRECTORIES = frozenset(("pts", "shm", "fd", "mqueue", ".lxc", ".lxd-mounts", ".udev"))
_OWN_NODES = frozenset(("console",))

_INITS = ("docker-init", "tini-static")
_INIT_PLACES = ("/usr/local/libexec/docker", "/usr/libexec/docker", "/usr/local/bin", "/usr/bin", "/usr/sbin")


def host_facts(*, devices: bool = False, apparmor: str = "") -> Host:
    """Look at this machine: a few small files of /proc and /sys, and with `devices` every node of /dev.

    `apparmor` is the profile that :func:`chub.core.apparmor.loaded_profile` gave; it is only passed on.
    """
    system = os.uname()
    return Host(
        name=system.nodename,
        machine=system.machine,
        kernel=_kernel(system.release),
        cgroup=2 if os.path.exists("/sys/fs/cgroup/cgroup.controllers") else 1,
        capabilities=_bounding(),
        seccomp=os.path.exists("/proc/sys/kernel/seccomp/actions_avail"),
        has_apparmor=has_apparmor(),
        apparmor=apparmor,
        devices=tuple(_devices("/dev")) if devices else (),
    )


def has_apparmor() -> bool:
    """Whether the kernel confines by AppArmor and shows its policy, as it does not inside a container."""
    try:
        with open("/sys/module/apparmor/parameters/enabled") as enabled:
            return enabled.read(1) == "Y" and os.path.exists("/sys/kernel/security/apparmor")
    except OSError:
        return False


def init_program(path: str | None = None) -> str:
    """A program that is fit to be the first process of any container, statically linked: its path on the host.

    It is looked for on `path`, or on PATH and where docker's packages put it. NotFound says what to install.
    """
    searched = os.pathsep.join(filter(None, (os.environ.get("PATH"), *_INIT_PLACES))) if path is None else path
    for name in _INITS:
        if found := shutil.which(name, path=searched):
            return os.path.abspath(found)
    raise NotFound(
        f"this host has no init for containers: neither {' nor '.join(_INITS)}",
        hint="apt-get install tini (Debian, Ubuntu), or leave --init out",
    )


def _kernel(release: str) -> tuple[int, int]:
    """Version and patch level of a release such as ``6.1.0-18-amd64``."""
    version, patch_level, *_ = release.split(".")
    digits = len(patch_level) - len(patch_level.lstrip("0123456789"))
    return int(version), int(patch_level[:digits] or 0)


def _bounding() -> tuple[str, ...]:
    """The capabilities of this process's bounding set."""
    with open("/proc/self/status") as status:
        bits = next(line.split()[1] for line in status if line.startswith("CapBnd:"))
    return from_bits(int(bits, 16))


def _devices(directory: str) -> Iterator[HostDevice]:
    """Device nodes below `directory`, by name; links are not followed."""
    with os.scandir(directory) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in _OWN_DIRECTORIES:
                    yield from _devices(entry.path)
            elif entry.name not in _OWN_NODES:
                yield from _node(entry)


def devices_of(asked: Device) -> tuple[HostDevice, ...]:
    """The device that was asked for, or those below a directory, with their paths in the container; links are followed.

    Raises NotFound if there is none, Invalid if it is something else.
    """
    wrong = f'error gathering device information while adding custom device "{asked.path}"'
    try:
        found = os.path.realpath(asked.path, strict=True)
        directory = os.path.isdir(found)
        nodes = tuple(_devices(found) if directory else _as_device(found, os.stat(found)))
    except OSError as failure:
        raise NotFound(f"{wrong}: {(failure.strerror or '').lower()}") from failure
    if not nodes:
        raise Invalid(f"{wrong}: not a device node")
    return tuple(
        replace(node, path=asked.target + node.path.removeprefix(found), permissions=asked.permissions)
        for node in nodes
    )


def _node(entry: os.DirEntry[str]) -> Iterator[HostDevice]:
    """The entry as a device, if it is one and still there."""
    try:
        status = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return
    yield from _as_device(entry.path, status)


def _as_device(path: str, status: os.stat_result) -> Iterator[HostDevice]:
    if stat.S_ISCHR(status.st_mode) or stat.S_ISBLK(status.st_mode):
        yield HostDevice(
            path=path,
            kind="c" if stat.S_ISCHR(status.st_mode) else "b",
            major=os.major(status.st_rdev),
            minor=os.minor(status.st_rdev),
            mode=stat.S_IMODE(status.st_mode),
            uid=status.st_uid,
            gid=status.st_gid,
        )
