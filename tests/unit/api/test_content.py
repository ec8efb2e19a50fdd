"""Writing blobs, where an engine fails, hangs or does not agree."""

from __future__ import annotations

import hashlib
import threading
from typing import TYPE_CHECKING

import grpc
import pytest

from chub._generated.services.content.v1 import content_pb2 as pb
from chub.api.writer import MESSAGE, pieces
from chub.errors import Conflict, DataLoss, ResourceExhausted, TimedOut, Unavailable
from tests.unit.api.conftest import PATIENCE, Fake
from tests.unit.api.test_calls import interrupt_when

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chub.api.services import Services

WRITE = "/containerd.services.content.v1.Content/Write"
ABORT = "/containerd.services.content.v1.Content/Abort"
STATUS = "/containerd.services.content.v1.Content/Status"
READ = "/containerd.services.content.v1.Content/Read"


class Store:
    """An ingest, as containerd answers for it; `fail_at` and `hang_at` count messages."""

    def __init__(self, fake: Fake, *, offset: int = 0, fail_at: int = -1, hang_at: int = -1) -> None:
        self.received = bytearray(offset)
        self.messages: list[pb.WriteContentRequest] = []
        self.hanging = threading.Event()
        self.aborted = threading.Event()
        self._fail_at = fail_at
        self._hang_at = hang_at
        fake.methods[WRITE] = self.write
        fake.methods[ABORT] = self.abort

    def write(self, requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
        """Answer each message as containerd does."""
        for count, request in enumerate(requests):
            message = pb.WriteContentRequest.FromString(request)
            self.messages.append(message)
            if count == self._fail_at:
                context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "no space left on device")
            if count == self._hang_at:
                over = threading.Event()
                context.add_callback(over.set)
                self.hanging.set()
                over.wait(PATIENCE)
                return
            if message.action != pb.STAT:
                assert message.offset in (0, len(self.received))
                del self.received[message.offset :]
                self.received += message.data
            yield pb.WriteContentResponse(
                action=message.action,
                offset=len(self.received),
                digest=f"sha256:{hashlib.sha256(self.received).hexdigest()}",
            ).SerializeToString()

    def abort(self, requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
        """Note that the ingest was thrown away."""
        del context
        next(requests)
        self.aborted.set()
        yield b""


@pytest.mark.parametrize("sizes", [[0], [1, 2, 3], [MESSAGE], [MESSAGE - 1, 2], [3 * MESSAGE + 5], [5, 2 * MESSAGE]])
def test_pieces_are_the_same_bytes(sizes: list[int]) -> None:
    """However the chunks come, the pieces are whole but for the last, and the same bytes."""
    chunks = [bytes([index]) * size for index, size in enumerate(sizes)]
    cut = list(pieces(chunks, MESSAGE))

    assert b"".join(cut) == b"".join(chunks)
    assert all(len(piece) == MESSAGE for piece in cut[:-1])
    assert all(cut)


def test_pieces_of_memory_of_any_shape() -> None:
    """Bytearray and memoryview are cut as bytes are."""
    assert list(pieces([bytearray(b"ab"), memoryview(b"cd")], 3)) == [b"abc", b"d"]


def test_a_blob_is_written(fake: Fake, services: Services) -> None:
    """Messages carry the data in order; the last one commits what was said."""
    store = Store(fake)
    data = bytes(range(256)) * (3 * MESSAGE // 256) + b"rest"
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"

    written = services.content.write(
        "r", iter([data[:100], data[100:]]), total=len(data), expected=digest, labels={"a": "b"}
    )

    assert written == digest
    assert bytes(store.received) == data
    assert [message.action for message in store.messages] == [pb.STAT, *[pb.WRITE] * 4, pb.COMMIT]
    commit = store.messages[-1]
    assert (commit.offset, commit.total, commit.expected, dict(commit.labels)) == (
        len(data),
        len(data),
        digest,
        {"a": "b"},
    )
    assert not store.aborted.is_set()


def test_an_ingest_left_behind_starts_anew(fake: Fake, services: Services) -> None:
    """What an earlier writer left under the same ref is thrown away, also for an empty blob."""
    store = Store(fake, offset=10)
    services.content.write("r", [b"new"])
    assert bytes(store.received) == b"new"

    store = Store(fake, offset=10)
    services.content.write("r", [])
    assert bytes(store.received) == b""


def test_a_writer_goes_on(fake: Fake, services: Services) -> None:
    """A Writer starts where the ingest is."""
    store = Store(fake, offset=3)

    with services.content.writer("r") as writer:
        assert writer.offset == 3
        writer.write([b"rest"])
        writer.commit()

    assert bytes(store.received) == b"\0\0\0rest"


def test_an_error_of_the_source_is_its_own(fake: Fake, services: Services) -> None:
    """What the chunks raise comes out as it is, and the ingest is aborted."""
    store = Store(fake)

    def source() -> Iterator[bytes]:
        yield b"x" * MESSAGE
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        services.content.write("r", source())
    assert store.aborted.is_set()


def test_a_failing_engine_ends_the_write(fake: Fake, services: Services) -> None:
    """A full disk is ResourceExhausted; the source is not read to its end, and the ingest is aborted."""
    store = Store(fake, fail_at=2)
    read = 0

    def source() -> Iterator[bytes]:
        nonlocal read
        for _ in range(1000):
            read += 1
            yield b"x" * MESSAGE

    with pytest.raises(ResourceExhausted, match="ingest 'r': no space left on device"):
        services.content.write("r", source())
    assert read < 20
    assert store.aborted.is_set()


def test_a_hanging_engine_stops_the_source(fake: Fake, services: Services) -> None:
    """An engine that does not answer is waited for with a few messages under way, up to the deadline."""
    Store(fake, hang_at=1)
    read = 0

    def source() -> Iterator[bytes]:
        nonlocal read
        for _ in range(1000):
            read += 1
            yield b"x" * MESSAGE

    with pytest.raises(TimedOut):
        services.content.write("r", source(), timeout=0.5)
    assert read < 10


def test_an_interrupted_write_ends(fake: Fake, services: Services) -> None:
    """^C raises KeyboardInterrupt at once, and the ingest is aborted."""
    store = Store(fake, hang_at=1)
    thread = interrupt_when(store.hanging)

    with pytest.raises(KeyboardInterrupt):
        services.content.write("r", [b"x" * MESSAGE] * 1000)
    thread.join()
    assert store.aborted.is_set()
    assert fake.ended.wait(PATIENCE)


def test_an_expected_blob_that_exists_is_not_read(fake: Fake, services: Services) -> None:
    """AlreadyExists at the start is success: the source stays untouched."""
    fake.fail(WRITE, grpc.StatusCode.ALREADY_EXISTS, "content sha256:0: already exists")

    def source() -> Iterator[bytes]:
        pytest.fail("the source was read")
        yield b""

    assert services.content.write("r", source(), expected="sha256:0") == "sha256:0"


def test_a_locked_ingest_is_a_conflict(fake: Fake, services: Services) -> None:
    """Containerd says "unavailable" of an ingest that another writes to: Conflict, and it is left alone."""
    fake.fail(WRITE, grpc.StatusCode.UNAVAILABLE, "ref r locked: unavailable")
    fake.answer(STATUS, pb.StatusResponse(status=pb.Status(ref="r")))

    with pytest.raises(Conflict, match="somebody else"):
        services.content.write("r", [b"x"])


def test_an_unavailable_engine_is_no_conflict(fake: Fake, services: Services) -> None:
    """Unavailable for another reason stays what it is."""
    fake.fail(WRITE, grpc.StatusCode.UNAVAILABLE, "shutting down")
    fake.fail(STATUS, grpc.StatusCode.UNAVAILABLE, "shutting down")

    with pytest.raises(Unavailable, match="shutting down"):
        services.content.write("r", [b"x"])


def test_other_bytes_than_expected_are_data_loss(fake: Fake, services: Services) -> None:
    """A commit that is refused for its digest or size is DataLoss."""

    def refusing(requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
        for request in requests:
            if pb.WriteContentRequest.FromString(request).action == pb.COMMIT:
                context.abort(grpc.StatusCode.FAILED_PRECONDITION, "unexpected commit digest")
            yield pb.WriteContentResponse().SerializeToString()

    Store(fake)
    fake.methods[WRITE] = refusing

    with pytest.raises(DataLoss, match="unexpected commit digest"):
        services.content.write("r", [b"x"], expected="sha256:0")


def test_reading_stops_at_the_limit(fake: Fake, services: Services) -> None:
    """read_all does not take more into memory than it was told to."""
    fake.answer(READ, *[pb.ReadContentResponse(data=b"x" * 100)] * 10)

    with pytest.raises(ResourceExhausted, match="larger than 500 bytes"):
        services.content.read_all("sha256:0", limit=500)
    assert services.content.read_all("sha256:0", limit=1000) == b"x" * 1000


def test_leaving_a_read_ends_it(fake: Fake, services: Services) -> None:
    """A reader that has enough ends the call."""
    fake.hang(READ, pb.ReadContentResponse(data=b"x"))

    for piece in services.content.read("sha256:0"):
        assert piece == b"x"
        break
    assert fake.ended.wait(PATIENCE)
