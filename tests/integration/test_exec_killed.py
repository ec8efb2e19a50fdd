"""Clients of `exec` that are killed: as with docker, the program goes on and its output is dropped; nothing is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chub.api.services import Services
from chub.errors import NotFound
from tests.integration.test_exec import PATIENCE, web
from tests.support.command import Command
from tests.support.engines import Engine
from tests.support.keepers import keepers, kill
from tests.support.terminal import Terminal
from tests.support.waiting import wait_until

__all__ = ["web"]
MUCH = "head -c 4000000 /dev/zero"  # more than all pipes on the way hold


class Executions:
    """What a test's clients execute, as it is seen from outside."""

    def __init__(self, services: Services, state: Path) -> None:
        self._services = services
        self._state = state

    def ids(self) -> set[str]:
        """Those that a client or the keeper looks after."""
        return {path.name for path in self._state.glob("*/*/executed/*")}

    def end(self, *ids: str) -> None:
        """Wait until nothing is left of them."""
        wait_until(lambda: all(map(self._gone, ids)), PATIENCE, "their deletion")

    def _gone(self, id: str) -> bool:
        """Whether nothing is left of one: in the shim, of its FIFOs, of the keeper's note."""
        if id in self.ids() or list(self._state.glob(f"*/*/keeper/*/*{id}*")):
            return False
        (container,) = self._services.containers.list()
        with pytest.raises(NotFound):
            self._services.tasks.get(container.id, id)
        return True


@pytest.fixture
def executions(services: Services, roots: tuple[Path, Path]) -> Executions:
    """What the test's clients execute."""
    return Executions(services, roots[1])


@contextmanager
def killed(chub: Command, *words: str, streams: int = subprocess.PIPE) -> Iterator[subprocess.Popen[bytes]]:
    """A client, for what is to happen before it is killed."""
    with chub.start(*words, stdin=streams, stdout=streams, stderr=streams) as client:
        yield client
        client.kill()


def written(chub: Command, name: str) -> Callable[[], bool]:
    """Whether a program in `web` has got as far as to make /tmp/NAME."""
    return lambda: chub("exec", "web", "test", "-e", f"/tmp/{name}").exit_status == 0


def test_a_client_that_is_killed(chub: Command, web: str, executions: Executions) -> None:
    """The program writes on to its end, and with -i it reads the end of its input."""
    ids: set[str] = set()
    for name, flags, waiting in (("plain", (), "sleep 0.3"), ("stdin", ("-i",), "cat")):
        script = f"echo ready; {waiting}; {MUCH}; touch /tmp/{name}"
        before = executions.ids()
        with killed(chub, "exec", *flags, web, "sh", "-c", script) as client:
            assert client.stdout is not None
            assert client.stdout.readline() == b"ready\n"
            ids |= executions.ids() - before

    wait_until(lambda: written(chub, "plain")() and written(chub, "stdin")(), PATIENCE, "the programs' ends")
    executions.end(*ids)


def test_a_client_with_a_terminal_that_is_killed(chub: Command, web: str, executions: Executions) -> None:
    """The program's terminal stays: it waits for keys as before, and is deleted when it has ended."""
    script = f"echo ready; {MUCH}; touch /tmp/done; read line; touch /tmp/hung-up"
    with Terminal(chub, "exec", "-it", web, "sh", "-c", script) as terminal:
        terminal.until("ready")
        (id,) = executions.ids()
        terminal.process.kill()
        terminal.wait()
    wait_until(written(chub, "done"), PATIENCE, "its output's end")
    assert id in executions.ids()
    assert not written(chub, "hung-up")()

    chub.ok("exec", web, "killall", "-9", "sh")
    executions.end(id)


KILLED_BEFORE = """
import os, signal, sys
import chub
from chub.api.tasks import Tasks

method, web = sys.argv[1:]
container = chub.Client().containers.get(web)
setattr(Tasks, method, lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))
container.exec(["true"], input=b"text")
"""


def test_a_client_that_is_killed_at_a_call(chub: Command, web: str, executions: Executions) -> None:
    """Before the program is set up, before it is started, and before it is deleted."""
    clients = [
        subprocess.Popen([sys.executable, "-c", KILLED_BEFORE, method, web], env=dict(os.environ) | dict(chub.env))
        for method in ("exec", "start", "delete_process")
    ]
    ids: set[str] = set()
    while any(client.poll() is None for client in clients):
        ids |= executions.ids()

    assert [client.wait() for client in clients] == [-signal.SIGKILL] * len(clients)
    executions.end(*ids)
    assert not executions.ids()


def test_client_and_keeper_are_killed(
    chub: Command, web: str, executions: Executions, roots: tuple[Path, Path]
) -> None:
    """The doctor says so, and whatever command comes next starts a keeper that looks after the program."""
    with killed(chub, "exec", web, "sh", "-c", f"echo ready; sleep 1; {MUCH}; touch /tmp/done") as client:
        assert client.stdout is not None
        assert client.stdout.readline() == b"ready\n"
        (id,) = executions.ids()
        kill(roots, keepers(roots))
    assert "1 containers and 1 executed programs wait for it" in " ".join(chub("system", "doctor").stdout.split())

    wait_until(written(chub, "done"), PATIENCE, "the program's end")
    executions.end(id)


def test_a_keeper_that_is_killed_leaves_a_client_alone(
    chub: Command, web: str, executions: Executions, roots: tuple[Path, Path]
) -> None:
    """The next one does not read what the client reads."""
    with chub.start("exec", "-i", web, "sh", "-c", f"echo ready; read line; {MUCH}", stdin=-1, stdout=-1) as client:
        assert client.stdin is not None
        assert client.stdout is not None
        assert client.stdout.readline() == b"ready\n"
        kill(roots, keepers(roots))
        chub.ok("ps")
        assert keepers(roots)
        assert len(client.communicate(b"go on\n")[0]) == 4_000_000
    assert client.returncode == 0
    assert not executions.ids()


def test_in_a_container_of_another_client(
    chub: Command, engine: Engine, image: str, namespace: str, executions: Executions
) -> None:
    """Ctr's, for which no keeper runs yet."""
    engine.ctr("run", "-d", "docker.io/library/busybox:latest", "web", "sleep", "1000", namespace=namespace)
    with killed(chub, "exec", "-i", "web", "sh", "-c", f"echo ready; cat; {MUCH}; touch /done") as client:
        assert client.stdout is not None
        assert client.stdout.readline() == b"ready\n"
        (id,) = executions.ids()

    wait_until(lambda: chub("exec", "web", "test", "-e", "/done").exit_status == 0, PATIENCE, "the program's end")
    executions.end(id)
    chub.ok("rm", "-f", "web")
