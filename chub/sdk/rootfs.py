"""Root filesystems without an image's name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
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

    from chub.oci.config import ImageConfig


class RootFilesystems:
    """Imported root filesystems of a namespace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def add(
        self,
        source: str | PathLike[str] | BinaryIO,
        *,
        name: str | None = None,
        changes: Iterable[str] = (),
        message: str = "",
        platform: str | None = None,
        progress: Callable[[Progress], None] | None = None,
    ) -> Imported:
        """Import a directory or a tar archive (plain, gzip, bzip2, xz, zstd), as an image if it gets a name.

        `changes` are instructions of a Dockerfile (``CMD ["sh"]``, ``ENV A=b``) for the image's configuration,
        `message` the comment in its history; `platform` (``linux/arm64``) is what its programs are found to be for
        unless given. `progress` is called about once a mebibyte. The directory is only read, and its access times stay.
        Raises DataLoss for a directory that changes meanwhile and for an archive that is damaged.
        """
        if source == "":
            raise Invalid("no directory and no archive is named")
        changes = (changes,) if isinstance(changes, str) else tuple(changes)
        if name is None and (changes or message or platform):
            raise Invalid(
                "what is said of an image needs its name",
                hint="name the image: without a name there is none, only a snapshot",
            )
        return rootfs.import_rootfs(
            self._workspace.services,
            Path(fspath(source)) if isinstance(source, str | PathLike) else source,
            name=name,
            snapshotter=self._workspace.settings.snapshotter,
            describe=_described(changes, message, platform),
            progress=progress,
        )

    def list(self) -> tuple[Rootfs, ...]:
        """Those that have no image's name, the newest first."""
        return rootfs.list_rootfs(self._workspace.services, snapshotter=self._workspace.settings.snapshotter)

    def remove(self, word: str) -> Rootfs:
        """Remove one by its id, the beginning of that, or its directory. Raises Conflict while in use."""
        return rootfs.remove_rootfs(self._workspace.services, word, snapshotter=self._workspace.settings.snapshotter)


def _described(changes: Iterable[str], message: str, platform: str | None) -> Callable[[ImageConfig], ImageConfig]:
    """What makes an image's configuration say all that; raises Invalid at once for what is wrong in it."""
    from chub.oci import config, instructions, platforms

    steps = [instructions.parse(text) for text in changes]
    wanted = platforms.parse(platform) if platform else None

    def describe(image: ImageConfig) -> ImageConfig:
        for step in steps:
            image = step(image)
        if message:
            image = replace(image, history=tuple(replace(each, comment=message) for each in image.history))
        if wanted:
            image = replace(image, os=wanted.os, architecture=wanted.architecture, variant=wanted.variant)
        return image

    describe(config.ImageConfig(architecture="", os=""))
    return describe
