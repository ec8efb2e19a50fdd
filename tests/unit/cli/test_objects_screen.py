"""What a person sees of containerd's own objects, and of `version`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from chub.api.leases import Lease
from chub.api.snapshots import Snapshot, SnapshotKind
from chub.api.types import Mount
from chub.cli.render.about import version_text
from chub.cli.render.documents import mount_command
from chub.cli.render.objects import LEASES, key
from chub.cli.render.tree import show_tree
from chub.objects.leases import LeaseSummary
from chub.objects.snapshots import SnapshotSummary, SnapshotUsage

CHAIN = "sha256:" + "ab" * 32


def usage(name: str, parent: str = "", **more: tuple[str, ...]) -> SnapshotUsage:
    """A snapshot of a kilobyte."""
    kind = SnapshotKind.ACTIVE if "containers" in more else SnapshotKind.COMMITTED
    found = Snapshot(name=name, parent=parent, kind=kind)
    row = SnapshotSummary(namespace="default", snapshotter="overlayfs", snapshot=found, **more)
    return SnapshotUsage(summary=row, size=1000, inodes=1, total=1000)


def test_a_tree(capsys: pytest.CaptureFixture[str]) -> None:
    """Children below their parents in the order of age; no colour where no terminal is."""
    rows = [
        usage(CHAIN),
        usage("top", CHAIN, images=("x:latest",)),
        usage("c1", "top", containers=("web",)),
        usage("c2", CHAIN, containers=("db",)),
        usage("orphan", "elsewhere"),
    ]

    show_tree(rows, full=False)

    assert capsys.readouterr().out.splitlines() == [
        "overlayfs in namespace default",
        "abababababab  committed       1kB",
        "├ top         committed       1kB  image x:latest",
        "│└ c1         active          1kB  container web",
        "└ c2          active          1kB  container db",
        "orphan        committed       1kB",
    ]


def test_a_name_does_not_drive_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Control characters of keys and names are not printed."""
    show_tree([usage("a\x1b[31m", containers=("b\x07",))], full=False)

    assert "\x1b" not in (out := capsys.readouterr().out)
    assert "\x07" not in out


def test_only_ids_are_cut_short() -> None:
    """A key that its maker chose is printed whole."""
    assert (key(CHAIN, False), key(CHAIN, True)) == ("ab" * 6, CHAIN)
    assert key("extract-123456789-abcdef sha256:ab", False) == "extract-123456789-abcdef sha256:ab"


@pytest.mark.parametrize(
    ("left", "said"), [(timedelta(hours=30.1), "in 30 hours"), (timedelta(-1), "expired"), (None, "never")]
)
def test_when_a_lease_ends(left: timedelta | None, said: str) -> None:
    """In words, as ages are."""
    expires = datetime.now(UTC) + left if left is not None else None
    row = LeaseSummary(namespace="default", lease=Lease(id="x"), expires=expires, resources=())

    assert {column.heading: column.text(row, False) for column in LEASES}["EXPIRES"] == said


def test_a_mount_as_a_command() -> None:
    """It can be pasted into a shell."""
    made = mount_command(Mount(type="bind", source="/a b", options=("ro", "rbind")), "/mnt")

    assert made == "mount -t bind '/a b' /mnt -o ro,rbind"


def test_version_without_an_engine() -> None:
    """The client's part alone, in docker's columns."""
    client = {"Version": "1.0", "PythonVersion": "3.11.7", "GrpcVersion": "1.76", "Os": "linux", "Arch": "amd64"}

    assert version_text(client, None).splitlines()[:2] == ["Client:", " Version:           1.0"]
