"""version, info and port beside docker's."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.command import Command

SHOWN = {
    "version": (" containerd:", " runc:", " docker-init:", "  Version:", "  GitCommit:"),
    "info": (" Containers:", "  Stopped:", " Init Binary:", " runc version:", " Security Options:", " Total Memory:"),
}
OURS = {"PythonVersion", "GrpcVersion"}  # in place of Go's


def ordered(ours: dict[str, Any], theirs: dict[str, Any], more: set[str]) -> bool:
    """Whether our keys are some of docker's in docker's order, and `more`."""
    keys = [key for key in ours if key not in more]
    return keys == [key for key in theirs if key in keys]


def test_version_and_info(docker: Command, chub: Command) -> None:
    """Those of docker's keys that make sense, in its order, with values of the same types; the same headings."""
    theirs, ours = (json.loads(program.ok("version", "--format", "json")) for program in (docker, chub))
    assert list(ours) == list(theirs)
    assert ordered(ours["Client"], theirs["Client"], OURS)
    assert ordered(ours["Server"], theirs["Server"], set())
    assert list(ours["Server"]["Components"][0]) == list(theirs["Server"]["Components"][0])
    _, *rest = theirs["Server"]["Components"]
    assert [each["Name"] for each in ours["Server"]["Components"]] == [each["Name"] for each in rest]
    assert ours["Server"]["Components"][1] == rest[1]  # one runc serves both
    theirs, ours = (json.loads(program.ok("info", "--format", "json")) for program in (docker, chub))
    assert ordered(ours, theirs, set())
    assert ordered(ours["ClientInfo"], theirs["ClientInfo"], OURS)
    same = ("KernelVersion", "OperatingSystem", "OSVersion", "OSType", "Architecture", "NCPU", "MemTotal", "Name")
    for key in (*same, "CgroupVersion", "LoggingDriver", "SecurityOptions", "RuncCommit"):
        assert ours[key] == theirs[key]
    for words in (["version"], ["info"]):
        said, shown = (titles(program.ok(*words)) for program in (docker, chub))
        assert {"Client:", "Server:", *SHOWN[words[0]]} <= {*shown} & {*said}
    assert [each for each in shown if each in said] == [each for each in said if each in shown]


DF = [
    "",
    "--format json",
    "--format table|{{.Type}}\\t{{.TotalCount}}\\t{{.Active}}",
    "--format {{.Type}}={{.Size}},{{.Reclaimable}}",
    "--format raw",
    "--format {{.Bogus}}",
    "--format {{",
    "-v",
    "-v --format json",
    "-v --format {{range|.Containers}}{{.Names}}|{{.Image}};{{end}}{{len|.Volumes}}{{len|.BuildCache}}",
    "-v --format {{range|.Images}}{{.Repository}}:{{.Tag}}|{{.Containers}}{{end}}",
    "-v --format raw",
    "-v --format {{.Bogus}}",
    "x",
]


@pytest.mark.nightly
def test_df(docker: Command, docker_image: str, chub: Command, image: str) -> None:
    """The same groups, counts, columns, keys and errors; sizes are each engine's own."""
    for program, name in ((docker, docker_image), (chub, image)):
        program.ok("run", "--name", "p1", "--network", "none", name, "sh", "-c", "echo hello > /f")
        program.ok("run", "-d", "--name", "p2", "--network", "none", name, "sleep", "600")
    try:
        for line in DF:
            words = [word.replace("|", " ") for word in line.split()]
            theirs, ours = (program("system", "df", *words) for program in (docker, chub))
            shown = [shape(each.stdout).rstrip() for each in (ours, theirs)]
            assert (line, ours.exit_status, shown[0]) == (line, theirs.exit_status, shown[1])
            assert shape(theirs.stderr).replace("docker", "chub") in shape(ours.stderr)
    finally:
        for program in (docker, chub):
            program.ok("rm", "-f", "p1", "p2")


@pytest.mark.nightly
def test_images_as_a_tree(docker_on_containerd: Command, chub: Command, image: str, busybox: Path) -> None:
    """The same columns and marks as those of docker with the containerd store."""
    tar = subprocess.run(["tar", "-C", busybox, "-c", "."], check=True, capture_output=True).stdout
    docker_on_containerd.ok("import", "-", "busybox", input=tar)
    for program in (docker_on_containerd, chub):
        program.ok("tag", "busybox", "other/name:1")
        program.ok("run", "--network", "none", "--name", "p1", "busybox", "true")
    try:
        theirs, ours = (shape(program.ok("images", "--tree")).splitlines() for program in (docker_on_containerd, chub))
        assert [line.rstrip() for line in ours] == [line.rstrip() for line in theirs if "experimental" not in line]
        for flag in ("-q", "--no-trunc", "--digests", "--format=json"):
            asked, answered = (program("images", "--tree", flag) for program in (docker_on_containerd, chub))
            assert (answered.exit_status, answered.stdout) == (asked.exit_status, asked.stdout)
            assert asked.stderr in answered.stderr
    finally:
        for program in (docker_on_containerd, chub):
            program.ok("rm", "p1")
            program.ok("rmi", "other/name:1")


def shape(text: str) -> str:
    """A text without colours, ids, times and sizes, and what they do to blanks."""
    text = re.sub("\x1b\\[[0-9;]*m", "", text)
    text = re.sub(r"(sha256:)?\b[0-9a-f]{64}\b|\b[0-9a-f]{12}\b", "<id>", text)
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "<time>", text)
    text = re.sub(r"(\d+ seconds?|Less than a second|About a minute|\d+ (minute|hour|day|week|month)s)", "<age>", text)
    text = re.sub(r"\d[\d.]*[kM]?B( \(\d+%\))?", "<size>", text)
    text = re.sub(r'(?m)^digest: .*|"Digest":"[^"]*"', "<digest>", text)
    return re.sub(r"^ +(?=Info)| +", " ", text)


def titles(text: str) -> list[str]:
    """What stands before the colons, line by line."""
    return list(dict.fromkeys(f"{line.partition(':')[0]}:" for line in text.splitlines() if ":" in line))


def test_port(docker: Command, chub: Command, docker_image: str, image: str) -> None:
    """Nothing for a container without ports; docker's errors for a port, a number that is none, no container."""
    for program, name in ((docker, docker_image), (chub, image)):
        program.ok("create", "--name", "p1", "--network", "none", name, "true")
    try:
        for words in (["p1"], ["p1", "80"], ["p1", "80/udp"], ["p1", "abc"], ["p1", "70000"], ["nosuch"], [], [*"abc"]):
            theirs, ours = (program("port", *words) for program in (docker, chub))
            assert (ours.exit_status, ours.stdout) == (theirs.exit_status, theirs.stdout)
            first = (theirs.stderr.splitlines() or [""])[0].replace("docker", "chub").removeprefix("chub: ")
            for lead in ("Error response from daemon: ", "Error: "):
                first = first.removeprefix(lead)
            assert first in ours.stderr
    finally:
        docker("rm", "p1")
        chub("rm", "p1")
