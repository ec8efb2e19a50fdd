"""What is read of a host's files."""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from chub.chain.host import Cgroup, Host
from tests.unit.chain.conftest import CHILD, CONTAINERD, INIT, OWN, SHIM, SNAPSHOTS, Recorder

if TYPE_CHECKING:
    from pathlib import Path


def test_a_process_has_arguments_parent_and_start(host: Host) -> None:
    """Arguments keep their blanks; a name with parentheses does not shift the fields of `stat`."""
    assert host.cmdline(INIT) == ("sleep", "1 000")
    assert host.parent(CHILD) == INIT
    assert host.start_ticks(INIT) == 64529
    assert host.started(INIT) == datetime(2026, 11, 24, 8, 33, 34, 290000, tzinfo=UTC)


def test_pids_are_numbers_only(host: Host) -> None:
    """Of what is in /proc, only processes count."""
    assert list(host.pids()) == [1, CONTAINERD, SHIM, INIT, CHILD]


def test_namespaces_are_inode_numbers(host: Host) -> None:
    """The number in the link, for a pid and for `self`."""
    assert host.namespace(INIT, "net") == str(OWN["net"])
    assert host.namespace("self", "pid") == "4026531836"


def test_cgroups_of_both_versions(host: Host) -> None:
    """A v1 line has controllers, the v2 line none."""
    assert host.cgroups(INIT)[1:] == (
        Cgroup(hierarchy=8, controllers=("memory",), path="/demo/web"),
        Cgroup(hierarchy=0, controllers=(), path="/"),
    )


def test_mount_escapes_are_undone(host: Host) -> None:
    """Blanks in mount points come as octal escapes."""
    strange = host.mounts()[-1]

    assert (strange.root, strange.target) == ("/a b", "/mnt/with space")


@pytest.mark.parametrize(
    ("options", "paths"),
    [
        (f"rw,lowerdir={SNAPSHOTS}/2/fs:{SNAPSHOTS}/1/fs", (f"{SNAPSHOTS}/2/fs", f"{SNAPSHOTS}/1/fs")),
        ("rw,lowerdir+=/b,lowerdir+=/a", ("/b", "/a")),
        (r"lowerdir=/with\134:colon:/with\054comma", ("/with:colon", "/with,comma")),
        ("rw,upperdir=/x", ()),
    ],
)
def test_overlay_directories(recorder: Recorder, host: Host, options: str, paths: tuple[str, ...]) -> None:
    """The list in one option, an option for each, and names that hold the separators."""
    recorder.write(f"/proc/{INIT}/mountinfo", f"1 0 0:1 / / rw - overlay overlay {options}\n")

    assert host.mounts(INIT)[0].paths("lowerdir") == paths


def test_links_are_followed_below_the_root(recorder: Recorder, host: Host) -> None:
    """A recorded tree is resolved as if its root were /."""
    recorder.write("/data/overlay2/abc/diff/x", "")
    recorder.link("/data/overlay2/l/SHORT", "../abc/diff")

    assert host.resolved("/data/overlay2/l/SHORT") == "/data/overlay2/abc/diff"


def test_the_listener_of_a_socket(tmp_path: Path) -> None:
    """Whoever listens is found without a word being sent."""
    import os

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as served:
        served.bind(str(tmp_path / "socket"))
        served.listen()
        found = Host(tmp_path).listener("/socket")

    assert found == os.getpid()


def test_the_directory_of_a_bind_mount(recorder: Recorder, host: Host) -> None:
    """Where the host has the filesystem mounted, which may be below another one's root."""
    recorder.write("/proc/self/mountinfo", "1 0 8:1 / / rw - ext4 x rw\n2 1 8:2 / /var rw - ext4 y rw\n")
    recorder.write(f"/proc/{INIT}/mountinfo", "9 0 8:2 /lib/rootfs / rw - ext4 y rw\n8 9 8:3 /z /z rw - ext4 z rw\n")
    root, elsewhere = host.mounts(INIT)

    assert host.directory(root) == "/var/lib/rootfs"
    assert host.directory(elsewhere) == "/z"
