"""Records that several services share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import TYPE_CHECKING

from chub.records import record

if TYPE_CHECKING:
    from chub._generated.types import descriptor_pb2, mount_pb2, platform_pb2


@record
class Mount:
    """A mount as mount(8) would do it; where it goes is up to who mounts it."""

    type: str
    source: str
    target: str = ""  # below the root of what is mounted together; empty: the root itself
    options: tuple[str, ...] = ()


@record
class Descriptor:
    """What names a blob: an OCI descriptor."""

    media_type: str
    digest: str
    size: int  # bytes
    annotations: Mapping[str, str] = field(default_factory=dict)


@record
class Platform:
    """What a binary runs on, in the words of the OCI image specification."""

    os: str = ""
    architecture: str = ""
    variant: str = ""
    os_version: str = ""  # told by containerd 2.1 and newer


def mounts_of(messages: Iterable[mount_pb2.Mount]) -> tuple[Mount, ...]:
    """The records of mounts."""
    return tuple(
        Mount(type=found.type, source=found.source, target=found.target, options=tuple(found.options))
        for found in messages
    )


def mount_messages(mounts: Iterable[Mount]) -> list[mount_pb2.Mount]:
    """The messages of mounts."""
    from chub._generated.types.mount_pb2 import Mount as Message

    return [Message(type=m.type, source=m.source, target=m.target, options=m.options) for m in mounts]


def descriptor_of(message: descriptor_pb2.Descriptor) -> Descriptor:
    """The record of a descriptor."""
    return Descriptor(
        media_type=message.media_type,
        digest=message.digest,
        size=message.size,
        annotations=dict(message.annotations),
    )


def descriptor_message(descriptor: Descriptor) -> descriptor_pb2.Descriptor:
    """The message of a descriptor."""
    from chub._generated.types.descriptor_pb2 import Descriptor as Message

    return Message(
        media_type=descriptor.media_type,
        digest=descriptor.digest,
        size=descriptor.size,
        annotations=descriptor.annotations,
    )


def platform_of(message: platform_pb2.Platform) -> Platform:
    """The record of a platform."""
    return Platform(
        os=message.os,
        architecture=message.architecture,
        variant=message.variant,
        os_version=message.os_version,
    )


def platform_message(platform: Platform) -> platform_pb2.Platform:
    """The message of a platform."""
    from chub._generated.types.platform_pb2 import Platform as Message

    return Message(
        os=platform.os,
        architecture=platform.architecture,
        variant=platform.variant,
        os_version=platform.os_version,
    )
