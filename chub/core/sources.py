"""The host's side of bind mounts: whether it is there, can be made, and can be shared."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from chub.errors import Invalid
from chub.options.mounts import MountKind

if TYPE_CHECKING:
    from chub.options.mounts import Mounts

MOUNTINFO = "/proc/self/mountinfo"


def prepare_sources(mounts: Mounts) -> None:
    """Make the missing directories that may be made, and see that every other source of a bind is there.

    Raises Invalid for a source that is missing or lies on a mount that cannot be shared as asked. What was
    made stays, as with docker: it is the user's.
    """
    for mount in mounts.mounts:
        if mount.kind != MountKind.BIND:
            continue
        if not os.path.lexists(mount.source):
            if not mount.create_source:
                raise Invalid(
                    f'invalid mount config for type "bind": bind source path does not exist: {mount.source}',
                    hint="make it first, or use -v, which makes a directory",
                )
            _make(mount.source)
        if mount.propagation not in ("private", "rprivate"):
            check_sharing(mount.source, mount.propagation)


def _make(path: str) -> None:
    try:
        os.makedirs(path, 0o755, exist_ok=True)
    except OSError as failure:
        raise Invalid(f"error while creating mount source path '{path}': {failure.strerror}") from failure


def check_sharing(path: str, propagation: str) -> None:
    """Refuse a propagation that the mount below `path` does not have: the runtime would go on without it."""
    point, tags = _mount_of(os.path.realpath(path))
    shared = any(tag.startswith("shared:") for tag in tags)
    if propagation in ("shared", "rshared") and not shared:
        raise Invalid(f"path {path} is mounted on {point} but it is not a shared mount")
    if not shared and not any(tag.startswith("master:") for tag in tags):
        raise Invalid(f"path {path} is mounted on {point} but it is not a shared or slave mount")


def _mount_of(path: str) -> tuple[str, list[str]]:
    """The mount point that holds `path`, and what /proc/self/mountinfo (proc(5)) says of its sharing."""
    found = "/", list[str]()
    with open(MOUNTINFO, encoding="utf-8", errors="surrogateescape") as mounts:
        for line in mounts:
            fields = line.split()
            point = _unescaped(fields[4])
            if len(point) >= len(found[0]) and os.path.commonpath((point, path)) == point:
                found = point, fields[6 : fields.index("-")]
    return found


def _unescaped(text: str) -> str:
    """A path of /proc/self/mountinfo, which writes space, tab, newline and backslash in octal."""
    for octal, letter in ((r"\040", " "), (r"\011", "\t"), (r"\012", "\n"), (r"\134", "\\")):
        text = text.replace(octal, letter)
    return text
