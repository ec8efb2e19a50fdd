"""`chub engine` as a user types it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.command import CHUB, Command

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.engines import Engine


@pytest.fixture
def chub(engine: Engine, roots: tuple[Path, Path]) -> Iterator[Command]:
    """The command line with roots of its own, where no engine runs yet, and no address set."""
    made = Command(
        words=[str(CHUB)],
        env={
            "CHUB_DATA_ROOT": str(roots[0]),
            "CHUB_STATE_ROOT": str(roots[1]),
            "PATH": f"{engine.programs}:{os.environ['PATH']}",
        },
    )
    yield made
    made.ok("engine", "stop")


def socket(chub: Command) -> str:
    """Where the private engine serves."""
    return f"{chub.env['CHUB_STATE_ROOT']}/engine/containerd.sock"


def test_start_says_where_and_who(chub: Command) -> None:
    """The last line is the address, for scripts; a second start says that nothing was to be done."""
    first, second = chub.ok("engine", "start"), chub.ok("engine", "start")

    assert "started: process" in first
    assert "runs already: process" in second
    assert first.splitlines()[-1] == second.splitlines()[-1] == socket(chub)


def test_another_default_is_pointed_out(chub: Command) -> None:
    """Where CONTAINERD_ADDRESS leads elsewhere, `start` says how to use the engine."""
    ended = chub("engine", "start", env={"CONTAINERD_ADDRESS": "/elsewhere.sock"})

    assert ended.exit_status == 0
    assert f"export CONTAINERD_ADDRESS={socket(chub)}" in ended.stderr


def test_status_tells_by_its_exit_status(chub: Command) -> None:
    """1 while it is stopped, 0 while it serves."""
    stopped = chub("engine", "status")
    chub.ok("engine", "start")
    running = chub("engine", "status")

    assert (stopped.exit_status, running.exit_status) == (1, 0)
    assert stopped.stdout.splitlines()[1].startswith("stopped")
    assert running.stdout.splitlines()[1].startswith("running")


def test_status_as_json_and_by_template(chub: Command) -> None:
    """Both have what the table has, and more."""
    chub.ok("engine", "start")

    said = json.loads(chub.ok("engine", "status", "--format", "json"))

    assert (said["State"], said["Address"], said["Faults"]) == ("running", socket(chub), "")
    assert chub.ok("engine", "status", "--format", "{{.PID}} {{.ID}}").split() == [said["PID"], said["ID"]]


def test_stop_says_what_it_did(chub: Command) -> None:
    """Stopping twice is no error."""
    chub.ok("engine", "start")

    assert chub.ok("engine", "stop") == "stopped, with 0 running containers\n"
    assert chub.ok("engine", "stop") == "not running\n"


def test_logs(chub: Command) -> None:
    """The engine's own words, also when it has stopped; before the first start there are none."""
    before = chub("engine", "logs")
    chub.ok("engine", "start")
    during = chub.ok("engine", "logs")
    chub.ok("engine", "stop")

    assert (before.exit_status, before.stdout) == (1, "")
    assert "no engine was started here" in before.stderr
    assert "successfully booted" in during
    assert chub.ok("engine", "logs").startswith(during)
