"""`chub run` in the foreground, on a real containerd."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
from pathlib import Path

import pytest

from chub.api.containers import Container, Runtime
from chub.api.services import Services
from chub.api.wire import TypedValue
from tests.support.command import Command
from tests.support.waiting import wait_until

RUNC = Runtime(name="io.containerd.runc.v2")
SPEC = TypedValue.of_json("types.containerd.io/opencontainers/runtime-spec/1/Spec", {"ociVersion": "1.0.2"})


def test_output_and_streams_stay_apart(chub: Command, image: str) -> None:
    """What goes to stdout and stderr inside comes out of stdout and stderr."""
    ended = chub("run", "--rm", image, "sh", "-c", "echo out; echo err >&2")

    assert (ended.exit_status, ended.stdout, ended.stderr) == (0, "out\n", "err\n")


@pytest.mark.parametrize(("script", "status"), [("exit 0", 0), ("exit 42", 42), ("exit 255", 255), ("kill -9 $$", 0)])
def test_the_exit_status_is_the_programs(chub: Command, image: str, script: str, status: int) -> None:
    """The last: a PID 1 cannot kill itself, and no 137 is invented."""
    assert status == chub("run", "--rm", image, "sh", "-c", script).exit_status


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["nosuch"], 127, "executable file not found"),
        (["/etc"], 126, ""),
        (["/etc/passwd"], 126, "permission denied"),
        (["/no/such/file"], 127, "no such file or directory"),
    ],
)
def test_a_program_that_cannot_start(chub: Command, image: str, words: list[str], status: int, said: str) -> None:
    """127 where it is missing, 126 where it cannot be executed, and with --rm nothing stays."""
    ended = chub("run", "--rm", image, *words)

    assert status == ended.exit_status
    assert said in ended.stderr
    assert "Run 'chub run --help' for more information" in ended.stderr
    assert chub.ok("ps", "-aq") == ""


def test_a_program_that_cannot_start_leaves_its_container(chub: Command, image: str) -> None:
    """Without --rm it stays as "Created", with the exit code in its state, as docker's."""
    chub("run", "--name", "broken", image, "nosuch")

    state = json.loads(chub.ok("inspect", "broken"))[0]["State"]
    assert (state["Status"], state["ExitCode"]) == ("created", 127)
    assert "nosuch" in state["Error"]
    assert "Created" in chub.ok("ps", "-a")
    assert chub.ok("rm", "broken") == "broken\n"


def test_without_rm_the_container_stays(chub: Command, image: str) -> None:
    """It can be listed and inspected with its exit code, and removed by name."""
    assert chub("run", "--name", "web", image, "sh", "-c", "exit 3").exit_status == 3

    assert chub.ok("ps", "-q") == ""
    row = json.loads(chub.ok("ps", "-a", "--format", "json"))
    assert (row["Names"], row["State"]) == ("web", "exited")
    assert row["Status"].startswith("Exited (3) ")
    about = json.loads(chub.ok("inspect", "web"))[0]
    assert (about["Name"], about["State"]["ExitCode"], about["State"]["Status"]) == ("/web", 3, "exited")
    assert [about["Path"], about["Args"]] == ["sh", ["-c", "exit 3"]]
    assert chub.ok("rm", "web") == "web\n"
    assert chub.ok("ps", "-aq") == ""


def test_a_name_in_use(chub: Command, image: str) -> None:
    """The second one is refused in docker's words with 125, and the first is untouched."""
    chub.ok("run", "--name", "web", image, "true")

    ended = chub("run", "--name", "web", image, "true")

    assert ended.exit_status == 125
    assert 'Conflict. The container name "/web" is already in use by container' in ended.stderr
    assert len(chub.ok("ps", "-aq").split()) == 1
    chub.ok("rm", "web")


def test_two_clients_with_one_name(chub: Command, image: str) -> None:
    """Of eight at once, exactly one gets it."""
    started = [
        chub.start("run", "--name", "one", image, "true", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(8)
    ]
    outcomes = sorted((each.communicate(timeout=60), each.returncode)[1] for each in started)

    assert outcomes == [0] + [125] * 7
    assert len(chub.ok("ps", "-aq").split()) == 1
    chub.ok("rm", "one")


def test_standard_input_reaches_the_program_to_its_end(chub: Command, image: str) -> None:
    """With -i; the end of input arrives."""
    assert chub.ok("run", "--rm", "-i", image, "cat", input="hello\n") == "hello\n"


def test_without_i_there_is_no_input(chub: Command, image: str) -> None:
    """As docker: nothing is read, and nothing printed."""
    assert chub.ok("run", "--rm", image, "cat", input="hello\n") == ""


def test_a_hundred_megabytes_through_a_pipe(chub: Command, image: str, tmp_path: Path) -> None:
    """Every byte comes back, in order."""
    block = os.urandom(1 << 20)
    size = 100
    expected = hashlib.sha256()
    for _ in range(size):
        expected.update(block)
    source = tmp_path / "source"
    with source.open("wb") as file:
        for _ in range(size):
            file.write(block)
    found = hashlib.sha256()
    with (
        source.open("rb") as stdin,
        chub.start("run", "--rm", "-i", image, "cat", stdin=stdin, stdout=subprocess.PIPE) as running,
    ):
        assert running.stdout is not None
        while chunk := running.stdout.read(1 << 20):
            found.update(chunk)

    assert running.returncode == 0
    assert expected.hexdigest() == found.hexdigest()


@pytest.mark.parametrize("driver", ["json-file", "none"])
def test_a_slow_reader_loses_nothing(chub: Command, image: str, tmp_path: Path, driver: str) -> None:
    """The program is done long before what it wrote has been read; only where nothing is kept it has to wait."""
    progress = tmp_path / "progress"
    progress.mkdir()
    script = "for i in $(seq 64); do head -c 1048576 /dev/zero; echo $i > /progress/at; done"
    words = ["run", "--rm", "--log-driver", driver, "-v", f"{progress}:/progress", image, "sh", "-c", script]
    with chub.start(*words, stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        first = running.stdout.read(1)
        at = progress / "at"
        if driver == "json-file":
            wait_until(lambda: at.exists() and at.read_text() == "64\n", 20, "the last megabyte")
        else:
            wait_until(lambda: at.exists() and at.read_text().strip(), 20, "the first megabyte")
            threading.Event().wait(1.0)  # nobody reads in this second
            assert int(at.read_text() or 0) < 8
        rest = len(running.stdout.read())

    assert running.returncode == 0
    assert len(first) + rest == 64 << 20


def test_output_nobody_reads_any_more_ends_the_program(chub: Command, image: str) -> None:
    """As in ``chub run … yes | head -1``: the run ends, and nothing is left."""
    with chub.start("run", "--rm", image, "yes", stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"y\n"
        running.stdout.close()
        running.wait(timeout=30)

    assert chub.ok("ps", "-aq") == ""


@pytest.mark.parametrize("name", ["INT", "TERM", "HUP", "USR1"])
def test_signals_go_to_the_program(chub: Command, image: str, name: str) -> None:
    """And the run ends with what the program made of them."""
    script = f"trap 'exit 5' {name}; echo ready; while :; do sleep 0.1; done"
    with chub.start("run", "--rm", image, "sh", "-c", script, stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"ready\n"
        running.send_signal(getattr(signal, f"SIG{name}"))
        running.wait(timeout=30)

    assert running.returncode == 5


def test_a_signal_without_handler_is_ignored_by_pid_1(chub: Command, image: str) -> None:
    """The kernel protects it; the run goes on to its own end."""
    with chub.start("run", "--rm", image, "sh", "-c", "echo ready; sleep 1; exit 4", stdout=subprocess.PIPE) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == b"ready\n"
        run.send_signal(signal.SIGTERM)
        run.wait(timeout=30)

    assert run.returncode == 4


def test_killed_from_outside(chub: Command, services: Services, image: str) -> None:
    """A SIGKILL from elsewhere is 137."""
    with chub.start("run", "--rm", "--name", "victim", image, "sleep", "60") as running:
        wait_until(lambda: [task.pid for task in services.tasks.list() if task.status == "running"], 20, "the task")
        os.kill(services.tasks.list()[0].pid, signal.SIGKILL)
        running.wait(timeout=30)

    assert running.returncode == 137


def test_rm_of_a_running_container(chub: Command, services: Services, image: str) -> None:
    """Refused in docker's words; with -f it is killed and gone, and its foreground run ends with 137."""
    with chub.start("run", "--name", "web", image, "sleep", "60") as running:
        wait_until(lambda: "Up" in chub.ok("ps"), 20, "the container to be up")

        ended = chub("rm", "web")
        assert ended.exit_status == 1
        assert 'cannot remove container "web": container is running' in ended.stderr

        assert chub.ok("rm", "-f", "web") == "web\n"
        running.wait(timeout=30)

    assert running.returncode == 137
    assert chub.ok("ps", "-aq") == ""


def test_several_words_of_rm(chub: Command, image: str) -> None:
    """What is there is removed and printed, what is not is said, and the status is 1; with -f it is 0."""
    chub.ok("run", "--name", "web", image, "true")

    ended = chub("rm", "nosuch", "web")
    assert (ended.exit_status, ended.stdout) == (1, "web\n")
    assert "No such container: nosuch" in ended.stderr

    forced = chub("rm", "-f", "nosuch")
    assert (forced.exit_status, forced.stdout) == (0, "")
    assert "No such container: nosuch" in forced.stderr


def test_an_ambiguous_beginning_of_an_id(chub: Command, services: Services, image: str) -> None:
    """It is an error, never a guess."""
    for last in "ab":
        services.containers.create(Container(id=f"abcdef{last}", image=image, runtime=RUNC, spec=SPEC))
    try:
        ended = chub("inspect", "abcdef")
        assert ended.exit_status == 1
        assert "multiple IDs found with provided prefix: abcdef" in ended.stderr
        assert json.loads(chub.ok("inspect", "abcdefa"))[0]["Id"] == "abcdefa"
    finally:
        for last in "ab":
            services.containers.delete(f"abcdef{last}")


def test_a_container_of_another_namespace(chub: Command, image: str, services: Services) -> None:
    """The error says where there is one, and how to look there."""
    from chub.api.namespaces import Namespace

    other = services.within(f"{services.namespace}-other")
    other.namespaces.create(Namespace(name=other.namespace))
    other.containers.create(Container(id="elsewhere", image=image, runtime=RUNC, spec=SPEC))
    try:
        ended = chub("inspect", "--type", "container", "elsewhere")
        assert ended.exit_status == 1
        assert other.namespace in ended.stderr
        assert "elsewhere" in chub.ok("ps", "-aA")
        assert json.loads(chub.ok("inspect", "--namespace", other.namespace, "elsewhere"))[0]["Id"] == "elsewhere"
    finally:
        other.containers.delete("elsewhere")
        other.namespaces.delete(other.namespace)


@pytest.mark.usefixtures("kept_rootfs")
def test_what_a_directory_has_and_the_container_lacks(chub: Command, busybox: Path, tmp_path: Path) -> None:
    """A socket in the tree is left out, and said so."""
    tree = tmp_path / "tree"
    shutil.copytree(busybox, tree, symlinks=True)
    with socket.socket(socket.AF_UNIX) as listening:
        directory = os.open(tree, os.O_PATH)
        listening.bind(f"/proc/self/fd/{directory}/s")  # a socket's name is short
        os.close(directory)
        ended = chub("run", "--rm", "--rootfs", tree, "ls", "/s")

    assert ended.exit_status == 1
    assert f"chub: {tree}: skipped 1 socket(s): s\n" in ended.stderr
