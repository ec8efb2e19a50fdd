"""containerd's Streaming service: streams for Transfer to read and write (1.7 and newer)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from google.protobuf import any_pb2

from chub._generated.services.streaming.v1 import streaming_pb2 as pb
from chub._generated.services.streaming.v1 import streaming_pb2_grpc as rpc
from chub._generated.types.transfer import streaming_pb2 as transfer
from chub.api.calls import Caller
from chub.api.channel import Timeout
from chub.api.streams import Duplex
from chub.api.wire import TypedValue
from chub.errors import Unavailable

if TYPE_CHECKING:
    from types import TracebackType

INIT_TYPE = "containerd.services.streaming.v1.StreamInit"
DATA_TYPE = "containerd.types.transfer.Data"
WINDOW_TYPE = "containerd.types.transfer.WindowUpdate"
PIECE = 32 << 10  # bytes of data in a message, as containerd itself sends them
WINDOW = 2 * PIECE


class Conversation:
    """An open stream. A context manager; one thread may send while another receives."""

    def __init__(self, id: str, call: Duplex[any_pb2.Any, any_pb2.Any]) -> None:
        self.id = id
        self._call = call

    def send(self, value: TypedValue) -> None:
        """Send one value."""
        self._call.send(any_pb2.Any(type_url=value.type_url, value=value.value))

    def receive(self) -> TypedValue | None:
        """Wait for the engine's next value; None when it sends no more."""
        answer = self._call.receive()
        return None if answer is None else TypedValue(type_url=answer.type_url, value=answer.value)

    def __iter__(self) -> Iterator[TypedValue]:
        while (value := self.receive()) is not None:
            yield value

    def send_bytes(self, chunks: Iterable[bytes]) -> None:
        """Send bytes as fast as the engine makes room for them, then the end."""
        room = 0
        for chunk in chunks:
            rest = memoryview(chunk)
            while rest:
                while room <= 0:
                    room += self._granted()
                piece = rest[: min(PIECE, room)]
                data = transfer.Data(data=bytes(piece)).SerializeToString()
                self.send(TypedValue(type_url=DATA_TYPE, value=data))
                room -= len(piece)
                rest = rest[len(piece) :]
        self._call.finish()

    def receive_bytes(self) -> Iterator[bytes]:
        """Bytes that the engine sends, as fast as they are read.

        containerd does not end the stream of an export: leave the loop where the archive says it ends.
        """
        room = 0
        while True:
            if room < WINDOW:
                update = transfer.WindowUpdate(update=WINDOW).SerializeToString()
                self.send(TypedValue(type_url=WINDOW_TYPE, value=update))
                room += WINDOW
            value = self.receive()
            if value is None:
                self._call.finish()
                return
            if value.type_url == DATA_TYPE:
                data = transfer.Data.FromString(value.value).data
                room -= len(data)
                yield data

    def close(self) -> None:
        """End the stream; a second time does nothing."""
        self._call.cancel()

    def __enter__(self) -> Conversation:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _granted(self) -> int:
        value = self.receive()
        if value is None:
            raise Unavailable("the engine ended the stream before all of it was sent")
        if value.type_url != WINDOW_TYPE:
            return 0
        return transfer.WindowUpdate.FromString(value.value).update


class Streaming:
    """containerd's `Streaming` service."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._stub = caller.channel.stub(rpc.StreamingStub)

    def open(self, id: str = "", *, timeout: Timeout = None) -> Conversation:
        """Make a stream, with a random id if none is given; on return, `Transfers.transfer` may refer to it.

        An id serves once: containerd keeps it after the stream has ended.
        """
        id = id or os.urandom(12).hex()
        call = self._caller.duplex(self._stub.Stream, f"stream {id!r}", timeout, since="1.7")
        call.send(any_pb2.Any(type_url=INIT_TYPE, value=pb.StreamInit(id=id).SerializeToString()))
        try:
            if call.receive() is None:
                raise Unavailable(f"stream {id!r}: the engine ended it")
        except BaseException:
            call.cancel()
            raise
        return Conversation(id, call)
