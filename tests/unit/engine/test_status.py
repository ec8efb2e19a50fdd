"""Judging an engine by its plugins, and a pid file by /proc."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from chub.api.introspection import Plugin
from chub.engine import config, status
from chub.settings import load

if TYPE_CHECKING:
    from pathlib import Path

    from chub.engine.config import Layout

SNAPSHOTTER = "io.containerd.snapshotter.v1"


def plugins(**errors: str) -> tuple[Plugin, ...]:
    """All that chub needs, and two snapshotters; `errors` by the plugin's id."""
    wanted = (*status.NEEDED, (SNAPSHOTTER, "overlayfs"), (SNAPSHOTTER, "native"))
    return tuple(Plugin(type=type, id=id, error=errors.get(id, "")) for type, id in wanted)


@pytest.fixture
def files(tmp_path: Path) -> Layout:
    """The layout of an engine under `tmp_path`."""
    return config.Layout(data=tmp_path, state=tmp_path)


def test_an_engine_without_faults() -> None:
    """All plugins are there: nothing to say, and overlayfs it is."""
    assert status.faults(plugins()) == ()
    assert status.snapshotter(plugins()) == ("overlayfs", "")


def test_a_needed_plugin_that_failed_is_a_fault() -> None:
    """The fault names the plugin and its own words."""
    assert status.faults(plugins(task="no shim")) == ("plugin io.containerd.runtime.v2.task failed: no shim",)


def test_a_needed_plugin_that_is_missing_is_a_fault() -> None:
    """Disabled plugins do not show up at all."""
    there = tuple(plugin for plugin in plugins() if plugin.id != "bolt")

    assert status.faults(there) == ("plugin io.containerd.metadata.v1.bolt is missing",)


def test_other_plugins_may_fail() -> None:
    """No host has zfs, devmapper and btrfs all at once."""
    others = (*plugins(), Plugin(type=SNAPSHOTTER, id="zfs", error="skip plugin"))

    assert status.faults(others) == ()


def test_native_stands_in_for_overlayfs() -> None:
    """Where overlayfs does not work, native does, and the reason is told."""
    there = plugins(overlayfs="/x does not support overlayfs: skip plugin")

    assert status.faults(there) == ()
    assert status.snapshotter(there)[0] == "native"
    assert "/x does not support overlayfs" in status.snapshotter(there)[1]


def test_no_snapshotter_is_a_fault() -> None:
    """With neither, nothing can run."""
    assert "native" in status.faults(plugins(overlayfs="broken", native="broken"))[0]


def test_a_pid_file_names_a_process_and_its_start(files: Layout) -> None:
    """The process id alone may be somebody else's by now."""
    ticks = status.start_ticks(os.getpid())

    files.pid.write_text(f"{os.getpid()} {ticks}\n")
    assert status.running(files) == os.getpid()

    files.pid.write_text(f"{os.getpid()} {ticks + 1}\n")
    assert status.running(files) is None


@pytest.mark.parametrize("content", ["", "x y", "1", "4194305 0\n"])
def test_a_pid_file_that_says_nothing(files: Layout, content: str) -> None:
    """An empty, broken or outdated file means that nothing runs."""
    files.pid.write_text(content)

    assert status.running(files) is None


def test_an_engine_that_was_never_started(tmp_path: Path) -> None:
    """Looking at it is no error, and creates nothing."""
    settings = load({"data_root": str(tmp_path / "d"), "state_root": str(tmp_path / "s")}, environ={}, files=())

    found = status.status(settings)

    assert (found.state, found.pid, found.since) == (status.State.STOPPED, None, None)
    assert list(tmp_path.iterdir()) == []
