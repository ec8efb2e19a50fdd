"""stats and events through docker 28 and chub: columns, keys, formats, filters, errors."""

from __future__ import annotations

import json
import re
import shlex
import time
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import pytest

from chub.core.together import together
from tests.compat.test_lifecycle import words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.command import Command, Ended

pytestmark = pytest.mark.nightly

STATS = [
    "stats --no-stream done",
    "stats --no-stream --format json done",
    "stats --no-stream --format '{{.Container}} {{.BlockIO}} {{.NetIO}} {{.MemPerc}} {{.PIDs}}' done",
    "stats --no-stream --format '{{.Bogus}}' done",
    "stats --no-stream done nosuch",
]
EVENTS = [  # of what both tell: a container's making, start and end
    "--format '{{.Type}} {{.Action}} {{.Status}} {{.From}} {{.Scope}} {{.Actor.Attributes}}'",
    "--format 'table {{.Actor.Attributes.name}} {{.Actor.Attributes.nope}}'",
    "--format '{{.Action}}' --filter event=start --filter event=die",
    "--format '{{.Action}}' --filter label=a --filter label=b=c",
    "--format '{{.Action}}' --filter image=busybox --filter scope=local --filter type=container",
    "--format '{{.Bogus}}'",
    "--since bogus",
    "--since 2026-01-02T00:00:00Z --until 2026-01-01T00:00:00Z",
    "words",
]
TOLD = ("create", "start", "die")


@contextmanager
def done(client: Command, image: str) -> Iterator[str]:
    """The id of a container that has ended; gone afterwards."""
    labels = ("-l", "a=b", "-l", "b=c")
    id = client.ok("create", "--name", "done", "--network", "none", *labels, image, "sh", "-c", "exit 3").strip()
    try:
        client("start", "-a", "done")
        yield id
    finally:
        client("rm", "-f", "done")


def test_stats(docker: Command, docker_image: str, chub: Command, image: str) -> None:
    """Of one that has ended all is the same but its id, of one that runs the titles."""
    with done(docker, docker_image), done(chub, image):
        for line in STATS:
            theirs, ours = together(partial(docker, *shlex.split(line)), partial(chub, *shlex.split(line)))
            assert (nameless(theirs), theirs.exit_status) == (nameless(ours), ours.exit_status), (line, theirs, ours)
            assert words(theirs.stderr) in ours.stderr, (line, theirs, ours)


def test_events(docker: Command, docker_image: str, chub: Command, image: str) -> None:
    """56: of the past, in text and in JSON but for times and ids, format after format, filter after filter."""
    with done(docker, docker_image) as dockers, done(chub, image) as chubs:
        theirs, ours = (past(docker, dockers), past(chub, chubs))
        assert shape(theirs.stdout) == shape(ours.stdout)
        for line in EVENTS:
            theirs, ours = together(partial(past, docker, dockers, line), partial(past, chub, chubs, line))
            assert (theirs.stdout, theirs.exit_status) == (ours.stdout, ours.exit_status), (line, theirs, ours)
            assert words(theirs.stderr) in ours.stderr, (line, theirs, ours)
        lines = [past(*each, "--format json").stdout.splitlines() for each in ((docker, dockers), (chub, chubs))]
    assert [order(line) for line in lines[0]] == [order(line) for line in lines[1]]
    assert [shape(line) for line in lines[0]] == [shape(line) for line in lines[1]]


def past(client: Command, id: str, line: str = "") -> Ended:
    """What a client tells of a container, of all that both tell where the line does not name events itself."""
    told = () if "event=" in line else (f"--filter=event={each}" for each in TOLD)
    now = f"{time.time():.9f}"  # for docker "0s" is the beginning of this second
    return client("events", "--until", now, f"--filter=container={id}", *told, *shlex.split(line))


def nameless(ended: Ended) -> str:
    """What was printed, without the container's id."""
    return re.sub(r"\b[0-9a-f]{12}\b", "ID", ended.stdout)


def shape(text: str) -> str:
    """The text with times and ids made equal."""
    text = re.sub(r"[0-9a-f]{64}", "ID", text)
    return re.sub(
        r"\b\d{10,19}\b", "N", re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}(Z|[+-]\d\d:\d\d)", "TIME", text)
    )


def order(line: str) -> list[str]:
    """The keys of a line of JSON."""
    found = json.loads(line)
    return [*found, *found["Actor"], *found["Actor"]["Attributes"]]
