"""stop, kill, wait, pause, rename and top through docker 28 and chub. Numbers are the cases of docs/docker.md."""

from __future__ import annotations

import re
import shlex
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.support.command import Command, Ended

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = "trap 'exit 3' TERM; trap 'exit 4' INT; echo ready; while :; do sleep 0.1; done"
ID = re.compile(r"[0-9a-f]{64}")

SAME = [
    # 7, 16, 17, 18, 49: web runs, done has ended
    ["stop web", "wait web done", "stop web", "stop done web"],
    ["stop -t 1 -s INT web", "wait web"],
    ["stop -s BOGUS web", "stop -s BOGUS done", "stop -t x web", "stop nosuch done", "stop"],
    ["kill web", "wait web", "kill web", "kill done", "kill nosuch", "kill"],
    ["kill -s INT web", "wait web"],
    ["kill -s BOGUS web", "kill -s 0 web", "kill -s 99 web", "kill -s sigusr3 web", "kill -s '' done"],
    ["kill -s RTMIN+31 web", "kill -s urg web", "kill -s 23 web"],
    ["pause web", "pause web", "kill web", "wait web", "unpause web"],
    ["pause web", "kill -s USR1 web", "unpause web", "pause web", "kill -s TERM web", "wait web"],
    ["pause web", "stop -t 1 web", "wait web", "unpause web", "pause web"],
    ["pause web", "unpause web", "unpause web", "pause done", "unpause done", "stop web"],
    ["wait nosuch", "pause nosuch", "unpause nosuch", "top nosuch", "top done", "wait done nosuch done"],
    # 20: names
    ["rename web web", "rename web x", "rename web done", "rename web ''", "rename nosuch yy", "rename web"],
    ["rename web /shop", "stop shop", "wait shop", "rename shop web", "rename web a b", "rename web 'a b'"],
    ["top web -o cmd", "top web --bogus", "top web -o 'pid= ,args'", "top web -eo pid,ppid=PID"],
    ["container prune x", "container prune -f --filter bogus", "container prune -f --filter status=exited"],
    ["container prune -f --filter until=1d", "container prune -f --filter until=1h --filter until=2h"],
]


@contextmanager
def made(client: Command, image: str, *flags: str) -> Iterator[None]:
    """A container "web" that runs with a foreground client, and "done" that has ended; gone afterwards."""
    client.ok("run", "--name", "done", *flags, image, "true")
    with client.start("run", "--name", "web", *flags, image, "sh", "-c", PROGRAM, stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"ready\n"
        try:
            yield
        finally:
            client("rm", "-f", "web", "shop", "done")


def told(client: Command, image: str, lines: list[str], *flags: str) -> list[Ended]:
    """What a client makes of the lines, one after the other."""
    with made(client, image, *flags):
        return [client(*shlex.split(line)) for line in lines]


def words(text: str) -> str:
    """The last part of docker's first line, which scripts look for: without who says it, and without ids."""
    first = (text.strip() or "\n").splitlines()[0].removeprefix("docker: ").removeprefix("chub: ")
    return ID.sub("ID", first.replace("docker", "chub").replace("(/", "(")).rpartition(": ")[2]


@pytest.mark.parametrize("lines", SAME)
def test_the_same_output_and_status(
    docker: Command, docker_image: str, chub: Command, image: str, lines: list[str]
) -> None:
    """Docker's stdout and exit status, and the end of its message, for line after line."""
    dockers, chubs = told(docker, docker_image, lines, "--network", "none"), told(chub, image, lines)

    for line, theirs, ours in zip(lines, dockers, chubs, strict=True):
        assert (theirs.stdout, theirs.exit_status) == (ours.stdout, ours.exit_status), (line, theirs, ours)
        assert words(theirs.stderr) in ID.sub("ID", ours.stderr), (line, theirs, ours)


@pytest.mark.parametrize("options", ["", "-ef", "aux", "-o pid,cmd", "-eo pid,args", "-T", "-o pid=PID,args=X"])
def test_the_columns_of_top(docker: Command, docker_image: str, chub: Command, image: str, options: str) -> None:
    """Docker's heading to the letter; the values differ with the processes."""
    line = f"top web {options}"
    theirs, ours = told(docker, docker_image, [line], "--network", "none")[0], told(chub, image, [line])[0]

    assert theirs.stdout.splitlines()[0].rstrip() == ours.stdout.splitlines()[0].rstrip()
    assert len(theirs.stdout.splitlines()) >= 2
    assert len(ours.stdout.splitlines()) >= 2


def test_prune_asks(docker: Command, docker_image: str, chub: Command, image: str) -> None:
    """60: with the same question, and the end of the input is a no."""
    line = ["container prune"]

    assert told(docker, docker_image, line, "--network", "none") == told(chub, image, line)
