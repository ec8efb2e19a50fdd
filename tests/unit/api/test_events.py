"""Listening, where the engine goes away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc
import pytest

from chub._generated.events import task_pb2
from chub._generated.services.events.v1 import events_pb2
from chub._generated.services.version.v1 import version_pb2
from chub._generated.types import event_pb2
from chub.api.channel import Channel
from chub.api.events import Event, Missed
from chub.api.services import Services
from chub.errors import EngineFault, Unavailable
from tests.unit.api.conftest import PATIENCE, Fake, serve

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SUBSCRIBE = "/containerd.services.events.v1.Events/Subscribe"
FORWARD = "/containerd.services.events.v1.Events/Forward"
VERSION = "/containerd.services.version.v1.Version/Version"


def exited(id: str) -> event_pb2.Envelope:
    """The event of a task's end."""
    envelope = event_pb2.Envelope(namespace="demo", topic="/tasks/exit")
    envelope.timestamp.GetCurrentTime()
    envelope.event.type_url = "containerd.events.TaskExit"
    envelope.event.value = task_pb2.TaskExit(container_id=id).SerializeToString()
    return envelope


def listening(fake: Fake) -> None:
    """Make a server one that can be subscribed to."""
    fake.answer(VERSION, version_pb2.VersionResponse(version="1.7.0"))


def test_events_are_read(fake: Fake, services: Services) -> None:
    """An event comes with its payload decoded, and the raw bytes."""
    listening(fake)
    fake.answer(SUBSCRIBE, exited("web"))

    (event,) = services.events.subscribe()

    assert (event.namespace, event.topic, event.type_url) == (
        "demo",
        "/tasks/exit",
        "containerd.events.TaskExit",
    )
    assert event.payload["container_id"] == "web"
    assert event.value == task_pb2.TaskExit(container_id="web").SerializeToString()
    assert event.time is not None


def test_an_event_is_forwarded_as_it_is(fake: Fake, services: Services) -> None:
    """Time, namespace, topic and payload of a forwarded event are its own."""
    listening(fake)
    sent: list[events_pb2.ForwardRequest] = []

    def forward(requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
        sent.append(events_pb2.ForwardRequest.FromString(next(requests)))
        yield b""

    fake.methods[FORWARD] = forward
    original = exited("web")
    fake.answer(SUBSCRIBE, original)

    (event,) = services.events.subscribe()
    services.events.forward(event)

    original.timestamp.nanos -= original.timestamp.nanos % 1000
    assert sent[0].envelope == original


def test_a_subscription_breaks_with_the_connection(tmp_path: Path) -> None:
    """subscribe() raises when the engine goes away."""
    fake = Fake()
    listening(fake)
    fake.hang(SUBSCRIBE, exited("a"))
    server = serve(fake, tmp_path / "s")
    with Services(Channel(str(tmp_path / "s"), timeout=PATIENCE)) as services:
        reader = iter(services.events.subscribe())
        next(reader)

        server.stop(grace=None).wait(PATIENCE)

        with pytest.raises(Unavailable):
            next(reader)


def test_following_goes_on_after_a_restart(tmp_path: Path) -> None:
    """follow() says from when to when it may have missed something, then goes on; twice as well as once."""
    fake = Fake()
    listening(fake)
    fake.hang(SUBSCRIBE, exited("a"))
    server = serve(fake, tmp_path / "s")
    with Services(Channel(str(tmp_path / "s"), timeout=PATIENCE)) as services:
        with services.events.follow() as stream:
            reader = iter(stream)
            first = next(reader)
            seen: list[Event | Missed] = []
            for _ in range(2):
                server.stop(grace=None).wait(PATIENCE)
                server = serve(fake, tmp_path / "s")
                seen += [next(reader), next(reader)]
        assert fake.ended.wait(PATIENCE)
    server.stop(grace=None).wait(PATIENCE)

    assert isinstance(first, Event)
    assert first.time is not None
    missed, event, again, last = seen
    assert isinstance(missed, Missed)
    assert isinstance(event, Event)
    assert isinstance(again, Missed)
    assert isinstance(last, Event)
    assert first.time == missed.since < missed.until
    assert event.time == again.since < again.until
    assert missed.why


def test_following_an_engine_that_ends_the_stream(fake: Fake, services: Services) -> None:
    """A stream that ends without an error is a gap like any other."""
    listening(fake)
    fake.answer(SUBSCRIBE, exited("a"))

    with services.events.follow() as stream:
        reader = iter(stream)
        kinds = [type(next(reader)) for _ in range(4)]

    assert kinds == [Event, Missed, Event, Missed]


def test_following_needs_an_engine_at_first(tmp_path: Path) -> None:
    """Where nobody answers to begin with, follow() raises at once."""
    with (
        Services(Channel(str(tmp_path / "none"))) as services,
        pytest.raises(Unavailable, match="no such socket"),
    ):
        services.events.follow()


def test_a_bad_filter_is_not_tried_again(fake: Fake, services: Services) -> None:
    """What would fail again is raised: containerd says UNKNOWN of a filter that it cannot parse."""
    listening(fake)
    fake.fail(SUBSCRIBE, grpc.StatusCode.UNKNOWN, "parse error")

    with pytest.raises(EngineFault, match="events: parse error"):
        list(services.events.follow("("))


def test_following_can_be_left_while_the_engine_is_away(tmp_path: Path) -> None:
    """cancel() ends a reader that waits for the engine to come back."""
    import threading

    fake = Fake()
    listening(fake)
    fake.hang(SUBSCRIBE, exited("a"))
    server = serve(fake, tmp_path / "s")
    with Services(Channel(str(tmp_path / "s"), timeout=PATIENCE)) as services:
        stream = services.events.follow()
        seen: list[Event | Missed] = []
        reader = threading.Thread(target=lambda: seen.extend(stream))
        reader.start()
        server.stop(grace=None).wait(PATIENCE)

        stream.cancel()
        reader.join(PATIENCE)

        assert not reader.is_alive()
        assert len(seen) <= 1
