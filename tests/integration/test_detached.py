"""`run -d` and `logs`: containers that live on without a client."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

import chub as sdk
from tests.support.command import Command
from tests.support.engines import Engine
from tests.support.keepers import keepers, kill
from tests.support.waiting import wait_until

PATIENCE = 20.0  # seconds


def ended(chub: Command, name: str) -> str:
    """Wait for a container's end; its status as `ps` shows it."""

    def status() -> str:
        shown = chub.ok("ps", "-a", "--format", "{{.Names}} {{.Status}}").splitlines()
        return next((line.partition(" ")[2] for line in shown if line.startswith(f"{name} Exited")), "")

    return wait_until(status, PATIENCE, f"the end of {name}")


def test_a_detached_container(chub: Command, image: str) -> None:
    """Its id is printed; its output is kept, its end known; it is removed like any other."""
    id = chub.ok("run", "-d", "--name", "web", image, "sh", "-c", "echo out; echo err >&2; exit 3").strip()

    assert re.fullmatch("[0-9a-f]{64}", id)
    assert ended(chub, "web").startswith("Exited (3)")
    logs = chub("logs", "web")
    assert (logs.stdout, logs.stderr) == ("out\n", "err\n")
    assert chub.ok("rm", "web") == "web\n"
    assert "No such container" in chub("logs", "web").stderr


def test_a_detached_container_that_is_removed_when_it_ends(chub: Command, image: str) -> None:
    """`logs -f` gets all of it; afterwards nothing is left."""
    chub.ok("run", "-d", "--rm", "--name", "once", image, "sh", "-c", "sleep 0.5; echo done")

    assert chub.ok("logs", "-f", "once") == "done\n"
    wait_until(lambda: chub.ok("ps", "-aq") == "", PATIENCE, "the removal")


def test_following_logs(chub: Command, image: str) -> None:
    """What is there comes at once, the rest as it is written, and the end ends it."""
    script = "trap 'echo last; exit' USR1; echo first; while :; do sleep 0.05; done"
    chub.ok("run", "-d", "--name", "web", image, "sh", "-c", script)
    with chub.start("logs", "-f", "web", stdout=subprocess.PIPE) as following:
        assert following.stdout is not None
        assert following.stdout.readline() == b"first\n"
        chub.ok("kill", "-s", "USR1", "web")
        assert following.stdout.read() == b"last\n"
    assert following.returncode == 0
    ended(chub, "web")
    chub.ok("rm", "web")


def test_choosing_lines(chub: Command, image: str) -> None:
    """The last N, with times, since and until a time; what is no number means all."""
    chub.ok("run", "-d", "--name", "web", image, "sh", "-c", "for i in 1 2 3 4 5; do echo $i; done; printf end")
    ended(chub, "web")

    assert chub.ok("logs", "-n", "2", "web") == "5\nend"
    assert chub.ok("logs", "--tail", "0", "web") == ""
    assert chub.ok("logs", "--tail", "bogus", "web") == "1\n2\n3\n4\n5\nend"
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z 5\n\S{30} end", chub.ok("logs", "-t", "-n", "2", "web")
    )
    assert chub.ok("logs", "--since", "10m", "web").startswith("1\n")
    assert chub.ok("logs", "--since", "0s", "web") == ""
    assert chub.ok("logs", "--until", "10m", "web") == ""
    bogus = chub("logs", "--since", "bogus", "web")
    assert bogus.exit_status == 1
    assert 'invalid value for "since": failed to parse value as time or duration: "bogus"' in bogus.stderr
    chub.ok("rm", "web")


def test_programs_that_cannot_start(chub: Command, image: str) -> None:
    """The id is printed and the status is 127; the container stays as created, and not with --rm."""
    failed = chub("run", "-d", "--name", "web", image, "nosuch")

    assert re.fullmatch("[0-9a-f]{64}\n", failed.stdout)
    assert failed.exit_status == 127
    assert "executable file not found" in failed.stderr
    assert chub.ok("ps", "-a", "--format", "{{.Status}}") == "Created\n"
    chub.ok("rm", "web")
    assert chub("run", "-d", "--rm", image, "nosuch").exit_status == 127
    assert chub.ok("ps", "-aq") == ""


def test_a_terminal_is_kept_too(chub: Command, image: str) -> None:
    """Both streams are one, with the terminal's line ends."""
    chub.ok("run", "-d", "-t", "--name", "web", image, "sh", "-c", "echo out; echo err >&2")
    ended(chub, "web")

    assert chub.ok("logs", "web") == "out\r\nerr\r\n"
    chub.ok("rm", "web")


@pytest.mark.parametrize("which", [0, 1], ids=["older", "younger"])
def test_a_keeper_of_which_one_process_is_killed(
    chub: Command, image: str, roots: tuple[Path, Path], which: int
) -> None:
    """The other goes on by itself: every byte is there though the program ends meanwhile, and its status."""
    script = "i=0; while [ $i -lt 60000 ]; do echo line $i; i=$((i+1)); done; exit 4"
    chub.ok("run", "-d", "--name", "web", image, "sh", "-c", script)
    for _ in range(8):
        pids = wait_until(lambda: found if len(found := keepers(roots)) == 2 else [], PATIENCE, "two processes")
        kill(roots, [pids[which]])

    assert ended(chub, "web").startswith("Exited (4)")
    assert chub.ok("logs", "web") == "".join(f"line {number}\n" for number in range(60000))
    chub.ok("rm", "web")


def test_logs_are_followed_through_the_death_of_a_keeper(chub: Command, image: str, roots: tuple[Path, Path]) -> None:
    """The reader goes on with whoever holds the output next, and ends when the container does."""
    script = "trap 'echo last; exit' USR1; echo first; while :; do sleep 0.05; done"
    chub.ok("run", "-d", "--name", "web", image, "sh", "-c", script)
    with chub.start("logs", "-f", "web", stdout=subprocess.PIPE) as following:
        assert following.stdout is not None
        assert following.stdout.readline() == b"first\n"
        kill(roots, keepers(roots)[:1])
        wait_until(lambda: len(keepers(roots)) == 2, PATIENCE, "another one of the pair")
        kill(roots, keepers(roots))
        chub.ok("kill", "-s", "USR1", "web")
        assert following.stdout.read() == b"last\n"
    assert following.returncode == 0
    ended(chub, "web")
    chub.ok("rm", "web")


def test_a_keeper_that_is_killed(chub: Command, image: str, roots: tuple[Path, Path]) -> None:
    """Both processes at once: the program waits, and whatever command comes next starts another keeper."""
    script = "i=0; while :; do i=$((i+1)); echo line $i; test -e /tmp/end && break; done; exit 4"
    chub.ok("run", "-d", "--name", "web", image, "sh", "-c", "mkdir -p /tmp; (sleep 2; touch /tmp/end) & " + script)
    kill(roots, keepers(roots))
    assert not keepers(roots)
    wait_until(lambda: chub.ok("ps") and len(keepers(roots)) == 2, PATIENCE, "another one")

    assert ended(chub, "web").startswith("Exited (4)")
    numbers = [int(line.split()[1]) for line in chub.ok("logs", "web").splitlines()]
    assert numbers == list(range(1, len(numbers) + 1))
    chub.ok("rm", "web")


def test_a_keeper_whose_directory_is_removed(chub: Command, image: str, roots: tuple[Path, Path]) -> None:
    """Its guard takes over, finds nothing to hold, and ends: no process goes on forking."""
    chub.ok("run", "-d", "--rm", "--name", "web", image, "true")
    pids = wait_until(lambda: found if len(found := keepers(roots)) == 2 else [], PATIENCE, "two processes")
    wait_until(lambda: chub.ok("ps", "-aq") == "", PATIENCE, "the removal")
    for place in roots[1].glob("*/*/keeper"):
        shutil.rmtree(place)
    os.kill(pids[0], signal.SIGKILL)

    wait_until(lambda: not keepers(roots), PATIENCE, "the end of both")


def test_binary_output_is_kept_as_it_is(chub: Command, image: str, client: sdk.Client) -> None:
    """Ten megabytes of random bytes."""
    script = "head -c 10000000 /dev/urandom > /dev/shm/x; sha256sum < /dev/shm/x >&2; cat /dev/shm/x"
    chub.ok("run", "-d", "--name", "web", image, "sh", "-c", script)
    ended(chub, "web")
    out, err = hashlib.sha256(), b""
    for chunk in client.containers.get("web").output():
        if chunk.stream == 1:
            out.update(chunk.data)
        else:
            err += chunk.data
    assert err.split()[0].decode() == out.hexdigest()
    chub.ok("rm", "web")


def test_output_is_kept_of_every_run(chub: Command, image: str) -> None:
    """Also of one in the foreground; what has not run yet has written nothing."""
    chub.ok("create", "--name", "web", image, "echo", "hi")
    assert chub.ok("logs", "web") == ""
    chub.ok("start", "-a", "web")
    chub.ok("run", "--name", "other", image, "echo", "there")

    assert chub.ok("logs", "web") + chub.ok("logs", "other") == "hi\nthere\n"
    chub.ok("rm", "web", "other")


def test_created_containers_are_started_again_and_again(chub: Command, image: str) -> None:
    """Output goes on where it ended; a start of one that runs is none; the last ending counts."""
    chub.ok("create", "--name", "web", image, "sh", "-c", "echo hello; test -e /seen && exit 6; touch /seen; exit 5")
    assert chub.ok("ps", "-a", "--format", "{{.Status}}") == "Created\n"

    assert chub.ok("start", "web") == "web\n"
    assert ended(chub, "web").startswith("Exited (5)")
    chub.ok("start", "web")
    assert chub.ok("wait", "web") == "6\n"
    assert chub.ok("logs", "web") == "hello\nhello\n"
    chub.ok("rm", "web")


def test_restarting(chub: Command, image: str) -> None:
    """A running one is stopped first; its process is another one afterwards."""
    chub.ok("run", "-d", "--name", "web", image, "sleep", "100")
    before = chub.ok("inspect", "-f", "{{.State.Pid}}", "web")
    assert chub.ok("start", "web") == "web\n"
    assert chub.ok("inspect", "-f", "{{.State.Pid}}", "web") == before

    assert chub.ok("restart", "-t", "0", "web") == "web\n"
    after = chub.ok("inspect", "-f", "{{.State.Running}} {{.State.Pid}}", "web")
    assert after.startswith("true ")
    assert after.split()[1] != before.strip()
    chub.ok("rm", "-f", "web")


def test_only_its_maker_starts_a_container(chub: Command, engine: Engine, image: str, namespace: str) -> None:
    """Where the output of ctr's containers goes, ctr knows."""
    engine.ctr("container", "create", "docker.io/library/busybox:latest", "theirs", "true", namespace=namespace)
    refused = chub("start", "theirs")

    assert refused.exit_status == 1
    assert "only containers that chub made can be started" in refused.stderr
    engine.ctr("container", "rm", "theirs", namespace=namespace)
