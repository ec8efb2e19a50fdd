"""Disks that are full, and have room again: what is said is true, nothing hangs, nothing is lost, nothing is left."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import chub as sdk
from tests.support import engines
from tests.support.command import Command, Ended
from tests.support.disks import Disk, disk
from tests.support.engines import Engine
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from chub.settings import Settings

PATIENCE = 30.0  # seconds
WAITS = "trap 'echo last; exit 7' USR1; echo first; while :; do sleep 0.05; done"
WRITES = "echo first; for i in 1 2 3; do head -c 1000000 /dev/zero | tr '\\0' $i; done; exit 5"
FULL = "no space left on device"

pytestmark = pytest.mark.nightly


def refused(ended: Ended) -> None:
    """It failed as the disk is full, and says what to do."""
    assert ended.exit_status in (1, 125), ended
    assert FULL in ended.stderr.lower(), ended.stderr
    assert "hint: " in ended.stderr
    assert "Traceback" not in ended.stderr


def statuses(chub: Command) -> dict[str, str]:
    """What `ps -a` says of each container: whether it is up, or its exit status."""
    shown = chub.ok("ps", "-a", "--format", "{{.Names}}\t{{.Status}}").splitlines()
    return {
        name: " ".join(status.split()[: 1 + ("(" in status)]) for name, status in (each.split("\t") for each in shown)
    }


def output(chub: Command, name: str) -> str:
    """What a container has written."""
    return chub.ok("logs", name)


def end(client: sdk.Client, name: str) -> None:
    """Have a program end by itself, and wait until it has."""
    pid = client.containers.get(name).pid
    os.kill(pid, signal.SIGUSR1)
    wait_until(lambda: not Path(f"/proc/{pid}").exists(), PATIENCE, "its end")


def test_where_chub_keeps_its_files(chub: Command, client: sdk.Client, image: str, roots: tuple[Path, Path]) -> None:
    """Data root and state root are full: programs wait, ends are told, what needs room says so, and then goes on."""
    with disk(roots[0], 16) as data, disk(roots[1], 16) as state:
        for name in ("ends", "runs"):
            chub.ok("run", "-d", "--name", name, image, "sh", "-c", WAITS)
            wait_until(partial(output, chub, name), PATIENCE, "its output")
        assert chub("run", "--name", "ended", image, "sh", "-c", "exit 3").exit_status == 3
        data.fill(but=1 << 20)
        chub.ok("run", "-d", "--name", "writes", image, "sh", "-c", WRITES)
        data.wait_until_full(PATIENCE)
        state.fill()

        end(client, "ends")
        ps = {"writes": "Up", "ended": "Exited (3)", "runs": "Up", "ends": "Exited (7)"}
        wait_until(lambda: statuses(chub) == ps, PATIENCE, f"{ps}")
        assert chub.ok("wait", "ends") == "7\n"
        for words in (("run", image), ("run", "-d", image), ("create", image), ("exec", "runs")):
            refused(chub(*words, "true"))
        for name in ("ended", "ends"):
            refused(chub("start", name))
        assert statuses(chub) == ps
        chub.ok("stop", "-t", "0", "runs")
        assert statuses(chub) == ps | {"runs": "Exited (137)"}
        chub.ok("rm", "-f", "runs")

        for each in (data, state):
            each.make_room()
        wait_until(lambda: statuses(chub)["writes"] == "Exited (5)", PATIENCE, "the end of who writes")
        assert output(chub, "writes") == "first\n" + "".join(str(each) * 1000000 for each in (1, 2, 3))
        assert output(chub, "ends") == "first\nlast\n"
        assert chub("start", "-a", "ended").exit_status == 3
        assert chub.ok("run", "--rm", image, "echo", "hi") == "hi\n"
        chub.ok("start", "ends")
        for name in ("writes", "ended", "ends"):
            chub.ok("rm", "-f", name)
        assert client.doctor() == ()


@contextmanager
def on_a_disk(version: str) -> Iterator[tuple[Engine, Disk]]:
    """A containerd whose root, where images and snapshots are, is a disk of its own."""
    with engines.containerd(version) as engine:
        engine.kill()
        root = engine.directory / "root"
        shutil.rmtree(root)
        root.mkdir()
        with disk(root, 64) as its:
            engine.start()
            yield engine, its
            engine.kill()
        engine.start()


def test_where_containerd_keeps_its_files(
    engine: Engine, settings: Settings, chub: Command, busybox: Path, tmp_path: Path
) -> None:
    """Its root is full: what needs room says so and leaves nothing, what does not works; with room, all does again."""
    bigger = tmp_path / "bigger"
    shutil.copytree(busybox, bigger, symlinks=True)
    (bigger / "big").write_bytes(os.urandom(1 << 20))
    with on_a_disk(engine.version) as (own, its), sdk.Client(settings=replace(settings, address=own.address)) as client:
        chub = Command(words=chub.words, env={**chub.env, "CONTAINERD_ADDRESS": own.address})
        chub.ok("rootfs", "import", busybox, "busybox")
        for name in ("runs", "goes"):
            chub.ok("run", "-d", "--name", name, "busybox", "sh", "-c", WAITS)
        assert chub("run", "--name", "ended", "busybox", "sh", "-c", "exit 3").exit_status == 3
        its.fill()

        ps = {"ended": "Exited (3)", "goes": "Up", "runs": "Up"}
        for _ in range(2):
            for words in (("run", "busybox"), ("run", "-d", "--rm", "busybox"), ("create", "busybox")):
                refused(chub(*words, "true"))
            refused(chub("rootfs", "import", bigger, "bigger"))
        assert statuses(chub) == ps
        assert chub.ok("images", "--format", "{{.Repository}}") == "busybox\n"
        assert chub.ok("exec", "runs", "echo", "hi") == "hi\n"
        assert client.doctor() == ()
        end(client, "goes")
        assert chub.ok("rm", "-f", "goes", "ended") == "goes\nended\n"
        assert statuses(chub) == {"runs": "Up"}

        its.make_room()
        chub.ok("rootfs", "import", bigger, "bigger")
        assert chub.ok("run", "--rm", "bigger", "echo", "hi") == "hi\n"
        chub.ok("rm", "-f", "runs")
        chub.ok("rmi", "busybox", "bigger")
        assert client.doctor() == ()
        services = client.services
        assert (*services.containers.list(), *services.leases.list(), *services.snapshots().list()) == ()
        assert services.content.ingests() == ()
