"""The programs in examples/, run as their first lines say."""

from __future__ import annotations

import ast
import json
import re
import secrets
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.command import Command
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.engines import Engine

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def python(chub: Command) -> Command:
    """This Python, with the environment that `chub` gets."""
    return Command(words=[sys.executable], env=chub.env)


@pytest.fixture
def ctrs(engine: Engine, namespace: str, busybox: Path) -> Iterator[str]:
    """A container that containerd's own client runs."""
    name = f"ctrs-{secrets.token_hex(4)}"
    engine.ctr("run", "--detach", "--rootfs", str(busybox), name, "/bin/sleep", "600", namespace=namespace)
    yield name
    engine.ctr("task", "kill", "--signal", "KILL", name, namespace=namespace)
    wait_until(lambda: "STOPPED" in engine.ctr("task", "ls", namespace=namespace), 20, "the end of ctr's container")
    engine.ctr("task", "rm", name, namespace=namespace)
    engine.ctr("container", "rm", name, namespace=namespace)


def test_first_container(python: Command, busybox: Path) -> None:
    """It prints what the container printed, and ends as that did."""
    program = EXAMPLES / "first_container.py"

    lines = python.ok(program, busybox).splitlines()
    failed = python(program, busybox, "/bin/sh", "-c", "echo $GREETING; exit 3")
    missing = python(program, busybox, "/no/such")

    assert lines[0].startswith("image docker.io/library/first-container:latest: sha256:")
    assert lines[-1].startswith("hello from ")
    assert (failed.exit_status, failed.stdout.splitlines()[-1]) == (3, "hello")
    assert missing.exit_status == 127
    assert f"is it in {busybox}?" in missing.stderr


def test_chain_side_by_side(python: Command, chub: Command, ctrs: str, image: str) -> None:
    """Ctr's container and chub's: the same daemon and runc, other processes."""
    with chub.start("run", "--rm", "--name", "chubs", image, "sleep", "600", stderr=subprocess.DEVNULL) as run:
        wait_until(lambda: "chubs" in chub.ok("ps"), 20, "chub's container to run")
        said = python.ok(EXAMPLES / "chain_side_by_side.py", ctrs, "chubs")
        chub.ok("rm", "--force", "chubs")
        run.wait(20)

    rows = {line[2:28].strip(): line[0] for line in said.splitlines()}
    assert rows["containerd daemon pid"] == rows["runc binary"] == rows["process pid inside"] == " "
    assert rows["containerd id"] == rows["process pid"] == rows["shim pid"] == rows["namespaces own pid"] == "*"


def test_sdk_tour(python: Command, busybox: Path) -> None:
    """Each step of it tells what it found."""
    said = python.ok(EXAMPLES / "sdk_tour.py", busybox).splitlines()

    assert said[:2] == ["ended with 3: b'out\\n' and b'err\\n'", "check: the program ended with exit code 3: err"]
    assert said[2:5] == ["started: sdk-tour is running", "executed: blue", "it said: ready"]
    assert re.fullmatch(r"its parent: shim \d+ .*", said[5])
    assert said[6:] == ["stopped: 0"]


def test_job_runner(python: Command, image: str, tmp_path: Path) -> None:
    """Jobs end as they end, are held to their limits, and are killed when they are late."""
    program = tmp_path / "job_runner.py"
    program.write_text((EXAMPLES / "job_runner.py").read_text().replace("LIMIT = 10", "LIMIT = 3"))

    ended = python(program, image, input="ulimit -n\nsleep 600\ntouch /file || echo no\ntouch /tmp/file && echo yes\n")
    jobs = [json.loads(line) for line in ended.stdout.splitlines()]

    assert ended.exit_status == 1
    assert [job["exit_code"] for job in jobs] == [0, 137, 0, 0]
    assert [job["killed"] for job in jobs] == [False, True, False, False]
    assert jobs[0]["output"] == "64\n"
    assert sorted(jobs[2]["output"].splitlines()) == ["no", "touch: /file: Read-only file system"]
    assert jobs[3]["output"] == "yes\n"


def test_service(python: Command, image: str) -> None:
    """The test module passes, in a pytest of its own."""
    said = python.ok(
        *("-m", "pytest", "-p", "no:cacheprovider", "--override-ini", "addopts=", EXAMPLES / "test_service.py"),
        env={"IMAGE": image},
    )

    assert "2 passed" in said


def test_examples_use_what_is_public() -> None:
    """They import chub and its plugin, and nothing below."""
    for file in EXAMPLES.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not [name for name in names if name.startswith("chub.") and name != "chub.testing"], file.name
