"""stats and events through docker 28 and chub: columns, keys, formats, filters, errors."""

from __future__ import annotations

import json
import re
import select
import shlex
import subprocess
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


LIFE = (  # of containers that run out of memory, and of one that is started again and again
    ("run", "--name", "greedy", "-m", "16m", "IMAGE", "dd", "if=/dev/zero", "of=/dev/null", "bs=100M", "count=1"),
    ("run", "--name", "parent", "-m", "16m", "IMAGE", "sh", "-c", "dd if=/dev/zero of=/dev/null bs=100M; exit 7"),
    ("run", "-d", "--name", "again", "IMAGE", "sleep", "600"),
    ("restart", "-t", "0", "again"),
    ("kill", "again"),
    ("wait", "again"),
    ("start", "again"),
    ("pause", "again"),
    ("unpause", "again"),
    ("stop", "-t", "0", "again"),
    ("restart", "again"),
    ("rm", "greedy"),
    ("rm", "parent"),
    ("rm", "-f", "again"),
)
DOCKERS_ALONE = {"attach", "kill", "stop", "restart"}
LINE = "{{.Actor.Attributes.name}} {{.Action}} {{.Actor.Attributes.exitCode}}"


def test_events_of_oom_and_restart(docker: Command, docker_image: str, chub: Command, image: str) -> None:
    """56: as they happen, in docker's order, with its exit codes, but for those that containerd does not know."""
    began = f"{time.time():.9f}"
    live(docker, docker_image)
    ended = f"{time.time():.9f}"
    filters = ("--filter", "type=container", "--format", LINE)
    theirs = docker.ok("events", "--since", began, "--until", ended, *filters).splitlines()
    with chub.start("events", *filters, stdout=subprocess.PIPE) as listening:
        assert listening.stdout is not None
        while not select.select([listening.stdout], [], [], 0)[0]:
            mark(chub, image, "begin")
        live(chub, image)
        mark(chub, image, "end")
        ours = [line.decode().rstrip() for line in iter(listening.stdout.readline, b"end destroy <no value>\n")]
        listening.terminate()

    ours = [line for line in ours if line.split()[0] not in ("begin", "end")]
    assert ours == [line for line in theirs if line.split()[1] not in DOCKERS_ALONE]
    assert {"greedy oom <no value>", "greedy die 137", "parent oom <no value>", "parent die 7"} <= {*ours}


def live(client: Command, image: str) -> None:
    """Carry LIFE out."""
    for line in LIFE:
        network = ("--network", "none") if line[0] == "run" else ()
        client(line[0], *network, *(image if word == "IMAGE" else word for word in line[1:]))


def mark(client: Command, image: str, name: str) -> None:
    """A container that is made and removed, for its events."""
    client.ok("create", "--name", name, image, "true")
    client.ok("rm", name)


def past(client: Command, id: str, line: str = "") -> Ended:
    """What a client tells of a container, of all that both tell where the line does not name events itself."""
    told = () if "event=" in line else (f"--filter=event={each}" for each in TOLD)
    now = f"{time.time():.9f}"  # for docker "0s" is the beginning of this second
    return client("events", "--until", now, f"--filter=container={id}", *told, *shlex.split(line))


def nameless(ended: Ended) -> str:
    """What was printed, without the container's id."""
    return re.sub(r"\b[0-9a-f]{12}\b", "ID", ended.stdout)


def shape(text: str) -> str:
    """The text with times, durations and ids made equal."""
    text = re.sub(r"[0-9a-f]{64}", "ID", text)
    text = re.sub(r'(execDuration"?[=:]"?)\d+', r"\1N", text)  # whole seconds, of a machine that may be busy
    return re.sub(
        r"\b\d{10,19}\b", "N", re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}(Z|[+-]\d\d:\d\d)", "TIME", text)
    )


def order(line: str) -> list[str]:
    """The keys of a line of JSON."""
    found = json.loads(line)
    return [*found, *found["Actor"], *found["Actor"]["Attributes"]]
