"""docker's filters of `ps`: what they let through, and how they refuse."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from chub.api.containers import Container, Runtime
from chub.core.listing import State, Summary
from chub.core.selection import Selection
from chub.core.workspace import Workspace
from chub.errors import Invalid

START = datetime(2026, 1, 1, tzinfo=UTC)


def row(name: str, number: int, state: State = State.RUNNING, code: int | None = None, **labels: str) -> Summary:
    """A container called `name`, whose id begins with its number."""
    record = Container(
        id=f"{number}".ljust(64, "0"),
        labels=labels,
        runtime=Runtime(name="io.containerd.runc.v2"),
        created=START + timedelta(seconds=number),
    )
    return Summary(
        record=record, namespace="n", name=name, owner="", state=state, task=None, ending=None, exit_code=code
    )


ROWS = (
    row("web", 1, a="1", b="2"),
    row("web-2", 12, a="2"),
    row("done", 2, State.EXITED, 7),
    row("", 3, State.PAUSED),
)
NOWHERE = cast("Workspace", SimpleNamespace(services=None))


def names(*filters: str) -> list[Any]:
    """The names of what filters let through."""
    return [each.name for each in Selection(NOWHERE, filters).of(ROWS)]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ([], ["web", "web-2", "done", ""]),
        (["name=web"], ["web", "web-2"]),
        (["name=^web$"], ["web"]),
        (["name=^/web$"], ["web"]),
        (["name=["], []),
        (["name=done", "name=2"], ["web-2", "done"]),
        ([" NAME = web "], ["web", "web-2"]),
        (["id=12"], ["web-2"]),
        (["id=1"], []),  # the beginning of two
        (["id=2", "name=web"], ["done"]),  # docker's: names do not narrow down
        (["label=a"], ["web", "web-2"]),
        (["label=a=1", "label=b"], ["web"]),
        (["label="], []),
        (["status=exited", "status=paused"], ["done", ""]),
        (["exited=7", "exited=0"], ["done"]),
        (["status=running", "label=a=2"], ["web-2"]),
        (["health=none"], ["web", "web-2", "done", ""]),
        (["health=healthy"], []),
        (["publish=80-90/udp"], []),
        (["is-task=false", "isolation=x", ""], ["web", "web-2", "done", ""]),
        (["is-task=true"], []),
    ],
)
def test_what_filters_let_through(filters: list[str], expected: list[str]) -> None:
    """Values of one name are alternatives, names are all to hold, and labels too."""
    assert names(*filters) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("bogus=1", "invalid filter 'bogus'"),
        ("=x", "invalid filter"),
        ("label!=x", "invalid filter 'label!'"),
        ("exited=x", "invalid filter 'exited=x': strconv.Atoi: parsing \"x\": invalid syntax"),
        ("status=bogus", "invalid filter 'status=bogus': invalid value for state (bogus): must be one of created, "),
        ("health=bogus", "invalid filter 'health=bogus': invalid value for health (bogus): must be one of none, "),
        ("is-task=maybe", "invalid filter 'is-task=[maybe]'"),
        ("publish=", "error while looking up for publish : Empty string specified for ports."),
        ("expose=x", 'error while looking up for expose x: strconv.ParseUint: parsing "x": invalid syntax'),
        ("publish=70000", 'publish 70000: strconv.ParseUint: parsing "70000": value out of range'),
        ("publish=90-80", "error while looking up for publish 90-80: Invalid range specified for the Port: 90-80"),
    ],
)
def test_what_is_refused(text: str, words: str) -> None:
    """38: a filter that there is not, or a value that makes no sense, in docker's words."""
    with pytest.raises(Invalid) as refused:
        Selection(NOWHERE, [text])

    assert words in str(refused.value)


def test_a_status_is_looked_for_among_all() -> None:
    """37: `status=…` implies -a, `exited=7` does not."""
    assert Selection(NOWHERE, ["status=exited"]).everything
    assert not Selection(NOWHERE, ["exited=7"]).everything
