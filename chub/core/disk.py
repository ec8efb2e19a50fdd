"""What containers' files take on the disk."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress

from chub.errors import NotFound
from chub.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

    from chub.api.snapshots import Snapshots
    from chub.core.listing import Summary
    from chub.core.workspace import Workspace

OVERLAY = "overlayfs"  # docker's snapshotter, which its records do not name

BLOCK = 512  # bytes, of st_blocks


@record
class Sizes:
    """What a container's files take, in bytes."""

    own: int  # what it has written; 0 where it has no files that containerd keeps
    total: int  # all that it finds below ``/``: its own files and those of its image


def sizes(workspace: Workspace, rows: Iterable[Summary]) -> dict[str, Sizes]:
    """Of every container, by its id."""
    disk = Disk(workspace)
    return {row.record.id: Sizes(own=disk.own(row), total=disk.total(row)) for row in rows}


class Disk:
    """The sizes of containers' snapshots, in bytes. What lies below several containers is asked for once."""

    def __init__(self, workspace: Workspace) -> None:
        self._services = workspace.services
        self._below: dict[tuple[str, str, str], int] = {}

    def own(self, row: Summary) -> int:
        """What a container has written; 0 where it has no files that containerd keeps."""
        return self._usage(row, _key(row))

    def total(self, row: Summary) -> int:
        """All that it finds below ``/``: its own files and those of its image."""
        return self.own(row) + self._beneath(row, _key(row))

    def _usage(self, row: Summary, key: str) -> int:
        try:
            return self._snapshots(row).usage(key).size if key else 0
        except NotFound:
            return 0

    def _beneath(self, row: Summary, key: str) -> int:
        """The sizes of all parents of a snapshot."""
        known = (row.namespace, row.record.snapshotter, key)
        if not key:
            return 0
        if known not in self._below:
            try:
                parent = self._snapshots(row).stat(key).parent
            except NotFound:
                parent = ""
            self._below[known] = self._usage(row, parent) + self._beneath(row, parent)
        return self._below[known]

    def _snapshots(self, row: Summary) -> Snapshots:
        return self._services.within(row.namespace).snapshots(row.record.snapshotter or OVERLAY)


def _key(row: Summary) -> str:
    """The snapshot of a container; docker's own, with the containerd store, has its id and no mark of it."""
    return row.record.snapshot_key or (row.record.id if row.owner == "docker" else "")


def taken(directory: Path) -> int:
    """Bytes on the disk of the files below a directory; 0 where there is none."""
    total = 0
    for place, _, names in os.walk(directory):
        for name in names:
            with suppress(OSError):
                total += os.lstat(os.path.join(place, name)).st_blocks * BLOCK
    return total
