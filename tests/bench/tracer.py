"""Sees every call of this process to containerd. Importing it imports grpc: see `tests.bench.traced`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grpc

if TYPE_CHECKING:
    from collections.abc import Callable

    Mark = Callable[[str, str], None]
    """Writes an event ("call" or "answer") down, with the call it is about, as in ``Tasks.Create``."""


class Tracer(
    grpc.UnaryUnaryClientInterceptor,
    grpc.UnaryStreamClientInterceptor,
    grpc.StreamStreamClientInterceptor,
):
    """Marks when a call begins, and when it has been answered: a stream is when its last message has come."""

    def __init__(self, mark: Mark) -> None:
        self._mark = mark

    def intercept_unary_unary(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        """One question, one answer."""
        name = self._call(client_call_details.method)
        answer = continuation(client_call_details, request)
        answer.add_done_callback(lambda _: self._mark("answer", name))
        return answer

    def intercept_unary_stream(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        """One question, many answers."""
        return self._stream(continuation, client_call_details, request)

    def intercept_stream_stream(self, continuation: Any, client_call_details: Any, request_iterator: Any) -> Any:
        """Both sides talk."""
        return self._stream(continuation, client_call_details, request_iterator)

    def _stream(self, continuation: Any, details: Any, sent: Any) -> Any:
        name = self._call(details.method)
        answers = continuation(details, sent)
        answers.add_callback(lambda: self._mark("answer", name))
        return answers

    def _call(self, method: str) -> str:
        service, _, name = method.rpartition("/")
        short = f"{service.rpartition('.')[2]}.{name}"
        self._mark("call", short)
        return short


def trace(mark: Mark) -> None:
    """Have `mark` called for all calls on channels that are made from now on."""
    plain = grpc.insecure_channel

    def insecure_channel(*args: Any, **options: Any) -> grpc.Channel:
        return grpc.intercept_channel(plain(*args, **options), Tracer(mark))

    grpc.insecure_channel = insecure_channel
