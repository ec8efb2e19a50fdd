"""containerd's Diff service: layers into snapshots, and snapshots into layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from chub._generated.services.diff.v1 import diff_pb2 as pb
from chub._generated.services.diff.v1 import diff_pb2_grpc as rpc
from chub.api.calls import Caller
from chub.api.channel import Timeout
from chub.api.types import Descriptor, Mount, descriptor_message, descriptor_of, mount_messages
from chub.api.wire import TypedValue, timestamp, untyped_map


class Diff:
    """containerd's `Diff` service. What it does takes as long as a layer is large: no deadline by default."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._call = caller.unary
        self._stub = caller.channel.stub(rpc.DiffStub)

    def apply(
        self,
        blob: Descriptor,
        mounts: Sequence[Mount],
        *,
        sync_fs: bool = False,
        payloads: Mapping[str, TypedValue] | None = None,
        timeout: Timeout = None,
    ) -> Descriptor:
        """Unpack a layer into an active snapshot; the descriptor of its tar stream (the digest: the diff ID).

        ``sync_fs`` has it all on the disk before it returns: containerd 1.7 and newer. ``payloads`` are for
        the stream processors of the engine's configuration.
        """
        what = f"unpack layer {blob.digest}"
        if sync_fs:
            self._caller.require("1.7", f"{what} synchronously")
        request = pb.ApplyRequest(
            diff=descriptor_message(blob),
            mounts=mount_messages(mounts),
            payloads=untyped_map(payloads or {}),
            sync_fs=sync_fs,
        )
        return descriptor_of(self._call(self._stub.Apply, request, what, timeout).applied)

    def diff(
        self,
        left: Sequence[Mount],
        right: Sequence[Mount],
        *,
        media_type: str = "",
        ref: str = "",
        labels: Mapping[str, str] | None = None,
        source_date_epoch: datetime | None = None,
        timeout: Timeout = None,
    ) -> Descriptor:
        """Store what makes ``right`` of ``left`` as a layer; its descriptor.

        The media type is the engine's default (tar+gzip) when empty; ``ref`` names the ingest meanwhile.
        ``source_date_epoch``, the time stamped on deleted files, needs containerd 1.7.
        """
        what = "compare snapshots"
        if source_date_epoch:
            self._caller.require("1.7", f"{what} with a date of their own")
        request = pb.DiffRequest(
            left=mount_messages(left),
            right=mount_messages(right),
            media_type=media_type,
            ref=ref,
            labels=labels or {},
            source_date_epoch=timestamp(source_date_epoch),
        )
        return descriptor_of(self._call(self._stub.Diff, request, what, timeout).diff)
