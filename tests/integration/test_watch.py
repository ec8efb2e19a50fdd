"""`chub stats` and `chub events` on a real containerd."""

from __future__ import annotations

import json
import signal
import subprocess
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from chub.core.events import Happening
from chub.errors import NotFound
from chub.options.request import Identity, Request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chub.api.events import Missed
    from chub.api.streams import Stream
    from chub.sdk.client import Client
    from chub.sdk.container import Container
    from tests.support.command import Command

READY = "trap 'exit 3' TERM; echo ready; while :; do sleep 0.05; done"


@contextmanager
def web(client: Client, image: str, *words: str, labels: tuple[str, ...] = ()) -> Iterator[Container]:
    """A container "web" that runs; gone afterwards."""
    asked = Request(image=image, words=words, identity=Identity(name="web", labels=labels))
    launched = client.containers.launch(asked)
    try:
        yield launched
    finally:
        with suppress(NotFound):
            launched.remove(force=True)


def test_stats(client: Client, chub: Command, image: str) -> None:
    """One that runs uses its CPU, one that has ended nothing."""
    with web(client, image, "sh", "-c", "while :; do :; done") as running:
        done = client.containers.create(Request(image=image, words=("true",), identity=Identity(name="done")))
        shown = [json.loads(line) for line in chub.ok("stats", "--no-stream", "-a", "--format", "json").splitlines()]
        used = running.stats(interval=0.2)
        running.remove(force=True)
        with pytest.raises(NotFound):
            running.stats(interval=0.01)
        done.remove()

    assert [(each["Container"], each["Name"], each["PIDs"]) for each in shown] == [
        (done.id, "done", "0"),
        (running.id, "web", "1"),
    ]
    assert [each["MemUsage"] == "0B / 0B" for each in shown] == [True, False]
    assert float(shown[1]["CPUPerc"].rstrip("%")) > 0
    assert used.cpu_percent > 0
    assert 0 < used.memory < used.memory_limit
    assert (used.received, used.sent, used.pids) == (0, 0, 1)


def test_stats_live(client: Client, chub: Command, image: str) -> None:
    """Again and again without the terminal's escapes, until it is interrupted; a container that is gone is unknown."""
    with (
        web(client, image, "sleep", "1000") as running,
        chub.start("stats", "--format", "{{.Name}} {{.PIDs}}", "web", stdout=subprocess.PIPE) as live,
    ):
        assert live.stdout is not None
        assert live.stdout.readline() == b"web 1\n"
        running.remove(force=True)
        assert b"web --\n" in iter(live.stdout.readline, b"")
        live.send_signal(signal.SIGINT)
        assert live.wait(timeout=30) == 130


def test_events(client: Client, chub: Command, image: str) -> None:
    """What is done is told in docker's words; afterwards what is left proves some of it."""
    began = datetime.now(UTC)
    heard: list[Happening] = []
    with client.happenings() as happenings:
        listener = Thread(target=lambda: heard.extend(until(happenings, "untag")), daemon=True)
        listener.start()
        with web(client, image, "sh", "-c", READY, labels=("a=b",)) as running:
            next(running.logs(follow=True))
            running.exec(["sh", "-c", "exit 4"])
            running.pause()
            running.unpause()
            running.rename("shop")
            running.stop()
            past = chub("events", "--since", "1h", "--until", "0s", "--filter", "type=container", "--format", "json")
            with client.happenings(since=began, until=datetime.now(UTC) + timedelta(seconds=0.3)) as ending:
                again = [each.action for each in ending if isinstance(each, Happening) and each.type == "container"]
        client.images.get(image).tag("mark")
        client.images.remove("mark")
        listener.join(timeout=30)
    told = {each.action: each for each in heard}
    attributes = {action: each.attributes for action, each in told.items()}

    assert list(told) == [
        *("create", "start", "exec_create", "exec_start", "exec_die"),
        *("pause", "unpause", "rename", "die", "destroy", "tag", "untag"),
    ]
    assert attributes["create"] == {"a": "b", "image": "busybox", "name": "web"}
    assert attributes["rename"] == {"a": "b", "image": "busybox", "name": "shop", "oldName": "/web"}
    assert attributes["exec_die"]["exitCode"] == "4"
    assert attributes["exec_die"]["execID"] == attributes["exec_create"]["execID"]
    assert attributes["die"].items() >= {"exitCode": "3", "name": "shop"}.items()
    assert attributes["die"]["execDuration"].isdigit()
    assert attributes["tag"] == {"name": "mark:latest"}
    assert told["tag"].id == told["untag"].id

    proven = [json.loads(line) for line in past.stdout.splitlines()]
    assert past.exit_status == 0
    assert [each["Action"] for each in proven] == again == ["create", "start", "die"]
    assert proven[2]["Actor"]["Attributes"].items() >= {"exitCode": "3", "name": "shop"}.items()
    assert "only what containers and images that are there now prove" in past.stderr


def until(happenings: Stream[Happening | Missed], action: str) -> Iterator[Happening]:
    """What is told, to the first `action`."""
    for each in happenings:
        assert isinstance(each, Happening)
        yield each
        if each.action == action:
            return
