"""containerd's Events service: what happens, as it happens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from datetime import UTC, datetime
from threading import Event as Flag
from typing import Any

from google.protobuf import empty_pb2

from chub._generated.services.events.v1 import events_pb2 as pb
from chub._generated.services.events.v1 import events_pb2_grpc as rpc
from chub._generated.services.version.v1 import version_pb2_grpc
from chub._generated.types import event_pb2
from chub.api.calls import Caller
from chub.api.channel import USUAL, Timeout
from chub.api.payloads import decoded
from chub.api.streams import Stream
from chub.api.wire import TypedValue, moment, timestamp, untyped
from chub.errors import Cancelled, Unavailable
from chub.records import record

PAUSE = 0.05  # seconds between two attempts to reach an engine that went away
PATIENCE = 0.25  # seconds of each attempt, after which a reader who left is noticed


@record
class Event:
    """Something that happened in the engine."""

    time: datetime | None
    namespace: str
    topic: str  # "/tasks/exit"
    type_url: str  # "containerd.events.TaskExit"
    payload: Mapping[str, object] = field(default_factory=dict)  # see `payloads.decoded`
    value: bytes = b""  # the payload as it came


@record
class Missed:
    """Between two times nobody listened: of what happened then, some was not told."""

    since: datetime
    until: datetime
    why: str


class Events:
    """containerd's `Events` service.

    A subscription hears of all namespaces. A filter is an expression over `namespace`, `topic` and
    `event.FIELD`, values that hold a "/" in quotes (``namespace==demo,topic~="^/tasks/"``); an event comes
    when any of the filters matches it.
    """

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._stub = caller.channel.stub(rpc.EventsStub)

    def subscribe(self, *filters: str, timeout: Timeout = None) -> Stream[Event]:
        """What happens from now on, until the connection breaks or the reader leaves."""
        subscription = _Subscription(self._caller, filters, timeout)
        return Stream(subscription.events(), subscription.cancel)

    def publish(self, topic: str, value: TypedValue, *, timeout: Timeout = USUAL) -> None:
        """Tell all who listen, in this namespace's name; containerd must know the type."""
        request = pb.PublishRequest(topic=topic, event=untyped(value))
        self._caller.unary(self._stub.Publish, request, f"publish event {topic!r}", timeout)

    def forward(self, event: Event, *, timeout: Timeout = USUAL) -> None:
        """Pass an event on as it is, with its own time and namespace."""
        envelope = event_pb2.Envelope(
            timestamp=timestamp(event.time),
            namespace=event.namespace,
            topic=event.topic,
            event=untyped(TypedValue(type_url=event.type_url, value=event.value)),
        )
        what = f"forward event {event.topic!r}"
        self._caller.unary(self._stub.Forward, pb.ForwardRequest(envelope=envelope), what, timeout)

    def follow(self, *filters: str) -> Stream[Event | Missed]:
        """What happens from now on, through restarts of the engine: after each one comes a `Missed`.

        Raises if the engine does not answer at the start; later it waits until it does again.
        """
        following = _Following(self._caller, filters)
        return Stream(following.events(), following.cancel)


class _Subscription:
    """One subscription: when made, the engine has it."""

    def __init__(self, caller: Caller, filters: tuple[str, ...], timeout: Timeout = None) -> None:
        stub = caller.channel.stub(rpc.EventsStub)
        request = pb.SubscribeRequest(filters=filters)
        self._caller = caller
        self._call: Any = caller.start(stub.Subscribe, request, "events", timeout)
        try:  # containerd is silent until something happens; an answer to a later call tells it got this one
            versions = caller.channel.stub(version_pb2_grpc.VersionStub)
            caller.unary(versions.Version, empty_pb2.Empty(), "events")
            if self._call.done():  # it met no connection, the later one did
                next(self.events(), None)
                raise Unavailable("events: the engine ended the stream")
        except BaseException:
            self._call.cancel()
            raise

    def events(self) -> Iterator[Event]:
        return self._caller.received(self._call, _event, "events")

    def cancel(self) -> None:
        self._call.cancel()


class _Following:
    """One subscription after another."""

    def __init__(self, caller: Caller, filters: tuple[str, ...]) -> None:
        self._caller = caller
        self._filters = filters
        self._left = Flag()
        self._subscription: _Subscription | None = _Subscription(caller, filters)
        self._since = datetime.now(UTC)

    def events(self) -> Iterator[Event | Missed]:
        while self._subscription is not None:
            why = "the engine ended the stream"
            try:
                for event in self._subscription.events():
                    self._since = event.time or self._since
                    yield event
            except (Unavailable, Cancelled) as failure:
                why = str(failure)
            self._subscription = self._again()
            if self._left.is_set():
                self.cancel()
            elif self._subscription is not None:
                now = datetime.now(UTC)
                yield Missed(since=self._since, until=now, why=why)
                self._since = now

    def cancel(self) -> None:
        self._left.set()
        if self._subscription is not None:
            self._subscription.cancel()

    def _again(self) -> _Subscription | None:
        """Subscribe once the engine is back; None when the reader has left."""
        while not self._left.wait(PAUSE):
            try:
                self._caller.channel.wait_until_ready(PATIENCE)
                return _Subscription(self._caller, self._filters)
            except Unavailable:
                continue
        return None


def _event(message: event_pb2.Envelope) -> Event:
    value = TypedValue(type_url=message.event.type_url, value=message.event.value)
    return Event(
        time=moment(message.timestamp),
        namespace=message.namespace,
        topic=message.topic,
        type_url=value.type_url,
        payload=decoded(value),
        value=value.value,
    )
