"""Docker's `run` lines, env files, and what else is read of a command line; users of an image's passwd."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from typer.testing import CliRunner

from chub.cli.main import app
from chub.core.accounts import account
from chub.errors import ChubError
from chub.options import (
    limits,
    logging,
    mounts,
    network,
    process,
    request,
    resources,
    security,
    signals,
    terminal,
    times,
    values,
)
from tests.fuzz.conftest import Fuzz
from tests.fuzz.strategies import any_text, damaged, words

PARSERS: dict[Callable[[str], Any], tuple[str, ...]] = {
    limits.parse_cpus: ("1", ".", "/", "e", "-", "9"),
    limits.parse_memory_swap: ("-1", "1", ".", "k", "gb"),
    limits.parse_set: ("0", "-", ",", "7", "8192"),
    limits.parse_weight: ("0x", "1", "_", "-"),
    mounts.parse_mount: ("type=", "bind", "tmpfs", ",", "src=", "dst=", "/a", "ro", "=true", "tmpfs-size=", "1k", '"'),
    mounts.parse_tmpfs: ("/a", ":", ",", "size=", "mode=", "1777", "ro", "exec"),
    mounts.parse_volume: ("/a", "b", ":", "ro", ",", "rw", "z", "rslave", ".", "~"),
    network.parse_hostname: ("a", ".", "-"),
    network.parse_network: ("none", "host", "container:", "a", "name="),
    process.parse_env: ("A", "=", "PATH"),
    process.parse_group: ("a", "0", "-"),
    process.parse_user: ("a", ":", "0", "-1", "9999999999"),
    process.parse_workdir: ("/", "a", ".."),
    request.parse_annotation: ("a", "=", " "),
    request.parse_label: ("a", "=", " "),
    resources.parse_device: ("/dev/null", ":", "/", "r", "w", "m", "a=b"),
    resources.parse_device_rule: ("c ", "1", ":", "*", " rwm", "a"),
    resources.parse_size: ("1", ".", " ", "k", "KiB", "e", "p", "9"),
    resources.parse_sysctl: ("net.", "kernel.shmmax", "=", "1"),
    resources.parse_ulimit: ("nofile", "=", "1", ":", "-1", "9"),
    security.parse_security_opt: (
        "seccomp",
        "apparmor",
        "no-new-privileges",
        "=",
        ":",
        "unconfined",
        "/nosuch",
        "true",
    ),
    signals.parse_signal: ("SIG", "TERM", "RTMIN", "+", "-", "1", "64"),
    terminal.parse_attach: ("stdin", "STDOUT", "std"),
    terminal.parse_keys: ("ctrl-", "p", ",", "@", "[", "a"),
    times.parse_span: ("1", ".", "h", "m", "ms", "µs"),
    values.parse_bool: ("true", "T", "0"),
    values.parse_int: ("1", "-", "+", "0"),
    values.parse_integer: ("1", "-", "0x", "0o", "_", "08"),
    values.parse_path: ("/", "a", ".."),
}
PASSWD = [b"root:x:0:0:root:/root:/bin/sh\nu:x:1000:1000::/home/u:/bin/sh\n"]
GROUP = [b"root:x:0:\nu:x:1000:u\nvideo:x:44:u,root\n"]
ENV = [b"A=1\nB=\n#c\n\n  D=x y\nPATH\n", b"\xef\xbb\xbfA=1\r\n"]

RUN_WORDS = (
    "--name --rm -d -i -t -it -e A=1 --env-file /dev/null -m 64m --cpus 1.5 --ulimit nofile=1:2 -v /a:/b:ro --mount"
    " type=bind,src=/a,dst=/b --tmpfs /t:size=1k --device /dev/null -u 0:0 -w /x -h host --network none container:c"
    " --ipc private --pid host -l a=b --log-driver none --log-opt max-size=1k --security-opt seccomp=unconfined"
    " --cap-add ALL --stop-signal TERM --restart no -p 80:80 -- --= - -- --rm=false --rm=x -eA=1 --bogus --nam image"
    " sh -c --pull never --entrypoint sh --init --read-only=true --cidfile --shm-size 1g --health-cmd x --help"
).split()
STATUSES = {0, 1, 125, 126}


def test_values(fuzz: Fuzz) -> None:
    """A value is refused, or is a value; what a parser that keeps texts gives is taken again."""
    values = st.one_of([st.tuples(st.just(parse), words(*tokens)) for parse, tokens in PARSERS.items()])

    @fuzz(values)
    def _(value: tuple[Callable[[str], Any], str]) -> None:
        parse, text = value
        try:
            found = parse(text)
        except ChubError:
            return
        if isinstance(found, str):
            assert parse(found) == found


def test_moments(fuzz: Fuzz) -> None:
    """``--since``: a moment, or no moment."""

    @fuzz(
        words("2026-11-24", "9999-12-31", "0001-01-01", "T", "23", ":59", ".5", "Z", "-01:00", "1", "h", "ms", "-", ".")
    )
    def _(text: str) -> None:
        try:
            assert isinstance(times.parse_moment(text, 10**18), int)
        except ChubError:
            return


def test_logging(fuzz: Fuzz) -> None:
    """``--log-driver`` and ``--log-opt``, which are checked together."""
    option = words("max-size", "max-file", "mode", "=", "1", "k", "blocking")

    @fuzz(st.sampled_from(["json-file", "none", "local"]) | any_text, st.lists(option, max_size=3).map(tuple))
    def _(driver: str, options: tuple[str, ...]) -> None:
        try:
            logging.logging(driver, options)
        except ChubError:
            return


def test_env_files(fuzz: Fuzz, tmp_path: Path) -> None:
    """A file is refused, or gives variables that a file of theirs gives again."""
    path = tmp_path / "env"

    @fuzz(
        damaged(ENV) | words("A", "=", "b", "#", "\n", "\r", " ", "\t").map(lambda text: text.encode(errors="replace"))
    )
    def _(data: bytes) -> None:
        path.write_bytes(data)
        try:
            found = process.read_env_file(str(path))
        except ChubError:
            return
        path.write_bytes("\r\n".join(["", *found, ""]).encode())  # a mark or \r that is left belongs to the value
        assert process.read_env_file(str(path)) == found


def test_accounts(fuzz: Fuzz) -> None:
    """Whatever an image's passwd and group say, a user is found in them or not."""

    @fuzz(
        damaged(PASSWD), damaged(GROUP), words("u", "root", ":", "0", "video", "1000"), st.lists(any_text, max_size=1)
    )
    def _(passwd: bytes, group: bytes, user: str, extra: list[str]) -> None:
        try:
            account({"etc/passwd": passwd, "etc/group": group}, user, extra)
        except ChubError:
            return


def test_run_lines(fuzz: Fuzz) -> None:
    """A line ends with one of docker's statuses, where no engine is there to run it."""
    word = st.sampled_from(RUN_WORDS) | st.sampled_from(RUN_WORDS) | st.sampled_from(RUN_WORDS) | any_text
    command = st.sampled_from(["run", "create", "exec", "ps", "logs", "update", "events", "images", "container"])

    @fuzz(command, st.lists(word, max_size=10))
    def _(name: str, line: list[str]) -> None:
        ended = CliRunner().invoke(app, ["--address", "/nosuch/containerd.sock", name, *line], prog_name="chub")
        assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exception
        assert ended.exit_code in STATUSES, ended.stderr
        assert "Traceback" not in ended.stderr
