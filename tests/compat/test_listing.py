"""`ps` and `images` beside docker: the same containers in both, the same command lines."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command import Command

NAMES = ("r1", "x1", "c1", "p1")
MADE = (
    ("run", "-d", "--name", "r1", "--label", "a=1", "--label", "b.c-d=x", "-v", "/usr/share:/mnt:ro"),
    ("run", "--name", "x1"),
    ("create", "--name", "c1", "-l", "a=2"),
    ("run", "-d", "--name", "p1", "-l", "empty="),
)

pytestmark = pytest.mark.nightly
PROGRAMS = (("sleep", "600"), ("sh", "-c", "exit 7"), ("sh", "-c", 'echo "hello world" and more'), ("sleep", "601"))


@pytest.fixture
def both(docker: Command, docker_image: str, chub: Command, image: str) -> Iterator[tuple[Command, Command]]:
    """Docker and chub with the same four containers: one runs, one has ended, one never ran, one is paused."""
    for program, of in ((docker, docker_image), (chub, image)):
        for words, command in zip(MADE, PROGRAMS, strict=True):
            program(*words, "--network", "none", of, *command)
        program.ok("pause", "p1")
    yield docker, chub
    for program in (docker, chub):
        program.ok("rm", "-f", *NAMES)


def shape(text: str) -> str:
    """A text without what must differ: ids, times, sizes, the program's name, and chub's hints."""
    text = re.sub(r"\b[0-9a-f]{64}\b", "<digest>", text)
    text = re.sub(r"\b[0-9a-f]{12}\b", "<id>", text)
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "<time>", text)
    text = re.sub(r"\d+ seconds?|Less than a second|About a minute|\d+ minutes", "<age>", text)
    text = re.sub(r"\d[\d.]*[kM]?B\b", "<size>", text)
    text = re.sub(r"(?m)^(Error response from daemon|Error|docker|chub): |^hint: .*\n", "", text).replace(
        "docker", "chub"
    )
    return re.sub(r" +", " ", text)


LINES = [
    "ps",
    "ps -a --no-trunc",
    "ps -as",
    "ps -as --format json",
    "ps -n 2 -f status=running",
    "ps -n 1",
    "ps -aq --format json",
    "ps -a --format raw",
    "ps -aq --format raw",
    "ps -a --format json",
    "ps -a --format {{.Names}}|{{.Size}}|{{.Platform}}|{{.Mounts}}",
    "ps -a --format {{json .}}",
    r"ps -a --format table\t{{.Names}}\t{{.Label|\"b.c-d\"}}\t{{.Command}}",
    "ps -f name=^/r1$ -q",
    "ps -af name=1 -f label=a --format {{.Names}}",
    "ps -f status=created --format {{.Names}}",
    "ps -af exited=7 --format {{.Names}}",
    "ps -f ancestor=busybox --format {{.Names}}",
    "ps -af since=x1 --format {{.Names}}",
    "ps -af before=x1 --format {{.Names}}",
    "ps -f before=nosuch",
    "ps -f volume=/mnt -f network=none --format {{.Names}}",
    "ps -f health=none -f is-task=false --format {{.Names}}",
    "ps -f publish=90-80",
    "ps -f status=bogus",
    "ps -f bogus=1",
    "ps -f bogus",
    "ps -n x",
    "container list -q",
    "container ps -q",
    "images busybox --format {{.Containers}}|{{.Size}}",
    "images busybox --format raw",
    "images -q busybox --format raw",
    "images -q busybox --format {{.Tag}}",
    "images -f reference=b?sy[a-c]ox --format {{.Tag}}",
    "images -f reference=[",
    "images -f dangling=true -f dangling=false",
    "images -f until=1s busybox --format {{.Tag}}",
    "images -f until=x",
    "image list -q busybox",
]


def test_listings_are_dockers(both: tuple[Command, Command]) -> None:
    """34 to 41: output, exit status and words of every line, and the first difference named."""
    for line in LINES:
        words = [word.replace("|", " ") for word in line.split()]
        theirs, ours = (program(*words) for program in both)

        said = [(each.exit_status, shape(each.stdout), shape(each.stderr)) for each in (theirs, ours)]
        assert (line, *said[1]) == (line, *said[0])


CONFIGURED = {
    "psFormat": "{{.Names}} {{.Image}}",
    "imagesFormat": "table {{.Repository}}\\t{{.Tag}}",
    "statsFormat": "{{.Name}} {{.PIDs}}",
}
WITH_IT = ["ps", "ps -s", "ps -q", "ps --format table", "images busybox", "images -q busybox", "stats --no-stream r1"]


def test_formats_of_dockers_configuration(both: tuple[Command, Command], tmp_path: Path) -> None:
    """Its formats stand where no --format does; a broken file is a warning."""
    (tmp_path / "config.json").write_text(json.dumps(CONFIGURED))
    configured = [Command(words=each.words, env={**each.env, "DOCKER_CONFIG": str(tmp_path)}) for each in both]
    for line in WITH_IT:
        theirs, ours = (program(*line.split()) for program in configured)
        assert (line, shape(ours.stdout)) == (line, shape(theirs.stdout))
    (tmp_path / "config.json").write_text("{")
    theirs, ours = (program("ps", "-a") for program in configured)
    warning = f"WARNING: Error parsing config file ({tmp_path}/config.json): "
    assert theirs.stderr.startswith(warning)
    assert ours.stderr.startswith(warning)
    assert (ours.exit_status, shape(ours.stdout)) == (theirs.exit_status, shape(theirs.stdout))


INSPECTED = [
    "inspect nosuch",
    "inspect -f {{.Id}} nosuch",
    "inspect -f {{.Name}} r1 nosuch",
    "container inspect -f {{.Name}} r1 nosuch",
    "inspect --type container busybox",
    "inspect --type image r1",
    "inspect -f {{json|.Config}} r1",
    "inspect -f {{json|.Config}} c1",
    "inspect -f {{json|.State}} c1",
    "inspect -f {{json|.Mounts}} r1",
    "inspect -f {{.Path}}|{{.Args}}|{{.SizeRw}} x1",
    "inspect --size --type image -f {{.Os}} busybox",
    "inspect -f {{js|.Path}}{{html|.Path}} r1",
    "inspect -f {{index|.Args|5}} r1",
    "inspect -f {{range|$k,|$v|:=|.Config.Labels}}{{$k}}={{$v}};{{else}}none{{end}} r1",
]


def test_inspect_is_dockers(both: tuple[Command, Command]) -> None:
    """25, 29: what is found is printed, the rest is said; keys and their order, and what most scripts read."""
    for line in INSPECTED:
        words = [word.replace("|", " ") for word in line.split()]
        theirs, ours = (program(*words) for program in both)

        said = [(each.exit_status, shape(each.stdout), shape(each.stderr)) for each in (theirs, ours)]
        assert (line, *said[1]) == (line, *said[0])
    theirs, ours = (json.loads(program.ok("inspect", "-s", "r1"))[0] for program in both)
    assert list(ours) == list(theirs)
    for key in ("State", "Config", "NetworkSettings", "GraphDriver"):
        assert list(ours[key]) == list(theirs[key]), key
    assert list(ours["NetworkSettings"]["Networks"]["none"]) == list(theirs["NetworkSettings"]["Networks"]["none"])
