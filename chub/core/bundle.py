"""A container as an OCI bundle that stands alone: ``runc run`` needs no containerd for it, and nothing of chub's.

Format: the OCI runtime specification's bundle, a directory with ``config.json`` and ``rootfs``. What the spec binds of
its maker's own files (hosts, hostname, resolv.conf) is copied beside them.
"""

from __future__ import annotations

import copy
import json
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chub.core.listing import OWN_FILES, Summary, spec_of
from chub.core.undo import Undo, remove_tree
from chub.core.unseen import layers_of, with_mounted
from chub.core.workspace import Workspace, writing
from chub.errors import ChubError, Conflict, NotFound, Unsupported
from chub.oci.spec.base import INIT
from chub.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.api.types import Mount

SHM = {
    "destination": "/dev/shm",
    "type": "tmpfs",
    "source": "shm",
    "options": ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"],
}


@record
class Bundle:
    """A bundle that was written."""

    directory: Path
    mount_line: str = ""  # the command that mounts its rootfs; "": the files were copied
    left_out: tuple[str, ...] = ()  # of the spec, with the reason


def bundle(workspace: Workspace, row: Summary, directory: Path, *, mount: bool = False) -> Bundle:
    """Write the bundle, whole or not at all."""
    spec = copy.deepcopy(dict(spec_of(row.record)))
    if not spec:
        raise Unsupported(f"container {row.record.id[:12]} has no OCI spec in containerd")
    mounts = _mounts(workspace, row, needed=mount or not row.pid)
    with Undo() as undo, writing(directory):
        _empty(directory)
        if not directory.exists():
            undo.add(remove_tree, directory)
        else:
            undo.add(_clear, directory)
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        (directory / "rootfs").mkdir()
        left_out = standalone(spec, directory, row.record.id)
        (directory / "config.json").write_text(json.dumps(spec, indent=2) + "\n")
        if not mount:
            _copy_files(row, mounts, directory / "rootfs")
    line = _mount_line(mounts[-1], (directory / "rootfs").resolve()) if mount else ""
    return Bundle(directory=directory, mount_line=line, left_out=left_out)


def standalone(spec: dict[str, Any], directory: Path, id: str) -> tuple[str, ...]:
    """Make a spec's own what it has from its maker, with files in `directory`; what is left out, and why."""
    left_out = []
    spec["root"] = {**spec.get("root", {}), "path": "rootfs"}
    if spec.pop("hooks", None):
        left_out.append("hooks, which are its maker's programs")
    linux = spec.setdefault("linux", {})
    linux["cgroupsPath"] = f"/chub-bundle/{id[:12]}"
    for each in linux.get("namespaces", ()):
        if path := each.pop("path", None):
            left_out.append(f"{each['type']} namespace {path}: it gets one of its own")
    mounts = []
    for each in spec.get("mounts", ()):
        target = each["destination"]
        if target in OWN_FILES - {INIT} and each.get("type") == "bind":
            name = target.rpartition("/")[2]
            try:
                shutil.copyfile(each["source"], directory / name)
            except OSError as failure:
                left_out.append(f"{target}: {failure.strerror}")
                continue
            each = {**each, "source": name}  # runc takes it from the bundle's directory
        elif target == "/dev/shm" and each.get("type") == "bind":
            each = SHM
        mounts.append(each)
    spec["mounts"] = mounts
    return tuple(left_out)


def _mounts(workspace: Workspace, row: Summary, *, needed: bool) -> tuple[Mount, ...]:
    """The mounts of its snapshot; none where containerd has none and they are not `needed`."""
    record = row.record
    key = record.snapshot_key or (record.id if row.owner == "docker" else "")
    try:
        if key:
            return workspace.services.snapshots(record.snapshotter or "overlayfs").mounts(key)
    except NotFound:
        pass
    if not needed:
        return ()
    raise Unsupported(
        f"container {record.id[:12]}: containerd does not keep its files", hint="they can be copied while it runs"
    )


def _empty(directory: Path) -> None:
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise Conflict(f"{directory} is there, and is no empty directory", hint="name a new one")


def _clear(directory: Path) -> None:
    """Take out again what was written into a directory that was there before."""
    for each in directory.iterdir():
        remove_tree(each) if each.is_dir() else each.unlink()


def _copy_files(row: Summary, mounts: Sequence[Mount], target: Path) -> None:
    """Copy a container's files: of one that runs as it sees them, without what is mounted in it."""
    target = target.resolve()
    if row.pid:
        _copy(f"/proc/{row.pid}/root/.", target)
        return
    try:
        with_mounted(layers_of(mounts[-1]), lambda root: _copy(f"/proc/self/fd/{root}/.", target, root))
    except (OSError, ChubError) as failure:
        raise ChubError(f"cannot read the container's files: {failure}") from failure


def _copy(source: str, target: Path, *descriptors: int) -> None:
    """``cp`` of a tree with owners, modes, times, links, extended attributes and holes; of one file system."""
    words = ["cp", "-a", "--one-file-system", "--sparse=auto", source, str(target)]
    done = subprocess.run(words, pass_fds=descriptors, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise ChubError(f"the files could not be copied: {done.stderr.strip().rpartition(chr(10))[2]}")


def _mount_line(mount: Mount, target: Path) -> str:
    """The command that mounts a container's files read-only, so that nothing that runs is disturbed."""
    layers = layers_of(mount)
    if len(layers) == 1:
        return shlex.join(("mount", "--bind", "-o", "ro", layers[0], str(target)))
    return shlex.join(("mount", "-t", "overlay", "overlay", "-o", f"ro,lowerdir={':'.join(layers)}", str(target)))
