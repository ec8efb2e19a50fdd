"""Who starts a container and who finishes it may come at once, or late: each does its part, and no other's."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import chub as sdk
from chub.core.turns import Turn
from chub.options.request import Identity, Request
from chub.output import protocol
from tests.support.keepers import keepers, kill
from tests.support.waiting import wait_until

PATIENCE = 20.0  # seconds
AT_ONCE = 8
WAITS = "trap 'exit 5' USR1; echo started; while :; do sleep 0.05; done"


@pytest.fixture
def web(client: sdk.Client, image: str) -> sdk.Container:
    """A container that waits for a signal; its program has set that up."""
    made = client.containers.launch(Request(image=image, words=("sh", "-c", WAITS), identity=Identity(name="web")))
    written(made, 1)
    return made


def written(web: sdk.Container, times: int) -> None:
    """Wait until its program has been started so many times."""
    wait_until(lambda: b"".join(each.data for each in web.output()) == b"started\n" * times, PATIENCE, "its output")


def noted(client: sdk.Client, web: sdk.Container) -> dict[str, Any]:
    """What the keeper knows of it; nothing when it has been finished."""
    return next(protocol.notes(str(client.workspace.state), web.id), {})


def finishers(web: sdk.Container) -> list[int]:
    """The processes that finish it, by pid."""
    words = ["pgrep", "-f", f"chub.core.finish import main.*{web.id}"]
    return [int(pid) for pid in subprocess.run(words, capture_output=True, text=True, check=False).stdout.split()]


def end(web: sdk.Container) -> None:
    """Have it end by itself."""
    os.kill(web.pid, signal.SIGUSR1)
    wait_until(lambda: not Path(f"/proc/{web.pid}").exists(), PATIENCE, "its end")


@pytest.mark.parametrize("seen", [True, pytest.param(False, marks=pytest.mark.nightly)], ids=["told", "untold"])
def test_a_finisher_that_comes_too_late(client: sdk.Client, web: sdk.Container, seen: bool) -> None:
    """What has been started again runs on, and what has ended again ended as it did."""
    note = noted(client, web)
    known = ["9", str(time.time_ns())] if seen else []
    late = [*note["finish"], str(note["pid"]), *known]
    web.stop(timeout=0)
    wait_until(lambda: not noted(client, web), PATIENCE, "its being finished")
    web.start()
    written(web, 2)
    pid = web.reload().pid

    subprocess.run(late, check=True, timeout=PATIENCE)
    assert (web.reload().state, web.pid) == ("running", pid)
    end(web)
    wait_until(lambda: not noted(client, web), PATIENCE, "its being finished again")
    subprocess.run(late, check=True, timeout=PATIENCE)
    assert (web.reload().state, web.exit_code) == ("exited", 5)
    web.remove()


@pytest.mark.nightly
def test_two_finishers_at_once(client: sdk.Client, web: sdk.Container, roots: tuple[Path, Path]) -> None:
    """A keeper that takes over starts another one: neither ends what is started between them."""
    with Turn(client.workspace.data / web.id):
        end(web)
        wait_until(lambda: len(finishers(web)) == 1, PATIENCE, "who finishes it")
        kill(roots, [min(keepers(roots))])  # the one that works
        wait_until(lambda: len(finishers(web)) == 2, PATIENCE, "another one")
    web.start()
    wait_until(lambda: not finishers(web), PATIENCE, "their end")

    written(web, 2)
    assert web.reload().state == "running"
    web.remove(force=True)


def test_starts_at_once(client: sdk.Client, web: sdk.Container) -> None:
    """Of what has ended just now: one of them starts it, and all have what they want."""
    end(web)
    with ThreadPoolExecutor(AT_ONCE) as threads:
        list(threads.map(lambda _: client.containers.get("web").start(), range(AT_ONCE)))

    written(web, 2)
    assert web.reload().state == "running"
    web.remove(force=True)
