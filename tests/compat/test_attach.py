"""attach, start -a, streams and log drivers through docker 28 and chub."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

import pytest

from tests.compat.test_lifecycle import ID, words
from tests.support.command import Command
from tests.support.terminal import Terminal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.command import Ended

BOTH = "echo out; echo err >&2; exit 3"

SAME = [
    # 11, 48: streams
    ["run --name web -a stdout I sh -c 'B'", "logs web"],
    ["run --name web -a stderr I sh -c 'B'", "run --name other -a STDOUT -a stderr I sh -c 'B'"],
    ["run -d -a stdout I true", "run -a bogus I true", "run --sig-proxy=x I true"],
    ["run -i --rm -a stdout I cat", "run -i --rm I cat", "run --rm I cat"],
    # start -a -i
    ["create --name web I sh -c 'B'", "start -a web", "start --attach web", "logs web", "start -a web nosuch"],
    ["create -i --name web I sh -c 'cat; B'", "start -i web", "start -ai web", "logs web"],
    ["start -a nosuch", "start -i nosuch", "run --name web I true", "start -a web"],
    # 48: attach
    ["attach nosuch", "create --name web I true", "attach web", "attach", "attach web other"],
    ["run -d --name web I sleep 100", "pause web", "attach web", "unpause web", "attach --detach-keys=zz web"],
    # drivers
    ["run --name web --log-driver none I sh -c 'B'", "logs web", "inspect -f {{.LogPath}} web"],
    ["run --log-driver none --log-opt max-size=1k I true", "run --log-opt bogus=1 I true"],
    ["run --rm --log-opt max-size=1k --log-opt max-file=2 I echo hi", "run --rm --log-driver= I echo hi"],
    # what was asked for
    [
        "run --name web -i -a stdout --log-opt max-size=1k I true",
        "inspect -f '{{.Config.AttachStdin}} {{.Config.AttachStdout}} {{.Config.AttachStderr}}' web",
        "inspect -f '{{.Config.OpenStdin}} {{.Config.StdinOnce}} {{json .HostConfig.LogConfig}}' web",
    ],
    [
        "run -d --name web -i I true",
        "inspect -f '{{.Config.AttachStdin}} {{.Config.AttachStdout}} {{.Config.StdinOnce}}' web",
    ],
]


def told(client: Command, image: str, lines: list[str], *flags: str) -> list[Ended]:
    """What a client makes of the lines, one after the other, each with the same input."""
    found = []
    try:
        for line in lines:
            command, *rest = shlex.split(line.replace("I ", f"{image} ", 1).replace("B", BOTH))
            made = flags if command in ("run", "create") else ()
            found.append(client(command, *made, *rest, input="text\n"))
        return found
    finally:
        client("rm", "-f", "web", "other")


@pytest.mark.parametrize("lines", SAME)
def test_the_same_streams_and_status(
    docker: Command, docker_image: str, chub: Command, image: str, lines: list[str]
) -> None:
    """Docker's stdout, stderr of the program, exit status, and the end of its message."""
    dockers, chubs = told(docker, docker_image, lines, "--network", "none"), told(chub, image, lines)

    for line, theirs, ours in zip(lines, dockers, chubs, strict=True):
        assert ID.sub("ID", theirs.stdout) == ID.sub("ID", ours.stdout), (line, theirs, ours)
        assert theirs.exit_status == ours.exit_status, (line, theirs, ours)
        if not theirs.stderr.startswith("unable to upgrade"):
            assert words(theirs.stderr) in ID.sub("ID", ours.stderr), (line, theirs, ours)


def left(client: Command, image: str, place: Path, *flags: str) -> list[object]:
    """What leaving a shell by keys and coming back to it look like (case 46); `place`: for a configuration."""
    seen: list[object] = []
    (place / "config.json").write_text('{"detachKeys": "ctrl-e,e"}')
    configured = Command(words=client.words, env={**client.env, "DOCKER_CONFIG": str(place)})
    try:
        with Terminal(client, "run", "-it", "--name", "web", *flags, image, "sh") as terminal:
            terminal.until("# ")
            terminal.type("\x10\x11")
            seen.append(terminal.wait())
        for attaching, flag, keys in (
            (client, ("--detach-keys", "ctrl-a,x"), "\x01x"),
            (configured, (), "\x05e"),
            (configured, ("--detach-keys", "ctrl-a,x"), "\x01x"),
        ):
            with Terminal(attaching, "attach", *flag, "web") as terminal:
                terminal.type("\recho $((6*7))\r")
                terminal.until("42")
                terminal.type(keys)
                terminal.until("read escape sequence")
                seen.append(terminal.wait())
        seen.append(re.sub(r"\d+ seconds?|a second", "N", client.ok("ps", "--format", "{{.Names}}")))
        with Terminal(client, "attach", "web") as terminal:
            terminal.type("exit 9\r")
            seen.append(terminal.wait())
    finally:
        client("rm", "-f", "web")
    return seen


def test_leaving_by_keys(docker: Command, docker_image: str, chub: Command, image: str, tmp_path: Path) -> None:
    """0 from run, 1 from attach, and the program's status at the end; docker's config.json may name the keys."""
    theirs, ours = left(docker, docker_image, tmp_path, "--network", "none"), left(chub, image, tmp_path)

    assert theirs == ours == [0, 1, 1, 1, "web\n", 9]
