"""Flags of `run` and `create` for what is around the program: its id, labels, end and init."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest

import chub as sdk
from chub.options.request import Identity, Request
from tests.support import engines
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from chub.sdk.client import Client
    from tests.support.command import Command

DEAF = "trap '' TERM; trap 'exit 4' INT; echo ready; while :; do sleep 0.1; done"


@pytest.fixture
def with_init() -> dict[str, str]:
    """An environment in which chub finds an init."""
    path = os.environ["PATH"]
    if "docker" in engines.available():
        path = f"{engines.programs('docker')}:{path}"
    if not shutil.which("docker-init", path=path) and not shutil.which("tini-static", path=path):
        engines.unavailable("no docker-init and no tini-static here: apt-get install tini")
    return {"PATH": path}


def inspected(chub: Command, name: str) -> dict[str, Any]:
    """What inspect says of a container."""
    found: dict[str, Any] = json.loads(chub.ok("container", "inspect", name))[0]
    return found


def ready(chub: Command, name: str) -> None:
    """Wait until a detached program has said that it is."""
    wait_until(lambda: "ready" in chub("logs", name).stdout, 20, f"{name} to be ready")


def test_the_id_in_a_file(chub: Command, image: str, tmp_path: Path) -> None:
    """22: 64 bytes without a line's end, there before the program runs, and still there when the container is gone."""
    file = tmp_path / "id"

    seen = chub.ok("run", "--rm", "--cidfile", file, "-v", f"{tmp_path}:/x", image, "cat", "/x/id")
    assert len(seen) == 64
    assert file.read_text() == seen

    made = chub.ok("create", "--name", "web", "--cidfile", "other", image, "true", cwd=tmp_path).strip()
    assert (tmp_path / "other").read_bytes() == made.encode()
    assert inspected(chub, "web")["HostConfig"]["ContainerIDFile"] == "other"
    chub.ok("start", "web")
    chub.ok("wait", "web")
    chub.ok("rm", "web")


def test_a_file_for_the_id_that_is_there(chub: Command, image: str, tmp_path: Path) -> None:
    """22: it is left as it is, and no container is made: 125, 1 from create."""
    file = tmp_path / "id"
    file.write_text("mine")

    for command, status in (("run", 125), ("create", 1)):
        ended = chub(command, "--cidfile", file, image, "true")
        assert (ended.exit_status, ended.stdout) == (status, "")
        assert f"container ID file found, make sure the other container isn't running or delete {file}" in ended.stderr
    missing = chub("run", "--cidfile", tmp_path / "no" / "id", image, "true")
    assert missing.exit_status == 125
    assert "failed to create the container ID file: open" in missing.stderr
    assert file.read_text() == "mine"
    assert chub.ok("ps", "-aq") == ""


def test_a_file_for_the_id_of_what_is_not_made(chub: Command, client: Client, image: str, tmp_path: Path) -> None:
    """None is left where no container was made; where it was made and could not start, its id is."""
    file = tmp_path / "id"
    for words in (("nosuch:image", "true"), ("-u", "nosuch", image, "true"), ("--stop-signal", "BOGUS", image)):
        assert chub("run", "--cidfile", file, *words).exit_status == 125
        assert not file.exists()
    with pytest.raises(sdk.NotFound):
        client.containers.create(Request(image="nosuch", identity=Identity(cidfile=str(file))))
    assert not file.exists()

    assert chub("run", "--name", "web", "--cidfile", file, image, "nosuch").exit_status == 127
    assert inspected(chub, "web")["Id"] == file.read_text()
    chub.ok("rm", "web")


def test_of_two_with_one_file_one_is_made(chub: Command, image: str, tmp_path: Path) -> None:
    """The file is a lock: the others are refused, and it has the id of the one."""
    words = ("create", "--cidfile", tmp_path / "id", image, "true")
    started = [chub.start(*words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(4)]
    said = [each.communicate(timeout=60)[0] for each in started]

    assert sorted(each.returncode for each in started) == [0, 1, 1, 1]
    assert (tmp_path / "id").read_bytes() + b"\n" in said
    chub.ok("rm", (tmp_path / "id").read_text())


def test_labels_from_files(chub: Command, image: str, tmp_path: Path) -> None:
    """Later files and single labels replace; a name alone is none in a file, and empty as a flag."""
    first, second = tmp_path / "1", tmp_path / "2"
    first.write_text("# comment\n\na=1\n  b=x y\n")
    second.write_text("a=2\nz=1\nPATH\n")

    flags = ("--label-file", first, "--label-file", second, "--label", "z=5", "-l", "q")
    chub.ok("create", "--name", "web", *flags, image, "true")
    assert inspected(chub, "web")["Config"]["Labels"] == {"a": "2", "b": "x y", "z": "5", "q": ""}
    chub.ok("rm", "web")

    second.write_text("a b=1\n")
    for command in ("run", "create"):
        ended = chub(command, *flags, image, "true")
        assert ended.exit_status == 125
        assert f"invalid env file ({second}): variable 'a b' contains whitespaces" in ended.stderr
    assert chub("run", "--label-file", tmp_path, image, "true").exit_status == 125
    assert chub.ok("ps", "-aq") == ""


def test_the_stop_signal(chub: Command, image: str) -> None:
    """`stop` sends it, and inspect shows it as it was given; one that there is not makes no container."""
    chub.ok("run", "-d", "--name", "web", "--stop-signal", "sigint", image, "sh", "-c", DEAF)
    ready(chub, "web")

    config = inspected(chub, "web")["Config"]
    assert (config["StopSignal"], "StopTimeout" in config, config["Labels"]) == ("sigint", False, {})
    chub.ok("stop", "web")
    assert chub.ok("wait", "web") == "4\n"
    chub.ok("rm", "web")

    for wrong in ("BOGUS", "0", "99"):
        assert chub("run", "--stop-signal", wrong, image, "true").exit_status == 125
        assert chub("create", "--stop-signal", wrong, image, "true").exit_status == 1
    assert chub.ok("ps", "-aq") == ""


def test_the_stop_timeout(chub: Command, client: Client, image: str) -> None:
    """`stop` and `restart` without -t wait that long, also from Python; -t replaces it."""
    chub.ok("run", "-d", "--name", "web", "--stop-timeout", "1", image, "sh", "-c", DEAF)
    ready(chub, "web")
    assert inspected(chub, "web")["Config"]["StopTimeout"] == 1
    web = client.containers.get("web")
    pid = web.pid

    for stop in (lambda: chub.ok("restart", "web"), lambda: web.reload().restart()):
        begin = time.monotonic()
        stop()
        assert 0.9 < time.monotonic() - begin < 8
        assert web.reload().pid not in (0, pid)
        pid = web.pid
        wait_until(lambda: chub.ok("logs", "web").count("ready") >= 2, 20, "it to be deaf again")
    begin = time.monotonic()
    chub.ok("stop", "web")
    assert 0.9 < time.monotonic() - begin < 8
    assert chub.ok("wait", "web") == "137\n"
    chub.ok("rm", "web")


@pytest.mark.nightly
def test_a_stop_timeout_of_for_ever(chub: Command, image: str) -> None:
    """A negative one: it is not killed."""
    chub.ok("run", "-d", "--name", "web", "--stop-timeout", "-1", image, "sh", "-c", DEAF)
    ready(chub, "web")

    with chub.start("stop", "web", stdout=subprocess.PIPE) as stopping:
        with pytest.raises(subprocess.TimeoutExpired):
            stopping.wait(timeout=11)
        chub.ok("kill", "web")
        assert stopping.wait(timeout=30) == 0
    chub.ok("rm", "web")


def test_an_init(chub: Command, image: str, with_init: dict[str, str]) -> None:
    """It is the first process, passes signals on, and reaps; docker's words where the program is not there."""

    def run(*words: str) -> str:
        return chub.ok("run", "--rm", "--init", image, *words, env=with_init)

    assert run("sh", "-c", "tr '\\0' ' ' < /proc/1/cmdline").startswith("/sbin/docker-init -- sh -c ")
    assert re.search("^[^ ]+ /sbin/docker-init [^ ]+ ro[, ]", run("cat", "/proc/mounts"), re.MULTILINE)
    assert "Z" not in run("sh", "-c", "(sleep 0 &); sleep 0.3; ps -o stat").splitlines()
    assert chub("run", "--rm", "--init", image, "sh", "-c", "kill -9 $$", env=with_init).exit_status == 137
    assert chub("run", "--rm", "--init", image, "nosuch", env=with_init).exit_status == 127
    assert chub("run", "--rm", "--init", image, "/etc", env=with_init).exit_status == 126

    chub.ok("run", "-d", "--init", "--name", "web", image, "sleep", "1000", env=with_init)
    about = inspected(chub, "web")
    assert (about["Path"], about["Args"], about["HostConfig"]["Init"]) == ("sleep", ["1000"], True)
    assert (about["Config"]["Cmd"], about["Mounts"]) == (["sleep", "1000"], [])
    assert chub.ok("ps", "--format", "{{.Command}}{{.Mounts}}") == '"sleep 1000"\n'
    chub.ok("stop", "web")  # what is no first process ends by SIGTERM
    assert chub.ok("wait", "web") == "143\n"
    chub.ok("start", "web")
    assert inspected(chub, "web")["State"]["Running"]
    chub.ok("rm", "-f", "web")

    chub.ok("create", "--init=false", "--name", "web", image, "true")
    assert "Init" not in inspected(chub, "web")["HostConfig"]
    chub.ok("rm", "web")


def test_pulling_is_never_asked_for(chub: Command, image: str) -> None:
    """An image that is here is run, one that is not is missing; anonymous volumes there are none to remove."""
    for flags in (("--pull", "never"), ("--pull", "missing"), ("--pull="), ("-q",), ("--quiet", "--pull", "never")):
        words = (flags,) if isinstance(flags, str) else flags
        assert chub.ok("run", "--rm", *words, image, "echo", "hi") == "hi\n"
        assert chub.ok("rm", "-v", chub.ok("create", *words, image, "true").strip())
    for command, status in (("run", 125), ("create", 1)):
        missing = chub(command, "--pull", "never", "nosuch:image", "true")
        assert missing.exit_status == status
        assert "No such image: nosuch:image" in missing.stderr
        always = chub(command, "--pull", "always", image, "true")
        assert always.exit_status == 125
        assert "--pull always is not supported yet" in always.stderr
