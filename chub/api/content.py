"""containerd's Content service: blobs by digest, and the ingests that become blobs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import field
from datetime import datetime

from chub._generated.services.content.v1 import content_pb2 as pb
from chub._generated.services.content.v1 import content_pb2_grpc as rpc
from chub.api.calls import Caller
from chub.api.channel import USUAL, Timeout
from chub.api.streams import Stream
from chub.api.wire import mask, moment
from chub.api.writer import Bytes, Writer
from chub.errors import AlreadyExists, ChubError, ResourceExhausted
from chub.records import record

READ_LIMIT = 16 << 20  # bytes: manifests and configurations are far below


@record
class Blob:
    """Bytes that are known by their digest. Labels "containerd.io/gc.ref.*" name what is kept with it."""

    digest: str  # "sha256:…"
    size: int = 0  # bytes
    created: datetime | None = None
    updated: datetime | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


@record
class Ingest:
    """A blob that is being written, or whose writer went away."""

    ref: str
    offset: int  # bytes written
    total: int = 0  # bytes; 0: its writer did not say
    expected: str = ""  # digest; containerd has not told it yet, in any version
    started: datetime | None = None
    updated: datetime | None = None


class Content:
    """containerd's `Content` service."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._call = caller.unary
        self._stub = caller.channel.stub(rpc.ContentStub)

    def info(self, digest: str, *, timeout: Timeout = USUAL) -> Blob:
        """What is known of one of this namespace's."""
        request = pb.InfoRequest(digest=digest)
        return _record(self._call(self._stub.Info, request, f"content digest {digest}", timeout).info)

    def update(self, blob: Blob, *fields: str, timeout: Timeout = USUAL) -> Blob:
        """Change its labels: those of ``fields`` ("labels", "labels.NAME"), or all of them."""
        info = pb.Info(digest=blob.digest, labels=blob.labels)
        request = pb.UpdateRequest(info=info, update_mask=mask(fields))
        return _record(self._call(self._stub.Update, request, f"update content digest {blob.digest}", timeout).info)

    def stream(self, *filters: str, timeout: Timeout = USUAL) -> Stream[tuple[Blob, ...]]:
        """Those which any of the filters matches (all without a filter), some at a time."""
        request = pb.ListContentRequest(filters=filters)
        return self._caller.stream(self._stub.List, request, _listed, "content", timeout)

    def list(self, *filters: str, timeout: Timeout = USUAL) -> tuple[Blob, ...]:
        """Those which any of the filters matches (all without a filter), however many."""
        return tuple(found for some in self.stream(*filters, timeout=timeout) for found in some)

    def delete(self, digest: str, *, timeout: Timeout = USUAL) -> None:
        """Remove it from this namespace; the bytes go with the next collection when no other has them."""
        request = pb.DeleteContentRequest(digest=digest)
        self._call(self._stub.Delete, request, f"delete content digest {digest}", timeout)

    def read(self, digest: str, offset: int = 0, size: int = 0, *, timeout: Timeout = None) -> Iterator[bytes]:
        """Its bytes from ``offset`` on, ``size`` of them (0: all), in pieces as they come."""
        request = pb.ReadContentRequest(digest=digest, offset=offset, size=size)
        what = f"read content digest {digest}"
        with self._caller.stream(self._stub.Read, request, _data, what, timeout) as pieces:
            yield from pieces

    def read_all(self, digest: str, limit: int = READ_LIMIT, *, timeout: Timeout = USUAL) -> bytes:
        """All its bytes, `ResourceExhausted` when they are more than ``limit``."""
        read = bytearray()
        for piece in self.read(digest, timeout=timeout):
            read += piece
            if len(read) > limit:
                raise ResourceExhausted(f"content digest {digest} is larger than {limit} bytes")
        return bytes(read)

    def status(self, ref: str, *, timeout: Timeout = USUAL) -> Ingest:
        """How far an ingest is."""
        request = pb.StatusRequest(ref=ref)
        return _ingest(self._call(self._stub.Status, request, f"ingest {ref!r}", timeout).status)

    def ingests(self, *filters: str, timeout: Timeout = USUAL) -> tuple[Ingest, ...]:
        """This namespace's: those which any of the filters matches, or all."""
        request = pb.ListStatusesRequest(filters=filters)
        answer = self._call(self._stub.ListStatuses, request, "ingests", timeout)
        return tuple(_ingest(found) for found in answer.statuses)

    def abort(self, ref: str, *, timeout: Timeout = USUAL) -> None:
        """Throw an ingest away."""
        self._call(self._stub.Abort, pb.AbortRequest(ref=ref), f"abort ingest {ref!r}", timeout)

    def writer(self, ref: str, *, total: int = 0, expected: str = "", timeout: Timeout = None) -> Writer:
        """Open an ingest, or go on with one from its `offset`; the deadline is for all that is done with it.

        `AlreadyExists` when the blob that is expected is there, `Conflict` when somebody else writes to it.
        """
        return Writer(self._caller, self._stub, ref, total=total, expected=expected, timeout=timeout)

    def write(
        self,
        ref: str,
        chunks: Iterable[Bytes],
        *,
        total: int = 0,
        expected: str = "",
        labels: Mapping[str, str] | None = None,
        timeout: Timeout = None,
    ) -> str:
        """Store all of ``chunks`` as a blob and return its digest; an ingest of that ``ref`` starts anew.

        containerd checks ``total`` (bytes) and ``expected`` (digest) when they are given: `DataLoss`. A blob
        that exists already is success; if it was expected, nothing is read of the chunks. Whatever fails, an
        error of ``chunks`` too, ends the ingest.
        """
        try:
            writer = self.writer(ref, total=total, expected=expected, timeout=timeout)
        except AlreadyExists:
            return expected
        done = False
        try:
            with writer:
                writer.truncate()
                writer.write(chunks)
                digest = writer.commit(labels=labels)
            done = True
        except AlreadyExists:
            digest = writer.digest
        finally:
            if not done:
                with suppress(ChubError):
                    self.abort(ref, timeout=5.0)
        return digest


def _listed(message: pb.ListContentResponse) -> tuple[Blob, ...]:
    return tuple(_record(found) for found in message.info)


def _data(message: pb.ReadContentResponse) -> bytes:
    return message.data


def _record(message: pb.Info) -> Blob:
    return Blob(
        digest=message.digest,
        size=message.size,
        created=moment(message.created_at),
        updated=moment(message.updated_at),
        labels=dict(message.labels),
    )


def _ingest(message: pb.Status) -> Ingest:
    return Ingest(
        ref=message.ref,
        offset=message.offset,
        total=message.total,
        expected=message.expected,
        started=moment(message.started_at),
        updated=moment(message.updated_at),
    )
