"""`attach`, `start -a -i`, leaving by keys, and what becomes of a container whose client goes."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

from tests.integration.test_detached import PATIENCE, ended
from tests.support.command import Command
from tests.support.engines import Engine
from tests.support.keepers import keepers, kill
from tests.support.terminal import Terminal
from tests.support.waiting import wait_until

ON_USR1 = "trap 'echo last; exit 5' USR1; echo ready; while :; do sleep 0.05; done"
LEAVE = "\x10\x11"  # ctrl-p ctrl-q


def logged(chub: Command, name: str, text: str) -> None:
    """Wait until a container has written something."""
    wait_until(lambda: text in chub.ok("logs", name), PATIENCE, f"{text!r} from {name}")


def attending(client: subprocess.Popen[bytes]) -> None:
    """Wait until a client passes signals on: it has a handler for them (proc(5), SigCgt)."""

    def catches() -> bool:
        status = Path(f"/proc/{client.pid}/status").read_text()
        caught = next(line.split()[1] for line in status.splitlines() if line.startswith("SigCgt"))
        return bool(int(caught, 16) & 1 << signal.SIGUSR1 - 1)

    wait_until(catches, PATIENCE, "signals to be passed on")


def gone(chub: Command) -> None:
    """Wait until no container is left."""
    wait_until(lambda: chub.ok("ps", "-aq") == "", PATIENCE, "the removal")


def test_attaching_shows_what_comes_and_ends_with_the_container(chub: Command, image: str) -> None:
    """Several look on at once, each gets all that is new and the exit status; signals reach the program."""
    chub.ok("run", "-d", "--name", "web", image, "sh", "-c", ON_USR1)
    logged(chub, "web", "ready")
    with (
        chub.start("attach", "web", stdout=subprocess.PIPE) as one,
        chub.start("attach", "--no-stdin", "web", stdout=subprocess.PIPE) as two,
    ):
        for each in (one, two):
            attending(each)
        two.send_signal(signal.SIGUSR1)
        assert [one.communicate()[0], two.communicate()[0]] == [b"last\n", b"last\n"]
    assert (one.returncode, two.returncode) == (5, 5)
    assert chub.ok("logs", "web") == "ready\nlast\n"
    chub.ok("rm", "web")


def test_signals_can_be_kept_here(chub: Command, image: str) -> None:
    """With --sig-proxy=false one does nothing, neither there nor here."""
    with chub.start(
        "run", "--rm", "--name", "web", "--sig-proxy=false", image, "sh", "-c", ON_USR1, stdout=subprocess.PIPE
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"ready\n"
        running.send_signal(signal.SIGUSR1)
        running.send_signal(signal.SIGINT)
        chub.ok("kill", "-s", "USR1", "web")
        assert running.stdout.read() == b"last\n"
    assert running.returncode == 5


@pytest.mark.parametrize("came", [signal.SIGHUP, signal.SIGTERM], ids=["the terminal goes", "somebody insists"])
def test_a_client_that_passes_no_signals_on_can_be_ended(chub: Command, image: str, came: signal.Signals) -> None:
    """SIGHUP ends it at once, SIGTERM when it comes again and again; the container goes on."""
    with chub.start(
        "run", "--name", "web", "--sig-proxy=false", image, "sh", "-c", ON_USR1, stdout=subprocess.PIPE
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"ready\n"

        def insisting() -> bool:
            running.send_signal(came)
            return running.poll() is not None

        if came == signal.SIGHUP:
            running.send_signal(came)
        else:
            wait_until(insisting, PATIENCE, "its end")
        assert running.wait(PATIENCE) == -came
    assert chub.ok("ps", "--format", "{{.Names}}") == "web\n"
    chub.ok("rm", "-f", "web")


def test_a_terminal_that_is_closed(chub: Command, image: str) -> None:
    """The clients of `exec` and `attach` end; SIGTERM to that of `exec` leaves its terminal as it was."""
    chub.ok("run", "-dit", "--name", "web", image, "sh")
    for words in (["exec", "-it", "web", "sh"], ["attach", "web"]):
        with Terminal(chub, *words) as terminal:
            terminal.type("echo $((40 + 2))\n")
            terminal.until("42")
            terminal.process.send_signal(signal.SIGHUP)
            assert terminal.wait() == -signal.SIGHUP
            assert terminal.modes == terminal.before
    with Terminal(chub, "exec", "-it", "web", "sh") as terminal:
        terminal.type("echo $((40 + 2))\n")
        terminal.until("42")
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.wait() == -signal.SIGTERM
        assert terminal.modes == terminal.before
    assert chub.ok("ps", "--format", "{{.Names}}") == "web\n"
    chub.ok("rm", "-f", "web")


def test_a_slow_reader_holds_nobody_up(chub: Command, image: str) -> None:
    """One that reads nothing until the end gets all of it then."""
    script = "read x; for i in 1 2 3 4; do head -c 4194304 /dev/zero; done; echo done >&2"
    chub.ok("run", "-d", "-i", "--name", "web", image, "sh", "-c", script)
    with chub.start("attach", "--no-stdin", "web", stdout=subprocess.PIPE, stderr=subprocess.PIPE) as slow:
        attending(slow)
        assert len(chub("attach", "web", input="go\n").stdout) == 4 * 4194304
        assert ended(chub, "web").startswith("Exited (0)")
        assert slow.stdout is not None
        assert len(slow.stdout.read()) == 4 * 4194304
    assert slow.returncode == 0
    chub.ok("rm", "web")


def test_input_of_a_container_that_runs_by_itself(chub: Command, image: str) -> None:
    """`-i -d` keeps it open: an attached client's end is not the program's."""
    chub.ok("run", "-d", "-i", "--name", "web", image, "sh", "-c", "while read x; do echo got $x; done")
    with chub.start("attach", "web", stdin=subprocess.PIPE, stdout=subprocess.PIPE) as first:
        assert first.stdin is not None
        assert first.stdout is not None
        first.stdin.write(b"one\n")
        first.stdin.close()
        assert first.stdout.readline() == b"got one\n"
        first.kill()
    with chub.start("attach", "web", stdin=subprocess.PIPE, stdout=subprocess.PIPE) as second:
        assert second.stdin is not None
        assert second.stdout is not None
        second.stdin.write(b"two\n")
        second.stdin.flush()
        assert second.stdout.readline() == b"got two\n"
        chub.ok("rm", "-f", "web")
        assert second.wait(PATIENCE) == 137


def test_leaving_by_keys_and_coming_back(chub: Command, image: str) -> None:
    """`run` ends with 0 and `attach` with 1; the shell goes on, and the terminal is as it was."""
    with Terminal(chub, "run", "-it", "--name", "web", image, "sh") as terminal:
        terminal.until("# ")
        terminal.type("x=5" + LEAVE)
        assert terminal.wait() == 0
        assert terminal.before == terminal.modes
    assert chub.ok("ps", "--format", "{{.Names}}") == "web\n"

    with Terminal(chub, "attach", "--detach-keys", "ctrl-a,x", "web", columns=71, rows=17) as terminal:
        terminal.type("\rstty size; echo $x$x\r")
        terminal.until("17 71")
        terminal.until("55")
        terminal.type("\x01\x01x")
        terminal.until("read escape sequence")
        assert terminal.wait() == 1
    with Terminal(chub, "attach", "web") as terminal:
        terminal.type("exit 9\r")
        assert terminal.wait() == 9
    assert ended(chub, "web").startswith("Exited (9)")
    chub.ok("rm", "web")


def test_a_container_that_was_left_is_still_removed_at_its_end(chub: Command, image: str) -> None:
    """--rm is the keeper's to honour then."""
    with Terminal(chub, "run", "-it", "--rm", "--name", "web", image, "sh") as terminal:
        terminal.until("# ")
        terminal.type(LEAVE)
        assert terminal.wait() == 0
    chub.ok("kill", "web")
    gone(chub)


@pytest.mark.parametrize("options", [[], ["--rm"]], ids=["kept", "removed"])
def test_a_client_that_is_killed(chub: Command, image: str, options: list[str]) -> None:
    """The program goes on and its output is complete; its end is known, and --rm honoured."""
    script = "echo ready; read x; i=0; while [ $i -lt 50000 ]; do echo line $i; i=$((i+1)); done; echo end; exit 4"
    with chub.start(
        "run", "-i", "--name", "web", *options, image, "sh", "-c", script,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as running:  # fmt: skip
        assert running.stdout is not None
        assert running.stdout.readline() == b"ready\n"
        with chub.start("logs", "-f", "web", stdout=subprocess.PIPE) as following:
            assert following.stdout is not None
            assert following.stdout.readline() == b"ready\n"
            running.kill()  # the end of its client's life is the end of the program's input
            found = following.stdout.read()
    assert found == b"".join(b"line %d\n" % number for number in range(50000)) + b"end\n"
    if options:
        gone(chub)
    else:
        assert ended(chub, "web").startswith("Exited (4)")
        chub.ok("rm", "web")


def test_a_keeper_that_is_killed_under_a_client(chub: Command, image: str, roots: tuple[Path, Path]) -> None:
    """Nothing is lost on the way to the client, nor the exit status."""
    script = "i=0; while [ $i -lt 50000 ]; do echo line $i; i=$((i+1)); done; exit 4"
    with chub.start("run", "--rm", image, "sh", "-c", script, stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        found = running.stdout.readline()
        for all in (False, True, False, True):
            pids = wait_until(lambda: found if len(found := keepers(roots)) == 2 else [], PATIENCE, "two processes")
            kill(roots, pids if all else pids[:1])
            found += running.stdout.readline()
        found += running.stdout.read()
    assert found == b"".join(b"line %d\n" % number for number in range(50000))
    assert running.returncode == 4
    gone(chub)


def test_starting_at_its_streams(chub: Command, image: str) -> None:
    """-a is its output and its exit status, -i its input too; what it wrote before is not shown again."""
    chub.ok("create", "-i", "--name", "web", image, "sh", "-c", "echo begin; cat; echo err >&2; exit 6")
    for text in ("", "some\n"):
        started = chub("start", "-i", "web", input=text)
        assert (started.exit_status, started.stdout, started.stderr) == (6, f"begin\n{text}", "err\n")
    assert chub.ok("logs", "web") == "begin\nbegin\nsome\n"
    chub.ok("create", "--name", "other", image, "true")
    assert chub("start", "-a", "other").exit_status == 0
    two = chub("start", "-a", "web", "other")
    assert (two.exit_status, two.stdout) == (1, "")
    assert "you cannot start and attach multiple containers at once" in two.stderr
    chub.ok("rm", "web", "other")


def test_some_of_the_streams(chub: Command, image: str) -> None:
    """-a picks them; the others are kept all the same."""
    script = "cat; echo out; echo err >&2"
    only = chub("run", "--name", "web", "-a", "stdout", image, "sh", "-c", script)
    assert (only.exit_status, only.stdout, only.stderr) == (0, "out\n", "")
    logs = chub("logs", "web")
    assert (logs.stdout, logs.stderr) == ("out\n", "err\n")
    typed = chub("run", "--name", "typed", "-i", "-a", "stdin", image, "sh", "-c", script, input="text\n")
    assert len(typed.stdout.strip()) == 64
    assert chub.ok("logs", "typed") == "text\nout\n"
    wrong = chub("run", "-a", "stdoff", image, "true")
    assert wrong.exit_status == 125
    assert "valid streams are STDIN, STDOUT and STDERR" in wrong.stderr
    both = chub("run", "-d", "-a", "stdout", image, "true")
    assert both.exit_status == 1
    assert "conflicting options: cannot specify both --attach and --detach" in both.stderr
    chub.ok("rm", "web", "typed")


def test_output_that_is_not_kept(chub: Command, image: str) -> None:
    """It is shown, in full, and a slow reader slows the program; afterwards nobody has it."""
    script = "echo out; echo err >&2; head -c 10000000 /dev/zero; exit 3"
    shown = chub("run", "--name", "web", "--log-driver", "none", image, "sh", "-c", script)
    assert (shown.exit_status, len(shown.stdout), shown.stderr) == (3, 10000004, "err\n")
    refused = chub("logs", "web")
    assert refused.exit_status == 1
    assert "configured logging driver does not support reading" in refused.stderr
    chub.ok("rm", "web")


def test_a_client_is_killed_whose_output_is_not_kept(chub: Command, image: str) -> None:
    """The program does not hang for want of a reader."""
    script = "echo ready; read x; head -c 10000000 /dev/zero; exit 3"
    with chub.start(
        "run", "-i", "--name", "web", "--log-driver", "none", image, "sh", "-c", script,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as running:  # fmt: skip
        assert running.stdout is not None
        assert running.stdout.readline() == b"ready\n"
        running.kill()
    assert ended(chub, "web").startswith("Exited (3)")
    chub.ok("rm", "web")


def test_only_the_newest_output_is_kept(chub: Command, image: str, roots: tuple[Path, Path]) -> None:
    """--log-opt max-size and max-file bound what stays on disk; who looks on sees all of it."""
    script = "i=0; while [ $i -lt 40000 ]; do echo line $i; i=$((i+1)); done"
    limits = ["--log-opt", "max-size=20k", "--log-opt", "max-file=2"]
    shown = chub.ok("run", "--name", "web", *limits, image, "sh", "-c", script)
    assert shown == "".join(f"line {number}\n" for number in range(40000))
    kept = chub.ok("logs", "web")
    assert shown.endswith(kept)
    assert 16384 <= len(kept) <= 45056
    room = sum(file.stat().st_blocks * 512 for file in roots[0].rglob("log.*"))
    assert room < 120_000
    chub.ok("rm", "web")


def test_what_cannot_be_attached_to(chub: Command, engine: Engine, image: str, namespace: str) -> None:
    """In docker's words; another client's container is its own."""
    chub.ok("create", "--name", "web", image, "sleep", "100")
    stopped = chub("attach", "web")
    assert stopped.exit_status == 1
    assert "You cannot attach to a stopped container, start it first" in stopped.stderr
    chub.ok("start", "web")
    chub.ok("pause", "web")
    assert "You cannot attach to a paused container, unpause it first" in chub("attach", "web").stderr
    chub.ok("rm", "-f", "web")
    engine.ctr("container", "create", "docker.io/library/busybox:latest", "theirs", "true", namespace=namespace)
    theirs = chub("attach", "theirs")
    assert theirs.exit_status == 1
    assert "another client" in theirs.stderr
    engine.ctr("container", "rm", "theirs", namespace=namespace)
