"""How a service module calls: with namespace, lease and deadline, failures reported."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import grpc

from chub.api.channel import USUAL, Channel, Timeout
from chub.api.failures import reported
from chub.api.streams import Duplex, Pending, Stream
from chub.errors import Unsupported

Q = TypeVar("Q")
A = TypeVar("A")
T = TypeVar("T")


class Caller:
    """A channel, seen from one namespace and, maybe, under a lease.

    ``what`` in its methods names what a call is about, for errors; ``since`` is the first containerd version
    that has the method, when 1.6 has not.
    """

    def __init__(self, channel: Channel, namespace: str, lease: str = "") -> None:
        self.channel = channel
        self.namespace = namespace
        self.lease = lease
        leased = (("containerd-lease", lease),) if lease else ()
        self.metadata = (("containerd-namespace", namespace), *leased)

    def unary(
        self,
        method: grpc.UnaryUnaryMultiCallable[Q, A],
        request: Q,
        what: str,
        timeout: Timeout = USUAL,
        *,
        since: str = "",
    ) -> A:
        """Ask, and wait for the answer."""
        with reported(what, self.channel, since=since):
            return method(request, timeout=self.channel.seconds(timeout), metadata=self.metadata)

    def later(
        self,
        method: grpc.UnaryUnaryMultiCallable[Q, A],
        request: Q,
        convert: Callable[[A], T],
        what: str,
        timeout: Timeout = USUAL,
        *,
        since: str = "",
    ) -> Pending[T]:
        """Ask, and do not wait."""
        with reported(what, self.channel):
            call = method.future(request, timeout=self.channel.seconds(timeout), metadata=self.metadata)
        return Pending(call, convert, what, self.channel, since=since)

    def start(
        self, method: grpc.UnaryStreamMultiCallable[Q, A], request: Q, what: str, timeout: Timeout = USUAL
    ) -> Any:
        """Ask for what comes bit by bit; gRPC's own call, for `received`. The deadline is for all of it."""
        with reported(what, self.channel):
            return method(request, timeout=self.channel.seconds(timeout), metadata=self.metadata)

    def received(self, call: Any, convert: Callable[[A], T], what: str) -> Iterator[T]:
        """What a call receives, converted."""
        with reported(what, self.channel):
            for message in call:
                yield convert(message)

    def stream(
        self,
        method: grpc.UnaryStreamMultiCallable[Q, A],
        request: Q,
        convert: Callable[[A], T],
        what: str,
        timeout: Timeout = USUAL,
    ) -> Stream[T]:
        """Ask for what comes bit by bit; the deadline is for all of it."""
        call = self.start(method, request, what, timeout)
        return Stream(self.received(call, convert, what), call.cancel)

    def duplex(
        self,
        method: grpc.StreamStreamMultiCallable[Q, A],
        what: str,
        timeout: Timeout = USUAL,
        *,
        since: str = "",
    ) -> Duplex[Q, A]:
        """Open a call on which both sides talk; the deadline is for all of it."""

        def start(requests: Iterator[Q]) -> Any:
            return method(requests, timeout=self.channel.seconds(timeout), metadata=self.metadata)

        return Duplex(start, what, self.channel, since=since)

    def require(self, version: str, what: str) -> None:
        """Raise `Unsupported` when the engine is older: for fields that an older one would silently drop."""
        from chub.api.version import Versions

        found = Versions(self).get()
        if found.older_than(version):
            raise Unsupported(f"{what}: needs containerd {version} or newer, this is {found.version}")
