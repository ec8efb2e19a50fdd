"""What listings show beyond docker's: namespaces of Linux and of containerd, shims, sizes."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command import Command


@pytest.fixture
def two(chub: Command, image: str) -> Iterator[None]:
    """One container with the host's network, one with its own; both run."""
    chub.ok("run", "-d", "--name", "shares", "--network", "host", image, "sleep", "600")
    chub.ok("run", "-d", "--name", "alone", image, "sh", "-c", "head -c 100000 /dev/zero > /big; exec sleep 600")
    yield
    chub.ok("rm", "-f", "shares", "alone")


@pytest.mark.usefixtures("two")
def test_whose_namespaces_and_which_shim(chub: Command) -> None:
    """`ps --ns` tells by the kernel's own numbers what a container shares, and its fields are there for templates."""
    table = chub.ok("ps", "--ns").splitlines()
    assert table[0].split() == ["CONTAINER", "ID", "NAMES", "PID", "SHIM", "NAMESPACES"]

    for line in chub.ok("ps", "--format", "{{.Names}} {{.PID}} {{.Shim}} {{.Namespaces}}").splitlines():
        name, pid, shim, *namespaces = line.split()
        for kind in ("net", "uts"):
            shared = os.readlink(f"/proc/{pid}/ns/{kind}") == os.readlink(f"/proc/{shim}/ns/{kind}")
            assert (f"{kind}=host" if shared else kind) in namespaces
        assert ("net=host" in namespaces) == (name == "shares")
        assert "containerd-shim" in Path(f"/proc/{shim}/cmdline").read_text()
    assert "PID" not in json.loads(chub.ok("ps", "-l", "--format", "json"))  # docker's keys alone


@pytest.mark.usefixtures("two")
def test_all_namespaces_and_sizes(chub: Command, namespace: str) -> None:
    """`-A` says in which namespace of containerd a container is, and whose; `-s` what it has written."""
    rows = [json.loads(line) for line in chub.ok("ps", "-A", "--format", "json").splitlines()]
    assert {(each["Names"], each["Owner"]) for each in rows if each["Namespace"] == namespace} == {
        ("shares", "chub"),
        ("alone", "chub"),
    }

    sizes = dict(line.split(maxsplit=1) for line in chub.ok("ps", "--format", "{{.Names}} {{.Size}}").splitlines())
    assert "kB (virtual " in sizes["alone"]
    assert float(sizes["alone"].partition("kB")[0]) >= 100
