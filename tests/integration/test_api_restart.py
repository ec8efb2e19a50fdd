"""A channel, a wait and a follower through restarts of a real containerd."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING

import pytest

from chub.api.channel import Channel
from chub.api.events import Event, Missed
from chub.api.namespaces import Namespace
from chub.api.services import Services
from chub.errors import Unavailable
from tests.support import engines
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.engines import Engine

PATIENCE = 30.0  # seconds


@pytest.fixture(scope="module")
def own(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A containerd that these tests alone may kill."""
    with engines.containerd(engines.chosen(request.config.getoption("--engine"))) as started:
        yield started


@pytest.fixture
def services(own: Engine) -> Iterator[Services]:
    """Its services."""
    with Services(Channel(own.address), "restart") as made:
        yield made


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_the_channel_survives_a_restart(own: Engine, services: Services, number: signal.Signals) -> None:
    """While containerd is away calls say why; afterwards the same channel, and services made on it, work."""
    before = services.version.get()
    own.kill(number)
    with pytest.raises(Unavailable, match=f"^no containerd answers at {own.address}: "):
        wait_until(lambda: services.version.get() is None, PATIENCE, "a failure")
    with pytest.raises(Unavailable):
        services.containers.list()
    own.start()
    services.channel.wait_until_ready(PATIENCE)

    assert services.version.get() == before
    assert services.containers.list() == ()


def test_a_restart_between_two_calls_goes_unnoticed(own: Engine, services: Services) -> None:
    """A channel that was idle while containerd restarted makes its next call as if nothing had been."""
    services.version.get()
    own.kill(signal.SIGTERM)
    own.start()

    assert services.version.get().version


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_following_goes_through_a_restart(own: Engine, services: Services, number: signal.Signals) -> None:
    """A follower tells what it may have missed, from when to when, and then of what happens next."""
    seen: list[Event | Missed] = []
    stream = services.events.follow('topic=="/namespaces/create"')

    def names() -> list[object]:
        return [each.payload["name"] if isinstance(each, Event) else "missed" for each in list(seen)]

    reader = threading.Thread(target=lambda: seen.extend(stream), daemon=True)
    reader.start()
    services.namespaces.create(Namespace(name="before"))
    wait_until(lambda: names() == ["before"], PATIENCE, "the first event")
    own.kill(number)
    own.start()
    wait_until(lambda: names() == ["before", "missed"], PATIENCE, "a gap")
    services.namespaces.create(Namespace(name="after"))
    wait_until(lambda: names() == ["before", "missed", "after"], PATIENCE, "an event after the restart")
    stream.cancel()
    reader.join(PATIENCE)
    for name in ("before", "after"):
        services.namespaces.delete(name)

    first, missed, last = seen
    assert not reader.is_alive()
    assert isinstance(first, Event)
    assert isinstance(missed, Missed)
    assert isinstance(last, Event)
    assert first.time is not None
    assert last.time is not None
    assert first.time == missed.since < missed.until < last.time
    assert missed.why


def test_a_subscription_ends_with_containerd(own: Engine, services: Services) -> None:
    """subscribe(), unlike follow(), raises Unavailable when containerd goes away."""
    reader = iter(services.events.subscribe())
    own.kill(signal.SIGTERM)
    with pytest.raises(Unavailable):
        next(reader)
    own.start()
