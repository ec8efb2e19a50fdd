"""A gRPC server on a unix socket that does what a test tells it to: what no engine does on demand."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

import grpc
import pytest

from chub.api.channel import Channel
from chub.api.services import Services

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATIENCE = 10.0  # seconds: what takes longer is a bug


@dataclass
class Fake(grpc.GenericRpcHandler):
    """Methods by name ("/containerd.services.version.v1.Version/Version"), and what was asked of them.

    A method is a function of the requests (an iterator of bytes) and the context, and yields bytes.
    """

    methods: dict[str, Callable[[Iterator[bytes], grpc.ServicerContext], Iterator[bytes]]] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)  # of the last call
    ended: Event = field(default_factory=Event)  # set when a call has ended, in whatever way

    def service(self, handler_call_details: Any) -> grpc.RpcMethodHandler[Any, Any] | None:
        """How to answer, None (UNIMPLEMENTED) for a method that was not given."""
        method = self.methods.get(handler_call_details.method)
        if method is None:
            return None
        self.metadata = dict(handler_call_details.invocation_metadata)

        def handle(requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
            context.add_callback(self.ended.set)
            yield from method(requests, context)

        return grpc.stream_stream_rpc_method_handler(handle)

    def fail(self, method: str, code: grpc.StatusCode, details: str = "") -> None:
        """Have a method answer with a status."""

        def failing(requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
            del requests
            context.abort(code, details)
            yield b""

        self.methods[method] = failing

    def answer(self, method: str, *messages: Any) -> None:
        """Have a method answer with messages."""

        def answering(requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
            next(requests)
            yield from (message.SerializeToString() for message in messages)

        self.methods[method] = answering

    def hang(self, method: str, *messages: Any) -> Event:
        """Have a method answer with messages and then hang until its caller ends it; set when it hangs."""
        hanging = Event()

        def hang(requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
            next(requests)
            yield from (message.SerializeToString() for message in messages)
            over = Event()
            if context.add_callback(over.set):
                hanging.set()
                over.wait(PATIENCE)

        self.methods[method] = hang
        return hanging


def serve(fake: Fake, path: Path) -> grpc.Server:
    """Start a server on a socket."""
    server = grpc.server(ThreadPoolExecutor(max_workers=12), handlers=[fake])
    server.add_insecure_port(f"unix:{path}")
    server.start()
    return server


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[Fake]:
    """A server that knows no method yet, on the socket at tmp_path / "s"."""
    made = Fake()
    server = serve(made, tmp_path / "s")
    yield made
    server.stop(grace=None).wait(PATIENCE)


@pytest.fixture
def services(fake: Fake, tmp_path: Path) -> Iterator[Services]:
    """Services of that server, in namespace "demo"."""
    with Services(Channel(str(tmp_path / "s"), timeout=PATIENCE), "demo") as made:
        yield made
