"""A shim that does not answer: it holds up nobody else, and what is said of its container is true."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import chub as sdk
from tests.support.command import Command

PATIENCE = 10.0  # seconds
HELD_UP = 1.0  # seconds at most that a listing may take longer


@contextmanager
def frozen(chub: Command, name: str) -> Iterator[int]:
    """The shim of a container, stopped for a while."""
    pid = chub.ok("inspect", "-f", "{{.State.Pid}}", name).strip()
    shim = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(shim, signal.SIGSTOP)
    try:
        yield shim
    finally:
        with suppress(ProcessLookupError):
            os.kill(shim, signal.SIGCONT)


def took(ask: Callable[[], object]) -> float:
    """Seconds that an answer takes: the least of three, as the machine may be busy."""
    found = []
    for _ in range(3):
        before = time.monotonic()
        ask()
        found.append(time.monotonic() - before)
    return min(found)


def test_others_are_listed_at_once(chub: Command, client: sdk.Client, image: str) -> None:
    """`ps` shows two frozen ones as unknown, the other as it is, and takes at most a second longer."""
    for name in ("web", "db", "other"):
        chub.ok("run", "-d", "--name", name, image, "sleep", "100")
    usual = took(client.containers.list)
    with frozen(chub, "web"), frozen(chub, "db"):
        late = took(client.containers.list)
        slow = took(lambda: client.containers.get("web"))
        said = chub.ok("ps", "--format", "{{.Names}} {{.Status}} {{.State}}")
        inspected = chub.ok("inspect", "-f", "{{.State.Status}} {{.State.Pid}}", "web")
        counted = chub.ok("info")

    other, db, web = said.splitlines()
    assert other.startswith("other Up ")
    assert (db, web) == ("db Unknown unknown", "web Unknown unknown")
    assert inspected == "unknown 0\n"
    assert " Containers: 3\n  Running: 1\n  Paused: 0\n  Stopped: 0\n  Unknown: 2\n" in counted
    assert max(late, slow) < usual + HELD_UP
    assert chub.ok("ps", "--format", "{{.State}}") == "running\n" * 3
    chub.ok("rm", "-f", "web", "db", "other")


def test_what_else_is_asked_of_it(chub: Command, client: sdk.Client, image: str) -> None:
    """It is refused at once, with the reason; its logs are there; `rm -f` removes it, shim and all."""
    chub.ok("run", "-d", "--name", "web", image, "sh", "-c", "echo hi; exec sleep 100")
    web = client.containers.get("web")
    with frozen(chub, "web") as shim, ThreadPoolExecutor() as threads:
        refused = chub("exec", "web", "true", timeout=PATIENCE)
        asked = [threads.submit(each) for each in (web.start, web.stop, web.kill, web.pause, web.restart, web.remove)]
        said = [str(each.exception(PATIENCE)) for each in asked]
        kept = client.containers.prune()
        logs = chub.ok("logs", "web")
        removed = chub.ok("rm", "-f", "web", timeout=PATIENCE)

    assert refused.exit_status == 1
    assert f"hint: if it is stopped, kill -CONT {shim}; chub rm -f {web.id[:12]} kills it" in refused.stderr
    assert said == [f"the shim of container {web.id} does not answer: process {shim}"] * len(asked)
    assert (kept.ids, logs, removed) == ((), "hi\n", "web\n")
    assert chub.ok("ps", "-aq") == ""
