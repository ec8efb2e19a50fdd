"""What is mounted into the container, and in which order."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from chub.errors import Invalid, Unsupported
from chub.oci.spec.base import INIT, MOUNTS, SHM_SIZE, Spec
from chub.options.mounts import PROPAGATIONS, Mount, MountKind
from chub.options.security import confinement

SHM = "/dev/shm"

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chub.oci.config import ImageConfig
    from chub.oci.spec.facts import Facts
    from chub.options.request import Request


def apply(spec: Spec, request: Request, image: ImageConfig, facts: Facts) -> None:
    """Write the mounts: docker's own, then what was asked for and chub's files, the shallow before the deep.

    A mount that is asked for takes the place of docker's at the same path, one on /dev of all below it too.
    """
    asked: dict[str, Mount] = {}
    for mount in request.mounts.mounts:
        target = _target(mount)
        if target in asked:
            raise Invalid(f"Duplicate mount point: {target}")
        asked[target] = mount
    own = [_own(mount, request) for mount in MOUNTS if not _replaced(mount[0], asked)]
    if request.namespaces.ipc == "none":
        own = [mount for mount in own if (mount["destination"], mount["source"]) != (SHM, "shm")]
    others = [_asked(target, mount, facts) for target, mount in asked.items()]
    others += [_file(*file, request, facts) for file in _files(facts) if file[0] not in asked]
    if facts.init_path and INIT not in asked:
        others.append(_entry(INIT, "bind", facts.init_path, ("bind", "ro")))
    others.sort(key=lambda entry: (entry["destination"].count("/"), entry["type"] != "tmpfs"))
    spec["mounts"] = own + others
    if propagation := _root_propagation(asked.values()):
        spec["linux"]["rootfsPropagation"] = propagation


def _own(mount: tuple[str, str, str, tuple[str, ...]], request: Request) -> dict[str, Any]:
    """One of docker's mounts, with what the options change of it."""
    destination, kind, source, options = mount
    security = request.security
    if destination == SHM and request.namespaces.ipc == "host":
        return _entry(SHM, "bind", SHM, ("rbind", "rprivate"))
    if destination == SHM:
        size = request.mounts.shm_size
        options = (*options, f"size={SHM_SIZE if size is None else size}")
    elif destination == "/sys/fs/cgroup":
        if security.privileged or confinement(security.security_opt).writable_cgroups:
            options = tuple(option for option in options if option != "ro")
    elif destination == "/sys" and security.privileged:
        options = tuple(option for option in options if option != "ro")
    return _entry(destination, kind, source, options)


def _replaced(destination: str, asked: dict[str, Mount]) -> bool:
    """Whether a mount that was asked for hides one of docker's."""
    return destination in asked or ("/dev" in asked and destination.startswith("/dev/"))


def _target(mount: Mount) -> str:
    """The path of a mount, cleaned."""
    target = mount.target
    if not target.startswith("/"):
        raise Invalid(f"invalid mount path: '{target}' mount path must be absolute")
    target = posixpath.normpath("/" + target.lstrip("/"))
    if target == "/":
        raise Invalid("invalid specification: destination can't be '/'")
    return target


def _asked(target: str, mount: Mount, facts: Facts) -> dict[str, Any]:
    """One mount that was asked for."""
    if mount.kind == MountKind.TMPFS:
        return _entry(target, "tmpfs", "tmpfs", _tmpfs_options(mount))
    options = ["rbind" if mount.recursive else "bind"]
    if mount.read_only:
        options += _read_only(mount, facts)
    return _entry(target, "bind", mount.source, (*options, mount.propagation))


def _tmpfs_options(mount: Mount) -> Iterable[str]:
    """A tmpfs's options over docker's defaults; of two that contradict each other the later counts."""
    merged: dict[str, str] = {}
    read_only = ("ro",) if mount.read_only else ()
    for option in ("noexec", "nosuid", "nodev", "rprivate", *read_only, *mount.options):
        if option in ("ro", "rw"):
            subject = "access"
        elif option in PROPAGATIONS:
            subject = "propagation"
        else:
            subject = option.partition("=")[0].removeprefix("no")
        merged.pop(subject, None)
        merged[subject] = option
    return merged.values()


def _read_only(mount: Mount, facts: Facts) -> list[str]:
    """Read-only with all that is mounted below, where the kernel can and the mount does not ask for less."""
    able = facts.host.recursive_read_only
    if mount.read_only_below and not able:
        raise Unsupported("bind-recursive=readonly needs Linux 5.12 or newer")
    return ["rro"] if able and mount.read_only_below is not False and mount.recursive else ["ro"]


def _files(facts: Facts) -> list[tuple[str, str]]:
    """Where chub's own files go, and where they are."""
    files = (
        ("/etc/resolv.conf", facts.resolv_conf_path),
        ("/etc/hostname", facts.hostname_path),
        ("/etc/hosts", facts.hosts_path),
    )
    return [(destination, source) for destination, source in files if source]


def _file(destination: str, source: str, request: Request, facts: Facts) -> dict[str, Any]:
    """A file of chub's, bound over the image's; read-only with the root filesystem."""
    mount = Mount(kind=MountKind.BIND, target=destination, source=source, read_only=request.security.read_only)
    return _asked(destination, mount, facts)


def _root_propagation(mounts: Iterable[Mount]) -> str:
    """How the root has to be propagated for the mounts below it: as the most sharing one is."""
    asked = {mount.propagation for mount in mounts if mount.kind == MountKind.BIND}
    if asked & {"shared", "rshared"}:
        return "shared"
    return "rslave" if asked & {"slave", "rslave"} else ""


def _entry(destination: str, kind: str, source: str, options: Iterable[str]) -> dict[str, Any]:
    return {"destination": destination, "type": kind, "source": source, "options": list(options)}
