"""The process of a program that is executed, made of the container's first one."""

from __future__ import annotations

import pytest

from chub.oci.spec.execution import process
from chub.options.execution import Execution

FIRST = {
    "args": ["httpd", "-f"],
    "commandLine": "httpd -f",
    "cwd": "/srv",
    "env": ["PATH=/bin", "HOSTNAME=web", "A=1"],
    "user": {"uid": 5, "gid": 6},
    "capabilities": {"bounding": ["CAP_CHOWN"], "effective": ["CAP_CHOWN"], "inheritable": [], "ambient": []},
    "rlimits": [{"type": "RLIMIT_NOFILE", "hard": 1, "soft": 1}],
    "noNewPrivileges": True,
}


def env(first_env: list[str], *asked: str, tty: bool = False, terminal: bool = False) -> list[str]:
    """The environment of a program."""
    execution = Execution(words=("sh",), env=asked, tty=tty)
    return list(process({"env": first_env, "terminal": terminal}, execution)["env"])


def test_what_is_not_asked_for_is_as_the_first_has_it() -> None:
    """But its words; and the first one's own process is left as it is."""
    made = process(FIRST, Execution(words=("id", "-u")))

    assert made == {**{name: value for name, value in FIRST.items() if name != "commandLine"}, "args": ["id", "-u"]}
    assert FIRST["args"] == ["httpd", "-f"]


def test_what_is_asked_for() -> None:
    """Directory, user and capabilities replace the container's; a privileged one inherits none."""
    who = {"uid": 7, "gid": 8, "additionalGids": [9]}
    made = process(FIRST, Execution(words=("id",), workdir="/tmp"), user=who, capabilities=("CAP_KILL",))

    assert (made["cwd"], made["user"]) == ("/tmp", who)
    assert made["capabilities"] == {kind: ["CAP_KILL"] for kind in ("bounding", "effective", "permitted")}


@pytest.mark.parametrize(
    ("first", "execution", "expected"),
    [
        ({}, Execution(words=("sh",)), "/"),
        ({"cwd": "/srv"}, Execution(words=("sh",), workdir=""), "/srv"),
        ({"cwd": "/srv"}, Execution(words=("sh",), workdir="tmp"), "tmp"),
    ],
    ids=["none", "empty", "relative"],
)
def test_the_directory(first: dict[str, str], execution: Execution, expected: str) -> None:
    """The container's, where none or an empty one is asked for, and the root where it has none."""
    assert process(first, execution)["cwd"] == expected


def test_a_terminal() -> None:
    """It has the size that is known; without -t there is none, whatever the container has."""
    first = {"terminal": True, "consoleSize": {"width": 1, "height": 1}}
    plain, sized, unsized = (
        process(first, Execution(words=("sh",), tty=tty), console=console)
        for tty, console in ((False, (80, 24)), (True, (80, 24)), (True, None))
    )

    assert not {"terminal", "consoleSize"} & plain.keys()
    assert (sized["terminal"], sized["consoleSize"]) == (True, {"width": 80, "height": 24})
    assert unsized["terminal"] is True
    assert "consoleSize" not in unsized


def test_variables_replace_and_remove() -> None:
    """The later one wins, in the place of the first; a name alone takes it out, also where there is none."""
    assert env(["A=1", "B=2"], "B=3", "C=4", "A=5", "A=6") == ["A=6", "B=3", "C=4"]
    assert env(["A=1", "B=2"], "A", "C") == ["B=2"]
    assert env(["A=1"], "A=") == ["A="]


def test_term() -> None:
    """It comes with a terminal, after HOSTNAME as docker's, and docker's goes where there is none."""
    assert env(["PATH=/bin", "HOSTNAME=web", "A=1"], tty=True) == ["PATH=/bin", "HOSTNAME=web", "TERM=xterm", "A=1"]
    assert env(["A=1"], tty=True) == ["A=1", "TERM=xterm"]
    assert env(["TERM=vt100"], tty=True) == ["TERM=vt100"]
    assert env(["A=1", "TERM=xterm"], terminal=True) == ["A=1"]
    assert env(["TERM=xterm"]) == ["TERM=xterm"]
    assert env(["TERM=vt100"], terminal=True) == ["TERM=vt100"]
    assert env([], "TERM=dumb", tty=True) == ["TERM=dumb"]
