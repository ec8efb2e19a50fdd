"""`chub stop`, `kill`, `wait`, `pause` and their like, on a real containerd."""

from __future__ import annotations

import json
import secrets
import subprocess
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from chub.core.images import put, resolve, set_image
from chub.core.leasing import leased
from chub.errors import Conflict, Invalid, NotFound, TimedOut
from chub.oci import config, manifests
from tests.support.terminal import Terminal
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chub.api.services import Services
    from chub.sdk.client import Client
    from tests.support.command import Command
    from tests.support.engines import Engine

Run = subprocess.Popen[bytes]
DEAF = "trap '' TERM INT; echo ready; while :; do sleep 0.1; done"
OBEDIENT = "trap 'exit 3' TERM; trap 'exit 4' INT; echo ready; while :; do sleep 0.1; done"


@contextmanager
def running(chub: Command, image: str, name: str, script: str = OBEDIENT, *flags: str) -> Iterator[Run]:
    """A container whose program has said that it is ready, with a foreground client; both are gone afterwards."""
    words = ("run", "--name", name, *flags, image, "sh", "-c", script)
    with chub.start(*words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as started:
        assert started.stdout is not None
        assert started.stdout.readline() == b"ready\n"
        id = json.loads(chub.ok("container", "inspect", name))[0]["Id"]
        try:
            yield started
        finally:
            chub("rm", "-f", id)
            started.wait(timeout=30)
    chub("rm", "-f", id)


@pytest.fixture
def others(engine: Engine, namespace: str, image: str) -> Iterator[str]:
    """The id of a container that ctr made and left running."""
    id = f"ctrs-{secrets.token_hex(3)}"
    name = f"docker.io/library/{image}:latest"
    engine.ctr("run", "-d", "--null-io", name, id, "sh", "-c", OBEDIENT, namespace=namespace)
    yield id
    if id in engine.ctr("task", "ls", "-q", namespace=namespace).split():
        engine.ctr("task", "delete", "--force", id, namespace=namespace)
    engine.ctr("container", "delete", id, namespace=namespace)


def state(chub: Command, name: str) -> tuple[str, int]:
    """A container's status and exit code, as inspect has them."""
    found = json.loads(chub.ok("container", "inspect", name))[0]["State"]
    return found["Status"], found["ExitCode"]


def test_stop_asks_the_program_to_end(chub: Command, image: str) -> None:
    """It gets SIGTERM; its exit code is that of its foreground run, and can be seen afterwards."""
    with running(chub, image, "web") as run:
        assert chub.ok("stop", "web") == "web\n"
        assert state(chub, "web") == ("exited", 3)
        assert run.wait(timeout=30) == 3
        assert state(chub, "web") == ("exited", 3)
        assert "Exited (3)" in chub.ok("ps", "-a")


def test_stop_kills_what_does_not_obey(chub: Command, image: str) -> None:
    """After -t seconds: 137."""
    with running(chub, image, "deaf", DEAF) as run:
        assert chub.ok("stop", "-t", "1", "deaf") == "deaf\n"
        assert run.wait(timeout=30) == 137
        assert state(chub, "deaf") == ("exited", 137)


def test_stop_with_another_signal(chub: Command, image: str) -> None:
    """-s replaces the first signal; one that there is not stops nothing."""
    with running(chub, image, "web") as run:
        wrong = chub("container", "stop", "-s", "BOGUS", "web")
        assert wrong.exit_status == 1
        assert "invalid signal: BOGUS" in wrong.stderr
        assert chub.ok("stop", "-s", "sigint", "--time", "60", "web") == "web\n"
        assert run.wait(timeout=30) == 4


def test_stop_with_the_stop_signal_of_the_image(chub: Command, services: Services, image: str) -> None:
    """It is kept with the container, so the image may be another one by then, and not shown among its labels."""
    name = "docker.io/library/polite:latest"
    base = resolve(services, image).documents
    with leased(services, "test") as under:
        wanted = config.build(replace(base.config, stop_signal="SIGINT"))
        described = put(under, wanted, media_type=manifests.CONFIG, labels={})
        manifest = replace(
            base.manifest, config=replace(base.manifest.config, digest=described.digest, size=described.size)
        )
        kept = {
            f"containerd.io/gc.ref.content.{place}": each.digest
            for place, each in enumerate((manifest.config, *manifest.layers))
        }
        target = put(under, manifests.build(manifest), media_type=manifests.MANIFEST, labels=kept)
        set_image(under, name, target)
    with running(chub, "polite", "web") as run:
        services.images.delete(name)
        assert json.loads(chub.ok("inspect", "web"))[0]["Config"]["Labels"] == {}
        chub.ok("stop", "web")
        assert run.wait(timeout=30) == 4


def test_stop_of_what_has_ended(chub: Command, image: str) -> None:
    """That is fine; a name that there is not is said, the other is printed, and the status is 1."""
    chub.ok("run", "--name", "done", image, "true")

    assert chub.ok("stop", "done") == "done\n"
    ended = chub("stop", "nosuch", "done")
    assert (ended.exit_status, ended.stdout) == (1, "done\n")
    assert "No such container: nosuch" in ended.stderr
    chub.ok("rm", "done")


def test_several_are_stopped_at_once(chub: Command, image: str, client: Client) -> None:
    """Each of three deaf programs has its own two seconds, and they run at the same time."""
    import time

    with running(chub, image, "a1", DEAF), running(chub, image, "a2", DEAF), running(chub, image, "a3", DEAF):
        begin = time.monotonic()
        assert chub.ok("stop", "-t", "2", "a1", "a2", "a3") == "a1\na2\na3\n"
        assert time.monotonic() - begin < 5.5
        assert {each.exit_code for each in client.containers.list(all=True)} == {137}


def test_a_stopped_run_that_is_removed_leaves_nothing(chub: Command, image: str) -> None:
    """With --rm its foreground run still tidies up."""
    with running(chub, image, "web", OBEDIENT, "--rm") as run:
        chub.ok("stop", "web")
        assert run.wait(timeout=30) == 3
        assert chub.ok("ps", "-aq") == ""


def test_the_ending_of_a_container_nobody_watches(chub: Command, image: str) -> None:
    """Its foreground client was killed; who stops it later still sees the exit code, and can remove it."""
    with running(chub, image, "web") as run:
        run.kill()
        run.wait(timeout=30)
        chub.ok("stop", "web")
        assert state(chub, "web") == ("exited", 3)
        assert chub.ok("wait", "web") == "3\n"
        assert chub.ok("rm", "web") == "web\n"
    assert chub.ok("ps", "-aq") == ""


def test_kill(chub: Command, image: str) -> None:
    """SIGKILL unless asked otherwise; when it returns the container has ended."""
    with running(chub, image, "web") as run:
        assert chub.ok("kill", "web") == "web\n"
        assert state(chub, "web") == ("exited", 137)
        assert run.wait(timeout=30) == 137

        again = chub("container", "kill", "web")
        assert again.exit_status == 1
        assert "cannot kill container: web: container " in again.stderr
        assert " is not running" in again.stderr


def test_kill_with_a_signal(chub: Command, image: str) -> None:
    """Any of docker's spellings; what is no signal does nothing."""
    with running(chub, image, "web") as run:
        for wrong in ("BOGUS", "0"):
            ended = chub("kill", "-s", wrong, "web")
            assert ended.exit_status == 1
            assert f"invalid signal: {wrong}" in ended.stderr
        assert chub.ok("kill", "--signal", "INT", "web") == "web\n"
        assert run.wait(timeout=30) == 4


def test_wait(chub: Command, image: str) -> None:
    """It prints the exit code when the container ends, and at once of one that has ended."""
    with running(chub, image, "web"):
        with chub.start("wait", "web", "web", stdout=subprocess.PIPE) as waiting:
            with pytest.raises(subprocess.TimeoutExpired):
                waiting.wait(timeout=0.5)
            chub.ok("kill", "-s", "TERM", "web")
            output, _ = waiting.communicate(timeout=30)
            assert (waiting.returncode, output) == (0, b"3\n3\n")
        assert chub.ok("container", "wait", "web") == "3\n"

    ended = chub("wait", "nosuch")
    assert (ended.exit_status, ended.stdout) == (1, "")
    assert "No such container: nosuch" in ended.stderr


@pytest.mark.nightly
def test_wait_for_what_removes_itself(chub: Command, image: str) -> None:
    """The one that waits gets the exit code although nothing is left, every time."""
    for _ in range(5):
        with (
            running(chub, image, "web", OBEDIENT, "--rm"),
            chub.start("wait", "web", stdout=subprocess.PIPE, stderr=subprocess.PIPE) as waiting,
        ):
            with pytest.raises(subprocess.TimeoutExpired):
                waiting.wait(timeout=0.5)
            chub.ok("kill", "-s", "TERM", "web")
            output, said = waiting.communicate(timeout=30)
            assert (output, said) == (b"3\n", b"")


def test_wait_for_what_could_not_start(chub: Command, image: str) -> None:
    """It has an exit code all the same."""
    chub("run", "--name", "broken", image, "nosuch")

    assert chub.ok("wait", "broken") == "127\n"
    chub.ok("rm", "broken")


def test_pause_and_unpause(chub: Command, image: str) -> None:
    """It is shown as paused, does nothing meanwhile, and goes on; a second time is an error in docker's words."""
    with running(chub, image, "web", "trap 'exit 6' USR1; echo ready; while :; do sleep 0.1; done") as run:
        assert chub.ok("pause", "web") == "web\n"
        assert "(Paused)" in chub.ok("ps")
        assert state(chub, "web")[0] == "paused"
        twice = chub("pause", "web")
        assert (twice.exit_status, twice.stdout) == (1, "")
        assert " is already paused" in twice.stderr

        assert chub.ok("container", "unpause", "web") == "web\n"
        assert state(chub, "web")[0] == "running"
        chub.ok("pause", "web")
        chub.ok("kill", "-s", "USR1", "web")
        assert run.wait(timeout=30) == 6  # docker, too, lets it go on for a signal

        for command, words in {"pause": " is not running", "unpause": " is not paused"}.items():
            ended = chub(command, "web")
            assert ended.exit_status == 1
            assert words in ended.stderr


@pytest.mark.parametrize(("words", "status"), [(("stop",), 3), (("kill",), 137), (("rm", "-f"), 137)])
def test_the_end_of_a_paused_container(chub: Command, image: str, words: tuple[str, ...], status: int) -> None:
    """It goes on to get its signal."""
    with running(chub, image, "web") as run:
        chub.ok("pause", "web")
        assert chub.ok(*words, "web") == "web\n"
        assert run.wait(timeout=30) == status


def test_containers_of_ctr(chub: Command, others: str) -> None:
    """They are paused, stopped and waited for as chub's own."""
    chub.ok("pause", others)
    assert state(chub, others)[0] == "paused"
    chub.ok("unpause", others)
    wait_until(lambda: chub.ok("kill", "-s", "URG", others), 20, "a signal to be taken")
    assert chub.ok("stop", "-t", "5", others) == f"{others}\n"
    assert state(chub, others)[0] == "exited"
    assert chub.ok("wait", others) in ("3\n", "143\n", "137\n")


def test_wait_for_what_ctr_ran_and_forgot(chub: Command, engine: Engine, namespace: str, others: str) -> None:
    """Its task is deleted, and with it the exit code: that is said, where 0 would be a guess."""
    engine.ctr("task", "delete", "--force", others, namespace=namespace)

    ended = chub("wait", others)
    assert (ended.exit_status, ended.stdout) == (1, "")
    assert f"the exit code of container {others} is not known" in ended.stderr


def test_wait_for_what_never_ran(chub: Command, image: str) -> None:
    """0 for one of chub's, as docker."""
    chub.ok("create", "--name", "new", image, "true")

    assert chub.ok("wait", "new") == "0\n"
    chub.ok("rm", "new")


def test_rename(chub: Command, image: str, client: Client) -> None:
    """The new name is shown, found, and taken; the old one is free again. It runs on meanwhile."""
    chub.ok("run", "--name", "other", image, "true")
    with running(chub, image, "web", OBEDIENT, "--label", "a=b") as run:
        assert chub.ok("rename", "web", "shop") == ""
        about = json.loads(chub.ok("inspect", "shop"))[0]
        assert (about["Name"], about["Config"]["Labels"]) == ("/shop", {"a": "b"})
        assert "No such container: web" in chub("stop", "web").stderr
        assert chub.ok("run", "--rm", "--name", "web", image, "echo", "free") == "free\n"

        for wrong, words in {
            "shop": "Renaming a container with the same name as its current name",
            "/other": 'Error when allocating new name: Conflict. The container name "/other" is already in use by',
            "x": "only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed",
            "": "Neither old nor new names may be empty",
        }.items():
            ended = chub("container", "rename", "shop", wrong)
            assert ended.exit_status == 1
            assert words in ended.stderr
        chub.ok("stop", "shop")
        assert run.wait(timeout=30) == 3
        assert client.containers.get("shop").exit_code == 3
        chub.ok("rename", "shop", "web")
    chub.ok("rm", "other")


def test_two_that_want_one_name(chub: Command, image: str) -> None:
    """Of four containers that are renamed at once, one gets it."""
    names = ["a1", "a2", "a3", "a4"]
    for name in names:
        chub.ok("run", "--name", name, image, "true")
    started = [chub.start("rename", name, "best", stderr=subprocess.PIPE) for name in names]
    outcomes = sorted((each.communicate(timeout=60), each.returncode)[1] for each in started)
    chub.ok("rm", *chub.ok("ps", "-aq").split())

    assert outcomes == [0, 1, 1, 1]


def test_top(chub: Command, image: str) -> None:
    """Docker's columns, or those that ps is asked for; only the container's processes."""
    with running(chub, image, "web", "sleep 1000 & echo ready; wait"):
        heading, *lines = chub.ok("top", "web").splitlines()
        assert heading.split() == ["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"]
        assert len(lines) == 2
        assert [line[heading.index("CMD") :] for line in lines] == ["sh -c sleep 1000 & echo ready; wait", "sleep 1000"]

        assert chub.ok("container", "top", "web", "-o", "args,pid,user").split("\n")[0].split() == [
            "COMMAND",
            "PID",
            "USER",
        ]
        assert len(chub.ok("top", "web", "axf").splitlines()) == 3
        for words, said in {
            ("-o", "args"): "Couldn't find PID field in ps output",
            ("--bogus",): "ps: error: unknown gnu long option",
            ("-eo", "args=,ppid=PID,pid=x"): 'specifying "args=,ppid=PID,pid=x" is not allowed',
        }.items():
            ended = chub("top", "web", *words)
            assert (ended.exit_status, ended.stdout) == (1, "")
            assert said in ended.stderr
    chub.ok("run", "--name", "done", image, "true")
    assert " is not running" in chub("top", "done").stderr
    chub.ok("rm", "done")


def test_prune(chub: Command, image: str, others: str) -> None:
    """What does not run goes, and is told; what runs stays. Only a yes, or -f, does it."""
    chub.ok("run", "--name", "kept", "--label", "keep", image, "true")
    chub.ok("run", "--name", "done", image, "true")
    done = json.loads(chub.ok("inspect", "done"))[0]["Id"]

    for answer in ("", "n\n"):
        declined = chub("container", "prune", input=answer)
        assert (declined.exit_status, "[y/N] " in declined.stdout) == (0, True)
    with Terminal(chub, "container", "prune") as terminal:
        terminal.until("Their files and output will be lost: done, kept")
        terminal.type("n\r")
        assert terminal.process.wait(20) == 0
    for wrong in ("bogus=1", "until=bogus"):
        assert chub("container", "prune", "-f", "--filter", wrong).exit_status == 1
    assert chub("container", "prune", "-f", "--filter", "bogus").exit_status == 125
    assert "Deleted" not in chub.ok("container", "prune", "-f", "--filter", "until=24h")
    assert len(chub.ok("ps", "-aq").split()) == 3

    said = chub.ok("container", "prune", "--filter", "label!=keep", input="y\n")
    assert f"Deleted Containers:\n{done}\n\nTotal reclaimed space: " in said
    assert others in chub.ok("ps", "-q", "--no-trunc")
    assert "kept" in chub.ok("ps", "-a")
    assert "Deleted Containers:" in chub.ok("container", "prune", "--force", "--filter", "label=keep")
    assert len(chub.ok("ps", "-aq").split()) == 1


def test_the_sdk(client: Client, chub: Command, image: str) -> None:
    """The same by Python: signals by name or number, and errors by class."""
    with running(chub, image, "web"):
        web = client.containers.get("web")
        with pytest.raises(Invalid, match="invalid signal"):
            web.kill("BOGUS")
        with pytest.raises(TimedOut):
            web.wait(timeout=0.1)
        web.pause()
        with pytest.raises(Conflict):
            web.pause()
        web.unpause()
        web.kill(2)
        assert web.wait(timeout=30) == 4
        web.stop()
        with pytest.raises(Conflict):
            web.kill()
    with pytest.raises(NotFound):
        web.wait()
