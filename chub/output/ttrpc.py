"""Ask a shim about its processes, also while containerd is away: calls of containerd's task API over ttrpc.

ttrpc's frames (github.com/containerd/ttrpc, PROTOCOL.md) have a header of ten bytes, big-endian: length, stream, type,
flags. Type 1 is a request, 2 the response. What is in them is protobuf, of which this needs a few messages; fields are
numbered as in vendor/containerd-protos (runtime/task) and ttrpc's request.proto.
"""

import json
import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

HEADER = struct.Struct(">IIBB")
REQUEST, RESPONSE = 1, 2
STREAM = 1  # a client's are odd
LIMIT = 4 << 20  # bytes of a frame
VARINT, BYTES = 0, 2  # protobuf's wire types
NOT_FOUND = 5  # of google.rpc.Code


class NoAnswer(Exception):
    """The shim does not say."""


class Unknown(NoAnswer):
    """The shim has no such process, or is gone itself."""


class Status(IntEnum):
    """What a process does (containerd.v1.types.Status); CREATED: it is set up, and not started."""

    UNKNOWN = 0
    CREATED = 1
    RUNNING = 2
    STOPPED = 3


class Shim:
    """Where a shim listens (a path), and which version of the task API it speaks: 2 or 3."""

    def __init__(self, address: str, version: int) -> None:
        self.address = address
        self.version = version

    def wait(self, id: str, timeout: float) -> tuple[int, int]:
        """How a task ended, or does so within `timeout` seconds: its exit code, and the time in nanoseconds since 1970.

        NoAnswer if the shim does not say.
        """
        with self._answering():
            fields = dict(_fields(self._call("Wait", _field(1, id.encode()), timeout)))
            at = dict(_fields(_bytes(fields.get(2, b""))))
            code, seconds, nanoseconds = (_number(each) for each in (fields.get(1, 0), at.get(1, 0), at.get(2, 0)))
        return code, seconds * 10**9 + nanoseconds

    def state(self, id: str, timeout: float, exec_id: str = "") -> tuple[int, int]:
        """What a process does, a `Status` mostly, and its pid."""
        with self._answering():
            fields = dict(_fields(self._call("State", _process(id, exec_id), timeout)))
            return _number(fields.get(4, 0)), _number(fields.get(3, 0))

    def delete(self, id: str, timeout: float, exec_id: str = "") -> None:
        """Delete a process that has ended or was not started."""
        with self._answering():
            self._call("Delete", _process(id, exec_id), timeout)

    def close_stdin(self, id: str, timeout: float, exec_id: str = "") -> None:
        """Have the shim close its end of a process's stdin. NoAnswer if it does not say that it has."""
        with self._answering():
            self._call("CloseIO", _process(id, exec_id) + bytes([3 << 3 | VARINT, 1]), timeout)

    @contextmanager
    def _answering(self) -> Iterator[None]:
        try:
            yield
        except (ConnectionRefusedError, FileNotFoundError) as failure:
            raise Unknown(f"shim at {self.address}: {failure}") from failure
        except (OSError, ValueError, struct.error) as failure:
            raise NoAnswer(f"shim at {self.address}: {failure}") from failure

    def _call(self, method: str, payload: bytes, timeout: float) -> bytes:
        service = f"containerd.task.v{self.version}.Task"
        request = _field(1, service.encode()) + _field(2, method.encode()) + _field(3, payload)
        request += bytes([4 << 3 | VARINT]) + _varint(int(timeout * 10**9))
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(timeout)
            connection.connect(self.address)
            connection.sendall(HEADER.pack(len(request), STREAM, REQUEST, 0) + request)
            length, stream, kind, _ = HEADER.unpack(_exactly(connection, HEADER.size))
            if (stream, kind) != (STREAM, RESPONSE) or length > LIMIT:
                raise ValueError(f"an unexpected frame: type {kind}, stream {stream}, {length} bytes")
            response = dict(_fields(_exactly(connection, length)))
        if status := dict(_fields(_bytes(response.get(1, b"")))):
            why = _bytes(status.get(2, b"")).decode(errors="replace") or f"status {status.get(1)!r}"
            raise Unknown(why) if status.get(1) == NOT_FOUND else ValueError(why)
        return _bytes(response.get(2, b""))


def bundle_of(pid: int) -> str:
    """The bundle of a container's first process: where its parent, the shim, works. OSError if none is seen."""
    with open(f"/proc/{pid}/stat", "rb") as file:
        parent = int(file.read().rpartition(b")")[2].split()[1])
    return os.readlink(f"/proc/{parent}/cwd")


def shim_of(pid: int) -> Shim:
    """The shim of a container's first process. NoAnswer if none is seen."""
    try:
        bundle = bundle_of(pid)
        try:
            with open(os.path.join(bundle, "bootstrap.json")) as file:
                told = json.load(file)
            return Shim(told["address"].removeprefix("unix://"), int(told["version"]))
        except FileNotFoundError:  # containerd before 2.0
            with open(os.path.join(bundle, "address")) as file:
                return Shim(file.read().strip().removeprefix("unix://"), 2)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError) as failure:
        raise NoAnswer(f"shim of process {pid}: {failure}") from failure


def _exactly(connection: socket.socket, count: int) -> bytes:
    data = bytearray()
    while len(data) < count:
        more = connection.recv(count - len(data))
        if not more:
            raise ValueError("the shim hung up")
        data += more
    return bytes(data)


def _process(id: str, exec_id: str) -> bytes:
    """The first two fields of all requests: whose process, and which; without `exec_id` the container's first."""
    return _field(1, id.encode()) + (_field(2, exec_id.encode()) if exec_id else b"")


def _field(number: int, value: bytes) -> bytes:
    return bytes([number << 3 | BYTES]) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of a protobuf message that are varints or bytes; ValueError for others, and for what is torn."""
    place = 0

    def varint() -> int:
        nonlocal place
        value = shift = 0
        while True:
            if place >= len(message) or shift > 63:
                raise ValueError("a torn message")
            byte = message[place]
            place += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while place < len(message):
        number, kind = divmod(varint(), 8)
        if kind == VARINT:
            yield number, varint()
        elif kind == BYTES:
            length = varint()
            if place + length > len(message):
                raise ValueError("a torn message")
            yield number, message[place : place + length]
            place += length
        else:
            raise ValueError(f"wire type {kind}")


def _bytes(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise ValueError("a number where bytes belong")
    return value


def _number(value: int | bytes) -> int:
    if not isinstance(value, int):
        raise ValueError("bytes where a number belongs")
    return value
