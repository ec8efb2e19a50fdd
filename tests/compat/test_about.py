"""version, info and port beside docker's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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
