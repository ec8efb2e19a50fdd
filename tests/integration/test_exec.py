"""`chub exec`: another program in a container that runs."""

from __future__ import annotations

import hashlib
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import chub as sdk
from tests.integration.test_attach import LEAVE, attending
from tests.support.command import Command
from tests.support.engines import Engine
from tests.support.terminal import Terminal
from tests.support.waiting import wait_until

PATIENCE = 20.0  # seconds


@pytest.fixture
def web(chub: Command, image: str) -> Iterator[str]:
    """The name of a container that runs."""
    chub.ok("run", "-d", "--name", "web", "-e", "A=first", image, "sleep", "1000")
    yield "web"
    chub.ok("rm", "-f", "web")


def processes(chub: Command, web: str) -> str:
    """The command lines of what runs in a container."""
    return chub.ok("top", web, "-o", "pid,args")


def test_streams_and_status(chub: Command, web: str) -> None:
    """Both streams apart, and the program's exit status; nothing of it is in the logs."""
    done = chub("exec", web, "sh", "-c", "echo out; echo err >&2; exit 42")

    assert (done.exit_status, done.stdout, done.stderr) == (42, "out\n", "err\n")
    assert chub.ok("logs", web) == ""
    assert chub("exec", web, "sh", "-c", "kill -9 $$").exit_status == 137


def test_how_it_differs_from_the_first_process(chub: Command, web: str) -> None:
    """Variables, directory and user, by name as the container knows it now; flags after its name are the program's."""
    assert chub.ok("exec", web, "sh", "-c", "echo $A $PWD $(id -u)") == "first / 0\n"
    shown = chub.ok(
        "exec", "-e", "A=second", "-e", "B=b c", "-w", "/tmp", "-u", "5:7", web, "sh", "-c", "echo $A $B $PWD"
    )
    assert shown == "second b c /tmp\n"
    chub.ok("exec", web, "sh", "-c", "echo new:x:77:88::/:/bin/sh >> /etc/passwd")
    assert chub.ok("exec", "-u", "new", web, "id").startswith("uid=77(new) gid=88")
    assert chub.ok("exec", web, "echo", "-n", "-u") == "-u"


def test_an_env_file(chub: Command, web: str, tmp_path: object) -> None:
    """Its variables come before those of -e."""
    path = f"{tmp_path}/env"
    with open(path, "w") as file:
        file.write("A=file\nC=file\n")
    assert chub.ok("exec", "--env-file", path, "-e", "A=flag", web, "sh", "-c", "echo $A $C") == "flag file\n"


def test_capabilities(chub: Command, web: str) -> None:
    """The container's; all of the host's with --privileged."""
    script = "grep CapEff /proc/self/status"
    few, all = (chub.ok("exec", *flags, web, "sh", "-c", script).split()[1] for flags in ((), ("--privileged",)))

    assert int(few, 16) == 0xA80425FB
    assert int(all, 16) & int(few, 16) == int(few, 16) != int(all, 16)


def test_input_of_a_hundred_megabytes(chub: Command, web: str) -> None:
    """It all arrives, in order, and its end does."""
    data = bytes(range(256)) * 400_000
    assert chub.ok("exec", "-i", web, "md5sum", input=data).split()[0] == hashlib.md5(data).hexdigest()
    assert chub.ok("exec", web, "cat", input="text") == ""


def test_output_of_a_hundred_megabytes(chub: Command, web: str) -> None:
    """A slow reader slows the program, and gets all of it."""
    with chub.start("exec", web, "head", "-c", "100000000", "/dev/zero", stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert len(running.stdout.read()) == 100_000_000
    assert running.returncode == 0


def test_programs_that_cannot_be_executed(chub: Command, web: str) -> None:
    """126 and 127, said on stdout; 1 on stderr when nobody waits for the status, or for a user there is not."""
    for words, status, why in (
        (("nosuch",), 127, "executable file not found"),
        (("/etc",), 126, "permission denied"),
        (("-w", "/nodir", "true"), 127, "no such file or directory"),
    ):
        flags = words[:-1]
        refused = chub("exec", *flags, web, words[-1])
        assert (refused.exit_status, refused.stderr) == (status, "")
        assert why in refused.stdout
    detached = chub("exec", "-d", web, "nosuch")
    assert (detached.exit_status, detached.stdout) == (1, "")
    assert "executable file not found" in detached.stderr
    nobody = chub("exec", "-u", "nosuch", web, "true")
    assert (nobody.exit_status, nobody.stdout) == (1, "")
    assert "unable to find user nosuch" in nobody.stderr


def test_containers_in_which_nothing_can_be_executed(chub: Command, image: str) -> None:
    """In docker's words."""
    chub.ok("run", "-d", "--name", "web", image, "sleep", "1000")
    chub.ok("pause", "web")
    assert "Container web is paused, unpause the container before exec" in chub("exec", "web", "true").stderr
    chub.ok("unpause", "web")
    chub.ok("kill", "web")
    stopped = chub("exec", "web", "true")
    assert stopped.exit_status == 1
    assert "is not running" in stopped.stderr
    chub.ok("rm", "web")


@pytest.mark.parametrize("words", [("kill", "web"), ("rm", "-f", "web")], ids=["kill", "rm"])
def test_a_container_that_ends_meanwhile(chub: Command, image: str, words: tuple[str, ...]) -> None:
    """Kills the program, as all in it: 137, and its output so far is there."""
    chub.ok("run", "-d", "--rm", "--name", "web", image, "sleep", "1000")
    with chub.start("exec", "web", "sh", "-c", "echo hi; exec sleep 1000", stdout=-1, stderr=-1) as client:
        assert client.stdout is not None
        assert client.stdout.readline() == b"hi\n"
        chub.ok(*words)
        assert client.communicate(timeout=PATIENCE) == (b"", b"")
    assert client.returncode == 137
    wait_until(lambda: chub.ok("ps", "-aq") == "", PATIENCE, "the removal")


def test_a_detached_program(chub: Command, client: sdk.Client, web: str, roots: tuple[Path, Path]) -> None:
    """It goes on by itself, writes as much as it likes to nobody, and is deleted when it has ended."""
    assert chub.ok("exec", "-d", web, "sh", "-c", "head -c 10000000 /dev/zero; echo done > /tmp/done; sleep 900") == ""

    wait_until(lambda: chub("exec", web, "cat", "/tmp/done").stdout == "done\n", PATIENCE, "the end of its output")
    assert "sleep 900" in processes(chub, web)
    tasks, container = client.services.tasks, client.containers.get(web).id
    (id,) = (path.name for path in roots[1].glob("*/*/executed/*"))
    assert tasks.get(container, id).status == "running"
    chub.ok("exec", web, "killall", "-9", "sleep")

    def deleted() -> bool:
        try:
            tasks.get(container, id)
        except sdk.NotFound:
            return True
        return False

    wait_until(deleted, PATIENCE, "its deletion")


def test_what_it_leaves_behind_is_not_waited_for(chub: Command, web: str) -> None:
    """A program in the background that has its output open holds nobody up for long, and goes on."""
    assert chub.ok("exec", web, "sh", "-c", "sleep 900 & echo hi", timeout=15) == "hi\n"
    assert "sleep 900" in processes(chub, web)


def test_signals_reach_the_program(chub: Command, web: str) -> None:
    """And no other; its exit status is ours."""
    script = "trap 'echo got it; exit 5' TERM; echo ready; while :; do sleep 0.05; done"
    with chub.start("exec", web, "sh", "-c", script, stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"ready\n"
        attending(running)
        running.send_signal(signal.SIGTERM)
        assert running.stdout.read() == b"got it\n"
    assert running.returncode == 5


def test_a_terminal(chub: Command, web: str) -> None:
    """Size, resizing, ^C, TERM and the exit status."""
    with Terminal(chub, "exec", "-it", web, "sh", columns=91, rows=23) as terminal:
        terminal.until("# ")
        terminal.type("stty size; echo $TERM\r")
        terminal.until("23 91")
        terminal.until("xterm")
        terminal.resize(101, 33)
        terminal.process.send_signal(signal.SIGWINCH)

        def resized() -> bool:
            terminal.type("stty size\r")
            return "33 101" in terminal.until("# ")

        wait_until(resized, PATIENCE, "the new size")
        terminal.type("sleep 100; echo status $?\r")
        wait_until(lambda: "sleep 100\n" in processes(chub, web), PATIENCE, "the program")
        terminal.type("\x03")
        terminal.until("# ")
        terminal.type("exit 7\r")
        assert terminal.wait() == 7
        assert terminal.before == terminal.modes


def test_leaving_by_keys(chub: Command, web: str) -> None:
    """The program goes on; exec ends with 1 and says why."""
    with Terminal(chub, "exec", "-it", web, "sh", "-c", "echo ready; sleep 500") as terminal:
        terminal.until("ready")
        terminal.type(LEAVE)
        terminal.until("read escape sequence")
        assert terminal.wait() == 1
    assert "sleep 500" in processes(chub, web)
    assert "Invalid escape keys (zz) provided" in chub("exec", "--detach-keys", "zz", web, "true").stderr


def test_no_terminal_where_input_is_none(chub: Command, web: str) -> None:
    """-t with a pipe as input is refused."""
    refused = chub("exec", "-it", web, "true")
    assert refused.exit_status == 1
    assert "the input device is not a TTY" in refused.stderr


def test_in_a_container_of_another_client(chub: Command, engine: Engine, image: str, namespace: str) -> None:
    """Ctr's container, by its id."""
    name = "docker.io/library/busybox:latest"
    engine.ctr("run", "-d", name, "theirs", "sleep", "1000", namespace=namespace)
    assert chub.ok("exec", "theirs", "echo", "hi") == "hi\n"
    chub.ok("rm", "-f", "theirs")


def test_the_sdk(client: sdk.Client, web: str) -> None:
    """A result with streams and status."""
    container = client.containers.get(web)
    done = container.exec(["sh", "-c", "cat; echo err >&2; exit 3"], input=b"text", env=["B=b"])

    assert (done.exit_code, done.stdout, done.stderr, done.text) == (3, b"text", b"err\n", "text")
    terminal = container.exec(["sh", "-c", "tty; echo err >&2"], tty=True)
    assert (terminal.stdout, terminal.stderr) == (b"/dev/pts/0\r\nerr\r\n", b"")
    with pytest.raises(sdk.ProgramFailed, match="exit code 3: err"):
        done.check()
    with pytest.raises(sdk.ProgramNotFound):
        container.exec(["nosuch"])


def test_forty_at_once(client: sdk.Client, web: str) -> None:
    """Each gets its own output, and nothing is left of any."""
    from concurrent.futures import ThreadPoolExecutor

    container = client.containers.get(web)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda number: container.exec(["echo", str(number)]).text, range(40)))
    assert found == [f"{number}\n" for number in range(40)]
