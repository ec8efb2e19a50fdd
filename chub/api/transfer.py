"""containerd's Transfer service: the engine pulls, pushes, imports, exports and tags (1.7 and newer)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Protocol

from chub._generated.services.transfer.v1 import transfer_pb2 as pb
from chub._generated.services.transfer.v1 import transfer_pb2_grpc as rpc
from chub.api.calls import Caller
from chub.api.channel import Timeout
from chub.api.streams import Pending
from chub.api.types import Platform, platform_message
from chub.api.wire import TypedValue, untyped
from chub.records import record

PACKAGE = "containerd.types.transfer"


class Endpoint(Protocol):
    """Where a transfer comes from or goes to."""

    def packed(self) -> TypedValue:
        """The value to give containerd."""


@record
class Unpack:
    """Into which snapshots an image is to be unpacked."""

    platform: Platform
    snapshotter: str = ""  # empty: the engine's default


@record
class ImageReference:
    """A name to give what is imported."""

    name: str
    is_prefix: bool = False  # the name is put before the names found in the archive
    allow_overwrite: bool = False
    add_digest: bool = False
    skip_named_digest: bool = False


@record
class ImageStore:
    """The engine's image records, with the content they need."""

    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    platforms: tuple[Platform, ...] = ()  # none: the engine's own
    all_metadata: bool = False  # manifests of other platforms too
    manifest_limit: int = 0  # how many manifests of an index; 0: no limit
    extra_references: tuple[ImageReference, ...] = ()
    unpacks: tuple[Unpack, ...] = ()

    def packed(self) -> TypedValue:
        """The value to give containerd."""
        from chub._generated.types.transfer import imagestore_pb2 as store

        message = store.ImageStore(
            name=self.name,
            labels=self.labels,
            platforms=[platform_message(platform) for platform in self.platforms],
            all_metadata=self.all_metadata,
            manifest_limit=self.manifest_limit,
            extra_references=[
                store.ImageReference(
                    name=reference.name,
                    is_prefix=reference.is_prefix,
                    allow_overwrite=reference.allow_overwrite,
                    add_digest=reference.add_digest,
                    skip_named_digest=reference.skip_named_digest,
                )
                for reference in self.extra_references
            ],
            unpacks=[
                store.UnpackConfiguration(platform=platform_message(unpack.platform), snapshotter=unpack.snapshotter)
                for unpack in self.unpacks
            ],
        )
        return TypedValue(type_url=f"{PACKAGE}.ImageStore", value=message.SerializeToString())


@record
class Registry:
    """An image in a registry. The fields after `headers` need containerd 2.1."""

    reference: str
    auth_stream: str = ""  # a stream on which the engine asks for credentials (AuthRequest, AuthResponse)
    headers: Mapping[str, str] = field(default_factory=dict)
    host_dir: str = ""  # of hosts.toml files
    default_scheme: str = ""  # "http" or "https"
    http_debug: int = 0  # 0 none, 1 requests, 2 bodies, 3 both
    logs_stream: str = ""  # a stream for what `http_debug` writes

    def packed(self) -> TypedValue:
        """The value to give containerd."""
        from chub._generated.types.transfer import registry_pb2 as registry

        message = registry.OCIRegistry(
            reference=self.reference,
            resolver=registry.RegistryResolver(
                auth_stream=self.auth_stream,
                headers=self.headers,
                host_dir=self.host_dir,
                default_scheme=self.default_scheme,
                http_debug=registry.HTTPDebug.ValueType(self.http_debug),
                logs_stream=self.logs_stream,
            ),
        )
        return TypedValue(type_url=f"{PACKAGE}.OCIRegistry", value=message.SerializeToString())


@record
class ImportStream:
    """An archive that the engine reads from a stream (`Streaming.open`, `Conversation.send_bytes`)."""

    stream: str  # its id
    media_type: str = ""  # empty: found out by reading
    force_compress: bool = False

    def packed(self) -> TypedValue:
        """The value to give containerd."""
        from chub._generated.types.transfer import importexport_pb2 as archive

        message = archive.ImageImportStream(
            stream=self.stream, media_type=self.media_type, force_compress=self.force_compress
        )
        return TypedValue(type_url=f"{PACKAGE}.ImageImportStream", value=message.SerializeToString())


@record
class ExportStream:
    """An archive that the engine writes to a stream (`Streaming.open`, `Conversation.receive_bytes`)."""

    stream: str  # its id
    media_type: str = ""
    platforms: tuple[Platform, ...] = ()
    all_platforms: bool = False
    skip_compatibility_manifest: bool = False  # leave out docker's manifest.json
    skip_non_distributable: bool = False

    def packed(self) -> TypedValue:
        """The value to give containerd."""
        from chub._generated.types.transfer import importexport_pb2 as archive

        message = archive.ImageExportStream(
            stream=self.stream,
            media_type=self.media_type,
            platforms=[platform_message(platform) for platform in self.platforms],
            all_platforms=self.all_platforms,
            skip_compatibility_manifest=self.skip_compatibility_manifest,
            skip_non_distributable=self.skip_non_distributable,
        )
        return TypedValue(type_url=f"{PACKAGE}.ImageExportStream", value=message.SerializeToString())


@record
class Progress:
    """How far a part of a transfer is."""

    event: str  # "waiting", "downloading", "done", …
    name: str = ""
    parents: tuple[str, ...] = ()
    progress: int = 0  # bytes
    total: int = 0  # bytes; 0: not known

    @classmethod
    def unpacked(cls, value: TypedValue) -> Progress:
        """The record of a value that the engine sent on the progress stream."""
        from chub._generated.types.transfer import progress_pb2 as progress

        found = progress.Progress.FromString(value.value)
        return cls(
            event=found.event,
            name=found.name,
            parents=tuple(found.parents),
            progress=found.progress,
            total=found.total,
        )


class Transfers:
    """containerd's `Transfer` service. ``progress_stream`` is the id of a stream to send `Progress` on."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._stub = caller.channel.stub(rpc.TransferStub)

    def transfer(
        self, source: Endpoint, destination: Endpoint, *, progress_stream: str = "", timeout: Timeout = None
    ) -> None:
        """Move an image from one place to another and return when it is there."""
        request = _request(source, destination, progress_stream)
        self._caller.unary(self._stub.Transfer, request, "transfer", timeout, since="1.7")

    def transfer_later(
        self, source: Endpoint, destination: Endpoint, *, progress_stream: str = "", timeout: Timeout = None
    ) -> Pending[None]:
        """`transfer`, under way while the caller sends or receives on the streams that it uses."""
        request = _request(source, destination, progress_stream)
        return self._caller.later(self._stub.Transfer, request, lambda _: None, "transfer", timeout, since="1.7")


def _request(source: Endpoint, destination: Endpoint, progress_stream: str) -> pb.TransferRequest:
    return pb.TransferRequest(
        source=untyped(source.packed()),
        destination=untyped(destination.packed()),
        options=pb.TransferOptions(progress_stream=progress_stream),
    )
