"""Environment, users, and what else the text forms of a process's options say."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chub.errors import Invalid, Unsupported
from chub.options.network import parse_hostname, parse_network
from chub.options.process import parse_env, parse_group, parse_user, parse_workdir, read_env_file
from chub.options.request import parse_annotation, parse_label, read_label_file
from chub.options.resources import Ulimit, parse_sysctl, parse_ulimit

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that is set, and one that is not."""
    monkeypatch.setenv("HERE", "from here")
    monkeypatch.delenv("NOWHERE", raising=False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("A=1", "A=1"), ("A=", "A="), ("A B=1", "A B=1"), ("HERE", "HERE=from here"), ("NOWHERE", "NOWHERE")],
)
def test_variables(text: str, expected: str) -> None:
    """A name alone takes the value from here; where there is none it stays alone."""
    assert parse_env(text) == expected


@pytest.mark.parametrize("text", ["", "=1"])
def test_nameless_variables(text: str) -> None:
    """A variable has a name."""
    with pytest.raises(Invalid, match=f"invalid environment variable: {text}"):
        parse_env(text)


def test_env_file(tmp_path: Path) -> None:
    """Lines as they are: no quotes, no escapes, no comments at the end; names alone come from here."""
    file = tmp_path / "env"
    file.write_bytes(
        b'\xef\xbb\xbfA=1\r\n# comment\n\n  # more\n \tB= 2 \nHERE\nNOWHERE\nC=\nD="q" #x\nE==\xc3\xa4\nF=last'
    )

    assert read_env_file(str(file)) == (*("A=1", "B= 2 ", "HERE=from here", "C=", 'D="q" #x', "E==ä", "F=last"),)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a b=1\n", "variable 'a b' contains whitespaces"),
        (b"A=1\nB =2\n", "variable 'B ' contains whitespaces"),
        (b"A b\n", "variable 'A b' contains whitespaces"),
        (b"=x\n", "no variable name on line '=x'"),
        (b"A=\xff\n", "invalid utf8 bytes at line 1: [65 61 255]"),
        (b"A=1\nB=\0\n", "variable 'B' contains a NUL byte"),
    ],
)
def test_broken_env_files(tmp_path: Path, content: bytes, message: str) -> None:
    """The file and what is wrong in it are named."""
    file = tmp_path / "env"
    file.write_bytes(content)

    with pytest.raises(Invalid, match=re.escape(f"invalid env file ({file}): {message}")):
        read_env_file(str(file))


def test_env_files_that_are_none(tmp_path: Path) -> None:
    """A missing file and a directory."""
    with pytest.raises(Invalid, match="no such file or directory"):
        read_env_file(str(tmp_path / "none"))
    with pytest.raises(Invalid, match="is a directory"):
        read_env_file(str(tmp_path))


def test_label_file(tmp_path: Path) -> None:
    """Lines as in an env file, but a name alone is nothing, whatever the environment has."""
    file = tmp_path / "labels"
    file.write_bytes(b'\xef\xbb\xbfA=1\r\n# comment\n\n \tB= 2 \nHERE\nNOWHERE\nC=\nD="q" #x\nA=2')

    assert read_label_file(str(file)) == ("A=1", "B= 2 ", "C=", 'D="q" #x', "A=2")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a b=1\n", "variable 'a b' contains whitespaces"),
        (b"d = x\n", "variable 'd ' contains whitespaces"),
        (b" =x\n", "no variable name on line '=x'"),
        (b"a=\xff\n", "invalid utf8 bytes at line 1: [97 61 255]"),
    ],
)
def test_broken_label_files(tmp_path: Path, content: bytes, message: str) -> None:
    """Docker calls a label file an env file in its errors; scripts look for these words."""
    file = tmp_path / "labels"
    file.write_bytes(content)

    with pytest.raises(Invalid, match=re.escape(f"invalid env file ({file}): {message}")):
        read_label_file(str(file))
    with pytest.raises(Invalid, match=re.escape(f"open {tmp_path}/none: no such file or directory")):
        read_label_file(str(tmp_path / "none"))


@given(content=st.binary(max_size=60))
def test_any_env_file(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    """Whatever a file holds, it is variables that can be handed to a program, or Invalid."""
    file = tmp_path_factory.mktemp("env") / "file"
    file.write_bytes(content)
    try:
        variables = read_env_file(str(file))
    except Invalid:
        return
    for variable in variables:
        name, equals, _ = variable.partition("=")
        assert equals
        assert name
        assert "\0" not in variable
        assert not re.search(r"\s", name)


@pytest.mark.parametrize("text", ["", "u", "0", "u:g", "5:6", ":5", "u:", ":", "1:2:3", "2147483647", "-u"])
def test_users(text: str) -> None:
    """Names and numbers, either side empty; whether they exist is not known here."""
    assert parse_user(text) == text


@pytest.mark.parametrize("text", ["-1", "2147483648", "u:-1", "1:4294967296", "9" * 40])
def test_ids_out_of_range(text: str) -> None:
    """The kernel's ids are 31 bits here, as docker's."""
    with pytest.raises(Invalid, match="uids and gids must be in range 0-2147483647"):
        parse_user(text)


def test_groups() -> None:
    """A supplementary group is a name or a number."""
    assert parse_group("video") == "video"
    assert parse_group("44") == "44"
    with pytest.raises(Invalid, match="in range"):
        parse_group("-1")
    with pytest.raises(Invalid, match="invalid group"):
        parse_group("")


@pytest.mark.parametrize(
    ("text", "soft", "hard"),
    [("nofile=5", 5, 5), ("nofile=5:6", 5, 6), ("core=-1", -1, -1), ("core=5:-1", 5, -1)],
)
def test_limits(text: str, soft: int, hard: int) -> None:
    """One number is both limits; -1 is none."""
    assert parse_ulimit(text) == Ulimit(name=text.partition("=")[0], soft=soft, hard=hard)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nofile", "invalid ulimit argument: nofile"),
        ("bogus=1", "invalid ulimit type: bogus"),
        ("NOFILE=1", "invalid ulimit type: NOFILE"),
        ("nofile=", 'parsing "": invalid syntax'),
        ("nofile=a", 'parsing "a": invalid syntax'),
        ("nofile=1.5", 'parsing "1.5": invalid syntax'),
        ("nofile=1:", 'parsing "": invalid syntax'),
        ("nofile=1:2:3", "too many limit value arguments - 1:2:3"),
        ("nofile=5:1", "ulimit soft limit must be less than or equal to hard limit: 5 > 1"),
        ("nofile=-1:10", "hard limit: soft: -1 (unlimited), hard: 10"),
        ("nofile=-2", "invalid ulimit argument: nofile=-2"),
    ],
)
def test_bad_limits(text: str, message: str) -> None:
    """What docker refuses is refused, in its words."""
    with pytest.raises(Invalid, match=re.escape(message)):
        parse_ulimit(text)


def test_kernel_parameters() -> None:
    """Only what is the container's own can be set."""
    for text in ("net.ipv4.ip_forward=1", "fs.mqueue.msg_max=5", "kernel.msgmax=1", "kernel.shmmax="):
        assert parse_sysctl(text) == text
    for text in ("kernel.foo=1", "kernel.hostname=x", "net.x", "net/ipv4/ip_forward=1", "=1", "", "vm.x=1"):
        with pytest.raises(Invalid, match=re.escape(f"sysctl '{text}' is not allowed")):
            parse_sysctl(text)


def test_labels_and_annotations() -> None:
    """A value may be left out, a name may not."""
    for parse in (parse_label, parse_annotation):
        assert parse("a") == "a="
        assert parse("a=b=c") == "a=b=c"
        for text in ("", "=x"):
            with pytest.raises(Invalid, match="empty"):
                parse(text)
    with pytest.raises(Invalid, match="label 'a b' contains whitespaces"):
        parse_label("a b=1")


def test_host_names() -> None:
    """As odd as docker takes them, but the kernel has to take them too, and a line of /etc/hosts."""
    for text in ("", "a_b", "-a", "a..b", "a b", "x" * 64):
        assert parse_hostname(text) == text
    for text in ("x" * 65, "ä" * 33, "a\nb", "\udcff"):
        with pytest.raises(Invalid, match="invalid hostname"):
            parse_hostname(text)


def test_networks() -> None:
    """None and the host's; others are refused by name."""
    assert [parse_network(text) for text in ("", "none", "host")] == ["none", "none", "host"]
    with pytest.raises(Unsupported, match="network bridge is not supported yet"):
        parse_network("bridge")


def test_working_directories() -> None:
    """Absolute, or empty for the image's."""
    assert [parse_workdir(text) for text in ("", "/a/../b")] == ["", "/a/../b"]
    with pytest.raises(Invalid, match=r"the working directory '\.' is invalid"):
        parse_workdir(".")


@pytest.mark.parametrize(
    "parse",
    [parse_env, parse_user, parse_group, parse_ulimit, parse_sysctl, parse_label, parse_annotation, parse_hostname],
)
@given(text=st.text(max_size=12))
def test_any_text(parse: Callable[[str], object], text: str) -> None:
    """Any text is taken, or Invalid."""
    with suppress(Invalid):
        parse(text)
