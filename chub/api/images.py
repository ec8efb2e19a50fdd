"""containerd's Images service: names of what is in the content store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from chub._generated.services.images.v1 import images_pb2 as pb
from chub._generated.services.images.v1 import images_pb2_grpc as rpc
from chub.api.calls import Caller
from chub.api.channel import USUAL, Timeout
from chub.api.types import Descriptor, descriptor_message, descriptor_of
from chub.api.wire import mask, moment, timestamp
from chub.records import record


@record
class Image:
    """A name, and the manifest or index that it stands for."""

    name: str
    target: Descriptor
    labels: Mapping[str, str] = field(default_factory=dict)
    created: datetime | None = None  # None until containerd has stored it
    updated: datetime | None = None


class Images:
    """containerd's `Images` service.

    ``source_date_epoch`` is a time to store instead of now (containerd 1.7 and newer).
    """

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._call = caller.unary
        self._stub = caller.channel.stub(rpc.ImagesStub)

    def get(self, name: str, *, timeout: Timeout = USUAL) -> Image:
        """One of this namespace's, by its full name."""
        request = pb.GetImageRequest(name=name)
        return _record(self._call(self._stub.Get, request, f"image {name!r}", timeout).image)

    def list(self, *filters: str, timeout: Timeout = USUAL) -> tuple[Image, ...]:
        """Those which any of the filters matches (all without a filter)."""
        answer = self._call(self._stub.List, pb.ListImagesRequest(filters=filters), "images", timeout)
        return tuple(_record(found) for found in answer.images)

    def create(self, image: Image, *, source_date_epoch: datetime | None = None, timeout: Timeout = USUAL) -> Image:
        """Store a name; `AlreadyExists` for one that is taken."""
        what = f"create image {image.name!r}"
        if source_date_epoch:
            self._caller.require("1.7", f"{what} with a date of its own")
        request = pb.CreateImageRequest(image=_message(image), source_date_epoch=timestamp(source_date_epoch))
        return _record(self._call(self._stub.Create, request, what, timeout).image)

    def update(
        self,
        image: Image,
        *fields: str,
        source_date_epoch: datetime | None = None,
        timeout: Timeout = USUAL,
    ) -> Image:
        """Change what ``fields`` names ("target", "labels", "labels.NAME"), or all of these."""
        what = f"update image {image.name!r}"
        if source_date_epoch:
            self._caller.require("1.7", f"{what} with a date of its own")
        request = pb.UpdateImageRequest(
            image=_message(image), update_mask=mask(fields), source_date_epoch=timestamp(source_date_epoch)
        )
        return _record(self._call(self._stub.Update, request, what, timeout).image)

    def delete(
        self, name: str, *, sync: bool = False, target: Descriptor | None = None, timeout: Timeout = USUAL
    ) -> None:
        """Forget a name; with ``sync`` return when what it held is collected.

        With ``target`` only if that is still what it names: containerd 2.1 and newer.
        """
        what = f"delete image {name!r}"
        if target:
            self._caller.require("2.1", f"{what} if it is unchanged")
        request = pb.DeleteImageRequest(name=name, sync=sync, target=descriptor_message(target) if target else None)
        self._call(self._stub.Delete, request, what, timeout)


def _record(message: pb.Image) -> Image:
    return Image(
        name=message.name,
        target=descriptor_of(message.target),
        labels=dict(message.labels),
        created=moment(message.created_at),
        updated=moment(message.updated_at),
    )


def _message(image: Image) -> pb.Image:
    return pb.Image(name=image.name, target=descriptor_message(image.target), labels=image.labels)
