"""Root filesystems without an image's name."""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike, fspath
from pathlib import Path

from chub.core import rootfs
from chub.core.metering import Progress
from chub.core.rootfs import Imported, Rootfs
from chub.core.workspace import Workspace
from chub.errors import Invalid

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO


class RootFilesystems:
    """Imported root filesystems of a namespace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def add(
        self,
        source: str | PathLike[str] | BinaryIO,
        *,
        name: str | None = None,
        progress: Callable[[Progress], None] | None = None,
    ) -> Imported:
        """Import a directory or a tar archive (plain, gzip, bzip2, xz, zstd), as an image if it gets a name.

        `progress` is called about once a mebibyte. The directory is only read, and its access times stay.
        Raises DataLoss for a directory that changes meanwhile and for an archive that is damaged.
        """
        if source == "":
            raise Invalid("no directory and no archive is named")
        return rootfs.import_rootfs(
            self._workspace.services,
            Path(fspath(source)) if isinstance(source, str | PathLike) else source,
            name=name,
            snapshotter=self._workspace.settings.snapshotter,
            progress=progress,
        )

    def list(self) -> tuple[Rootfs, ...]:
        """Those that have no image's name, the newest first."""
        return rootfs.list_rootfs(self._workspace.services, snapshotter=self._workspace.settings.snapshotter)

    def remove(self, word: str) -> Rootfs:
        """Remove one by its id, the beginning of that, or its directory. Raises Conflict while in use."""
        return rootfs.remove_rootfs(self._workspace.services, word, snapshotter=self._workspace.settings.snapshotter)
