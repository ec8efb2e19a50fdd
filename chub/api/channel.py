"""One connection to containerd, for all threads and namespaces of a process."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from threading import Lock, Thread
from typing import Final, Literal, TypeAlias, TypeVar

import grpc
from grpc import StatusCode

from chub.errors import Invalid, Unavailable

S = TypeVar("S")

MESSAGE_LIMIT = 64 << 20  # bytes; containerd itself takes messages up to 16 MiB
RECONNECT_PAUSE = 100  # milliseconds, gRPC's minimum: until then calls fail though the engine is back
PROBE_TIMEOUT = 2.0  # seconds
SOCKET_PATH_LIMIT = 107  # bytes, of sockaddr_un
OPTIONS: Final = (
    ("grpc.max_receive_message_length", MESSAGE_LIMIT),
    ("grpc.max_send_message_length", MESSAGE_LIMIT),
    ("grpc.initial_reconnect_backoff_ms", RECONNECT_PAUSE),
    ("grpc.max_reconnect_backoff_ms", RECONNECT_PAUSE),
    ("grpc.enable_http_proxy", 0),
    ("grpc.use_local_subchannel_pool", 1),  # a new channel does not wait for the back-off of another
    ("grpc.default_authority", "localhost"),
)


CLOSE_PATIENCE = 1.0  # seconds


class Usual(Enum):
    """The default of every `timeout`."""

    TIMEOUT = "the channel's timeout"


USUAL: Final = Usual.TIMEOUT
Timeout: TypeAlias = float | Literal[Usual.TIMEOUT] | None  # seconds; None: no deadline


class Channel:
    """A connection to the socket of one containerd, made when it is first needed and again after a restart.

    ``timeout`` (seconds; None: for ever) is the deadline of calls that are given none. Threads may share it.
    """

    def __init__(self, address: str, *, timeout: float | None = 30.0) -> None:
        self.path = socket_path(address)
        self.timeout = timeout
        self.closed = False
        self._lock = Lock()  # gRPC crashes when a stub is made on a closed channel
        self._grpc = grpc.insecure_channel(f"unix:{_escaped(self.path)}", options=OPTIONS)

    def connect(self) -> None:
        """Begin to connect, and do not wait: the first call finds the connection there, if it comes late enough."""
        with suppress(AttributeError):  # gRPC's public ways to do this take a thread
            self._grpc._channel.check_connectivity_state(True)  # type: ignore[attr-defined]

    def close(self) -> None:
        """End the connection and every call on it; a second time does nothing.

        A call that ^C interrupted at a bad moment has gRPC wait for it for ever: that wait is left behind.
        """
        with self._lock:
            self.closed = True
        closing = Thread(target=self._grpc.close, daemon=True)
        closing.start()
        closing.join(CLOSE_PATIENCE)

    def stub(self, make: Callable[[grpc.Channel], S]) -> S:
        """A generated stub on this channel."""
        with self._lock:
            if self.closed:
                raise Unavailable(f"the channel to {self.path} is closed")
            return make(self._grpc)

    def seconds(self, timeout: Timeout) -> float | None:
        """What gRPC is to be told for a `timeout` argument."""
        return self.timeout if timeout is USUAL else timeout

    def wait_until_ready(self, timeout: float) -> None:
        """Wait for a connection, as while containerd restarts; `Unavailable` after ``timeout`` seconds."""
        from google.protobuf.empty_pb2 import Empty

        from chub._generated.services.version.v1.version_pb2_grpc import VersionStub

        deadline = time.monotonic() + timeout
        while (left := deadline - time.monotonic()) > 0:
            try:
                self.stub(VersionStub).Version(Empty(), timeout=left, wait_for_ready=True)
                return
            except grpc.RpcError as failure:
                if failure.code() not in (StatusCode.UNAVAILABLE, StatusCode.DEADLINE_EXCEEDED):
                    return  # it answers
        raise Unavailable(f"no containerd answers at {self.path}, for {timeout:.2g} s now", hint="start it again")

    def engine_version(self) -> str:
        """Which containerd answers, as failures want to know; raises gRPC's own error."""
        from google.protobuf.empty_pb2 import Empty

        from chub._generated.services.version.v1.version_pb2_grpc import VersionStub

        return self.stub(VersionStub).Version(Empty(), timeout=PROBE_TIMEOUT).version


def socket_path(address: str) -> str:
    """The path in an address: a path itself, or a unix:// URL."""
    path = address.removeprefix("unix://") if address.startswith("unix://") else address.removeprefix("unix:")
    if not path or "://" in path or "\0" in path:
        raise Invalid(
            f"not the address of a unix socket: {address!r}",
            hint="give a path such as /run/containerd/containerd.sock",
        )
    if len(path.encode()) > SOCKET_PATH_LIMIT:
        raise Invalid(
            f"the path of the socket is too long: {path}",
            hint=f"the kernel's limit is {SOCKET_PATH_LIMIT} bytes",
        )
    return path


def _escaped(path: str) -> str:
    """The path as part of the URI that gRPC wants."""
    if path.isascii() and not set(path) & set("%?# "):
        return path
    from urllib.parse import quote

    return quote(path)
