"""A containerd that stops, hangs or lacks a program while `chub run` works with it."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.support import engines
from tests.support.command import Command
from tests.support.engines import Engine
from tests.support.waiting import wait_until

PATIENCE = 30.0  # seconds


@pytest.fixture(scope="module")
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A containerd that these tests alone may kill."""
    with engines.containerd(engines.chosen(request.config.getoption("--engine"))) as started:
        yield started


@contextmanager
def started(chub: Command, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """A run whose program has said "ready" and waits for a line of input."""
    script = "echo ready; read line; echo got $line; exit 7"
    pipe = subprocess.PIPE
    with chub.start("run", "-i", *words, "sh", "-c", script, stdin=pipe, stdout=pipe, stderr=pipe) as run:
        assert run.stdout is not None
        assert run.stderr is not None
        assert run.stdout.readline() == b"ready\n", run.stderr.read()
        yield run


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_a_run_goes_on_through_a_restart(chub: Command, image: str, engine: Engine, number: signal.Signals) -> None:
    """Input, output and the exit status arrive as if nothing had been."""
    with started(chub, "--rm", image) as run:
        engine.kill(number)
        engine.start()
        stdout, stderr = run.communicate(b"hello\n", timeout=PATIENCE)

    assert (stderr, stdout, run.returncode) == (b"", b"got hello\n", 7)
    assert chub.ok("ps", "-aq") == ""


def test_a_program_that_ends_while_containerd_is_away(chub: Command, image: str, engine: Engine) -> None:
    """Its output is complete; its status is true, or not known and said so: never an invented one."""
    with started(chub, "--rm", image) as run:
        assert run.stdin is not None
        assert run.stdout is not None
        engine.kill()
        run.stdin.write(b"hello\n")
        run.stdin.flush()
        assert run.stdout.readline() == b"got hello\n"
        engine.start()
        stdout, stderr = run.communicate(timeout=PATIENCE)

    assert stdout == b""
    if run.returncode != 7:
        assert run.returncode == 125
        assert b"its exit status with it" in stderr
    assert chub.ok("ps", "-aq") == ""


@pytest.mark.nightly
def test_a_containerd_that_does_not_come_back(chub: Command, image: str, engine: Engine) -> None:
    """After ten seconds the run ends, and says what may be left and how to remove it."""
    with started(chub, "--rm", "--name", "orphan", image) as run:
        engine.kill()
        before = time.monotonic()
        stdout, stderr = run.communicate(b"hello\n", timeout=PATIENCE)
        took = time.monotonic() - before
    engine.start()

    first, hint, *_ = stderr.decode().splitlines()
    assert (stdout, run.returncode) == (b"got hello\n", 125)
    assert first.startswith(f"chub: no containerd answers at {engine.address}")
    assert hint == "hint: container orphan may still be there: start the engine again, then chub rm -f orphan"
    assert took < 20
    assert chub.ok("rm", "-f", "orphan") == "orphan\n"
    assert chub.ok("ps", "-aq") == ""


def test_a_containerd_that_is_killed_before_the_program_starts(chub: Command, image: str, engine: Engine) -> None:
    """Stopped at its first call the run ends with an error, and nothing is left of it."""
    os.kill(engine.pid, signal.SIGSTOP)
    with chub.start("run", "--rm", image, "true", stderr=subprocess.PIPE) as run:
        wait_until(lambda: _connected(run.pid), PATIENCE, "a connection")
        engine.kill()
        assert run.stderr is not None
        said = run.stderr.read().decode()
        run.wait(PATIENCE)
    engine.start()

    assert run.returncode == 125
    assert said.startswith(f"chub: no containerd answers at {engine.address}")
    assert "Traceback" not in said
    assert chub.ok("ps", "-aq") == ""


def test_an_engine_without_runc(chub: Command, image: str, engine: Engine, tmp_path: Path) -> None:
    """It is said that runc is missing, and that the engine looks for it; a shim is found beside containerd."""
    engine.kill(signal.SIGTERM)
    engine.start(tmp_path)
    try:
        ended = chub("run", "--rm", image, "true")
    finally:
        engine.kill(signal.SIGTERM)
        engine.start()

    first, hint, *_ = ended.stderr.splitlines()
    assert ended.exit_status == 125
    assert first.startswith("chub: ")
    assert "the runtime runc cannot be started" in first
    assert hint.startswith("hint: install it where the engine looks for programs")
    assert chub.ok("ps", "-aq") == ""


def _connected(pid: int) -> bool:
    """Whether a command has its socket to the engine, the only one it opens."""
    with suppress(FileNotFoundError):
        return any(os.readlink(each).startswith("socket:") for each in Path(f"/proc/{pid}/fd").iterdir())
    return False


def test_a_detached_container_ends_while_containerd_is_away(chub: Command, image: str, engine: Engine) -> None:
    """The keeper has asked the shim: its exit status is known though containerd forgets it, and its output is whole."""
    script = "trap 'echo bye; exit 7' USR1; echo ready; while :; do sleep 0.05; done"
    chub.ok("run", "-d", "--name", "web", image, "sh", "-c", script)
    pid = int(chub.ok("inspect", "-f", "{{.State.Pid}}", "web"))
    wait_until(lambda: chub.ok("logs", "web") == "ready\n", PATIENCE, "its output")
    engine.kill()
    os.kill(pid, signal.SIGUSR1)
    wait_until(lambda: not Path(f"/proc/{pid}").exists(), PATIENCE, "its end")
    engine.start()

    def status() -> str:
        return chub.ok("ps", "-a", "--format", "{{.Status}}")

    assert wait_until(lambda: status() if "Exited" in status() else "", PATIENCE, "its status").startswith("Exited (7)")
    assert chub.ok("logs", "-f", "web") == "ready\nbye\n"
    chub.ok("rm", "-f", "web")
