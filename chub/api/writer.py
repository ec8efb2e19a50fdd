"""A blob on its way into the content store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, TypeAlias

from chub._generated.services.content.v1 import content_pb2 as pb
from chub.errors import ChubError, Conflict, DataLoss, EngineFault, Unavailable

if TYPE_CHECKING:
    from types import TracebackType

    from chub._generated.services.content.v1 import content_pb2_grpc as rpc
    from chub.api.calls import Caller
    from chub.api.channel import Timeout

MESSAGE = 1 << 20  # bytes of data in a message
WINDOW = 4  # messages sent ahead of their answers: the engine's disk and the reader of the source overlap

Bytes: TypeAlias = bytes | bytearray | memoryview


class Writer:
    """An open ingest: nobody else can write to it until this is closed. A context manager; for one thread.

    Closed without `commit`, what was written stays, and another `Content.writer` goes on from there.
    """

    def __init__(
        self,
        caller: Caller,
        stub: rpc.ContentStub,
        ref: str,
        *,
        total: int,
        expected: str,
        timeout: Timeout,
    ) -> None:
        self.ref = ref
        self.offset = 0  # bytes written and sent so far
        self.digest = ""  # of what is written, as the engine says
        self._total = total
        self._expected = expected
        self._ahead = 0  # messages sent whose answers were not received
        self._call = caller.duplex(stub.Write, f"ingest {ref!r}", timeout)
        try:
            self._send(pb.WriteContentRequest(action=pb.STAT, ref=ref, total=total, expected=expected))
            self.offset = self._answer().offset
        except Unavailable as failure:
            self.cancel()
            if _exists(caller, stub, ref):
                raise Conflict(f"ingest {ref!r}: somebody else is writing to it") from failure
            raise
        except BaseException:
            self.cancel()
            raise

    def write(self, chunks: Iterable[Bytes]) -> None:
        """Send what comes after `offset`, in messages of up to 1 MiB; small chunks are put together."""
        for data in pieces(chunks, MESSAGE):
            self._send(pb.WriteContentRequest(action=pb.WRITE, ref=self.ref, offset=self.offset, data=data))
            self.offset += len(data)
            while self._ahead > WINDOW:
                self._answer()

    def truncate(self) -> None:
        """Throw away what was written, as containerd does on a message whose offset is 0."""
        if self.offset:
            self.offset = 0
            self._send(pb.WriteContentRequest(action=pb.WRITE, ref=self.ref))

    def commit(self, *, labels: Mapping[str, str] | None = None) -> str:
        """Turn all that was written into a blob; its digest.

        `AlreadyExists` when there is one (`digest` says which), `DataLoss` when its size or digest is not the
        expected one.
        """
        while self._ahead:
            self._answer()
        self._send(
            pb.WriteContentRequest(
                action=pb.COMMIT,
                ref=self.ref,
                offset=self.offset,
                total=self._total or self.offset,
                expected=self._expected,
                labels=labels or {},
            )
        )
        try:
            self._answer()
        except Conflict as failure:
            raise DataLoss(str(failure)) from failure
        return self.digest

    def close(self) -> None:
        """Let go of the ingest; when this returns the engine has let go too. A second time does nothing."""
        self._call.finish()
        try:
            while self._call.receive() is not None:
                pass
        finally:
            self._call.cancel()

    def cancel(self) -> None:
        """Let go of the ingest whatever is under way; the engine learns of it in its own time."""
        self._call.cancel()

    def __enter__(self) -> Writer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        elif issubclass(kind, Exception):
            with suppress(ChubError):
                self.close()
        else:
            self.cancel()

    def _send(self, request: pb.WriteContentRequest) -> None:
        self._call.send(request)
        self._ahead += 1

    def _answer(self) -> pb.WriteContentResponse:
        answer = self._call.receive()
        if answer is None:
            raise EngineFault(f"ingest {self.ref!r}: the engine ended the call")
        self._ahead -= 1
        self.digest = answer.digest or self.digest
        return answer


def _exists(caller: Caller, stub: rpc.ContentStub, ref: str) -> bool:
    """Whether an ingest is there: containerd says "unavailable" of one that is locked, too."""
    try:
        caller.unary(stub.Status, pb.StatusRequest(ref=ref), f"ingest {ref!r}", 5.0)
    except ChubError:
        return False
    return True


def pieces(chunks: Iterable[Bytes], size: int) -> Iterator[bytes]:
    """The same bytes in pieces of ``size``, the last one smaller; ``bytes`` of that size are not copied."""
    held = bytearray()
    for chunk in chunks:
        if not held and len(chunk) == size:
            yield bytes(chunk)
            continue
        view = memoryview(chunk).cast("B")
        start = 0
        while len(held) + len(view) - start >= size:
            end = start + size - len(held)
            yield bytes(held) + bytes(view[start:end]) if held else bytes(view[start:end])
            held.clear()
            start = end
        held += view[start:]
    if held:
        yield bytes(held)
