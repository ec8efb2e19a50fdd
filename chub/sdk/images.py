"""Images as a program uses them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from os import PathLike

from chub.core import images
from chub.core.images import Resolved
from chub.core.workspace import Workspace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime
    from typing import Any, BinaryIO

    from chub.core.image_listing import ImageSummary, Step
    from chub.core.image_removal import Removed
    from chub.core.metering import Progress
    from chub.objects.image_usage import ImageUsage
    from chub.oci.config import ImageConfig


class Image:
    """One image. What is read from it was true when it was fetched; `reload` fetches it again."""

    def __init__(self, workspace: Workspace, resolved: Resolved) -> None:
        self._workspace = workspace
        self._resolved = resolved

    def __repr__(self) -> str:
        return f"<Image {self.name}>"

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """Its name in full: ``docker.io/library/alpine:latest``."""
        return self._resolved.name

    @property
    def id(self) -> str:
        """The digest of its configuration."""
        return self._resolved.config_digest

    @property
    def digest(self) -> str:
        """The digest of its manifest or index."""
        return self._resolved.descriptor.digest

    @property
    def chain_id(self) -> str:
        """The snapshot that its containers start from; "" for an image without layers."""
        return self._resolved.chain_id

    @property
    def config(self) -> ImageConfig:
        """What it says of its containers."""
        return self._resolved.config

    @property
    def created(self) -> datetime | None:
        """When it was made, as its configuration says."""
        return self._resolved.config.created

    def inspect(self) -> dict[str, Any]:
        """What docker's inspect says of an image, with docker's keys."""
        from chub.core.image_listing import inspect

        return inspect(self._workspace.services, self._resolved, snapshotter=self._snapshotter)

    def history(self) -> tuple[Step, ...]:
        """How it came to be, the last step first."""
        from chub.core.image_listing import history

        return history(self._workspace.services, self.name, snapshotter=self._snapshotter)

    def tag(self, name: str) -> Image:
        """Give it a further name, taken from another image if that has it; the image of that name."""
        return Images(self._workspace).get(images.tag(self._workspace.services, self.name, name))

    def unpack(self) -> None:
        """Have its layers as snapshots, if they are not yet; `containers.run` does it by itself."""
        images.ensure_unpacked(self._workspace.services, self._resolved, snapshotter=self._snapshotter)

    def remove(self, *, force: bool = False) -> Removed:
        """Remove this name; with the last one the image."""
        return Images(self._workspace).remove(self.name, force=force)

    def reload(self) -> Image:
        """Fetch it again, and give it back; raises NotFound if it is gone."""
        self._resolved = images.resolve(self._workspace.services, self.name)
        return self

    @property
    def _snapshotter(self) -> str:
        return self._workspace.settings.snapshotter


class Images:
    """The images of a namespace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def get(self, reference: str) -> Image:
        """One by its name, in docker's short form or in full, its id or the beginning of that.

        Raises NotFound, with a hint where another namespace has it.
        """
        return Image(self._workspace, images.resolve(self._workspace.services, reference))

    def list(
        self, reference: str = "", *, filters: Sequence[str] = (), all_namespaces: bool = False
    ) -> tuple[ImageSummary, ...]:
        """A row for every name, the newest image first.

        `reference` is REPOSITORY[:TAG], where ``*`` stands for anything but a slash; `filters` are docker's
        (``label=…``, ``dangling=true``, ``before=IMAGE``, ``since=IMAGE``).
        """
        from chub.core.image_listing import list_images

        return list_images(
            self._workspace.services,
            snapshotter=self._workspace.settings.snapshotter,
            reference=reference,
            filters=filters,
            all_namespaces=all_namespaces,
        )

    def users(self, *, all_namespaces: bool = False) -> dict[str, int]:
        """How many containers were made of each image, by the digest of its manifest or index."""
        from chub.core.image_listing import users

        return users(self._workspace.services, all_namespaces=all_namespaces)

    def usage(
        self, reference: str = "", *, filters: Sequence[str] = (), all_namespaces: bool = False
    ) -> tuple[ImageUsage, ...]:
        """What each image, with all its names, takes on the disk, platform by platform; chosen as by `list`."""
        from chub.objects.image_usage import image_usages

        return image_usages(self._workspace, reference=reference, filters=filters, all_namespaces=all_namespaces)

    def import_rootfs(
        self,
        source: str | PathLike[str] | BinaryIO,
        *,
        name: str,
        progress: Callable[[Progress], None] | None = None,
    ) -> Image:
        """Make an image of a directory with a root filesystem, or of a tar archive of one.

        `client.rootfs.add` tells what could not be kept, and imports without a name.
        """
        from chub.sdk.rootfs import RootFilesystems

        return self.get(RootFilesystems(self._workspace).add(source, name=name, progress=progress).image_name)

    def tag(self, source: str, target: str) -> Image:
        """Give an image a further name."""
        return self.get(images.tag(self._workspace.services, source, target))

    def remove(self, reference: str, *, force: bool = False) -> Removed:
        """Remove a name, and the image with the last one; by its id, the image.

        Raises Conflict while containers use it (unless `force`) and for an id that has several names.
        """
        from chub.core.image_removal import remove_image

        return remove_image(
            self._workspace.services,
            reference,
            force=force,
            snapshotter=self._workspace.settings.snapshotter,
        )
