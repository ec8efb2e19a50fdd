"""Answers that come bit by bit, or later, or in turns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import grpc

from chub.api.failures import reported
from chub.errors import Cancelled, TimedOut

if TYPE_CHECKING:
    from types import TracebackType

    from chub.api.channel import Channel

Q = TypeVar("Q")
A = TypeVar("A")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Stream(Generic[T_co]):
    """What an engine sends while it is read: loop over it, once.

    Leaving the loop, leaving a ``with`` block around it, or `cancel` from any thread ends the call. A loop
    ended by `cancel` just ends; one that the engine or the connection breaks raises.
    """

    def __init__(self, items: Iterator[T_co], cancel: Callable[[], object]) -> None:
        self._items = items
        self._cancel = cancel
        self._cancelled = False

    def __iter__(self) -> Iterator[T_co]:
        try:
            yield from self._items
        except Cancelled:
            if not self._cancelled:
                raise
        finally:
            self.cancel()

    def __enter__(self) -> Stream[T_co]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cancel()

    def cancel(self) -> None:
        """End the call; a second time does nothing."""
        self._cancelled = True
        self._cancel()


class Pending(Generic[T]):
    """The answer of a call that is under way."""

    def __init__(self, call: Any, convert: Callable[[Any], T], what: str, channel: Channel, *, since: str = "") -> None:
        self._call = call  # grpc's future; types-grpcio gives its class no public name
        self._convert = convert
        self._what = what
        self._channel = channel
        self._since = since

    def result(self, timeout: float | None = None) -> T:
        """Wait for the answer. After ``timeout`` seconds raise `TimedOut`; the call goes on."""
        with reported(self._what, self._channel, since=self._since):
            try:
                return self._convert(self._call.result(timeout))
            except grpc.FutureTimeoutError as failure:
                raise TimedOut(f"{self._what}: no answer after {timeout:g} s") from failure
            except grpc.FutureCancelledError as failure:
                raise Cancelled(f"{self._what}: the call was cancelled") from failure

    @property
    def done(self) -> bool:
        """Whether `result` would not wait."""
        return bool(self._call.done())

    def cancel(self) -> None:
        """Give the call up."""
        self._call.cancel()

    def when_done(self, callback: Callable[[], object]) -> None:
        """Have something called, in a thread of gRPC's, once the call has ended in whatever way."""
        self._call.add_done_callback(lambda _: callback())


class Duplex(Generic[Q, A]):
    """A call on which both sides talk. One thread may send while another receives."""

    def __init__(self, start: Callable[[Iterator[Q]], Any], what: str, channel: Channel, *, since: str = "") -> None:
        self._what = what
        self._channel = channel
        self._since = since
        self._requests: SimpleQueue[Q | None] = SimpleQueue()
        with reported(what, channel):
            self._call = start(iter(self._requests.get, None))

    def send(self, request: Q) -> None:
        """Put a message on its way; it is not waited for."""
        self._requests.put(request)

    def finish(self) -> None:
        """Tell the engine that nothing more is sent."""
        self._requests.put(None)

    def receive(self) -> A | None:
        """Wait for the engine's next message; None when it sends no more."""
        with reported(self._what, self._channel, since=self._since):
            answer: A | None = next(self._call, None)
        return answer

    def cancel(self) -> None:
        """End the call, whatever is under way."""
        self._requests.put(None)  # gRPC's thread waits for it
        self._call.cancel()
