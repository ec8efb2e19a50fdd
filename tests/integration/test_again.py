"""A container again: the line that makes it, and the bundle that plain runc runs."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import Command
from tests.support.engines import Engine

FLAGS = (
    *("--label", 'ab=c "d"', "-e", "X=it's", "-w", "/tmp", "-u", "1000:5", "--group-add", "7", "--cap-drop", "ALL"),
    *("--cap-add", "CHOWN", "--read-only", "--security-opt", "no-new-privileges", "-v", "/usr/share:/a:ro"),
    *("--mount", "type=bind,src=/usr/share,dst=/b,readonly", "--tmpfs", "/t:size=1m", "--shm-size", "1m"),
    *("--ulimit", "nofile=100:200", "--sysctl", "net.ipv4.ip_forward=1", "--hostname", "hh", "--stop-signal", "INT"),
    *("--stop-timeout", "3", "--log-opt", "max-size=1m", "-i", "--entrypoint", "sh"),
)
PROGRAM = ("-c", "echo $X; id -u; hostname; exit 3")


def about(chub: Command, name: str) -> dict[str, Any]:
    """What `inspect` says of a container, but for what is another's: its id, times and files."""
    (said,) = json.loads(chub.ok("inspect", name))
    said["State"] = {key: value for key, value in said["State"].items() if not key.endswith("At")}
    apart = ("Id", "Created", "ResolvConfPath", "HostnamePath", "HostsPath", "GraphDriver")
    return {key: value for key, value in said.items() if key not in apart}


@pytest.mark.nightly
def test_a_line_makes_the_same_container_again(chub: Command, image: str) -> None:
    """run, run-line, run: the same inspect, the same line, the same output and exit status."""
    first = chub("run", "--name", "one", *FLAGS, image, *PROGRAM)
    told, line = about(chub, "one"), chub.ok("run-line", "one")
    chub.ok("rm", "one")

    again = chub(*shlex.split(line)[1:])
    assert (first.exit_status, first.stdout) == (3, "it's\n1000\nhh\n"), first.stderr
    assert (again.exit_status, again.stdout) == (first.exit_status, first.stdout), again.stderr
    assert about(chub, "one") == told
    assert chub.ok("run-line", "one") == line
    chub.ok("rm", "one")


def test_a_line_for_a_container_of_ctr(chub: Command, image: str, engine: Engine, namespace: str) -> None:
    """Who made it does not matter: image, program, variables and mounts come from containerd's record."""
    name = "docker.io/library/busybox:latest"
    words = ("c", "create", "--env", "Q=a b", "--mount", "type=bind,src=/usr,dst=/m,options=rbind:ro", name, "theirs")
    engine.ctr(*words, "sleep", "7", namespace=namespace)

    line = shlex.split(chub.ok("run-line", "theirs"))

    assert line[:5] == ["chub", "run", "-d", "--name", "theirs"]
    assert line[line.index("-e") + 1] == "Q=a b"
    assert line[line.index("-v") + 1] == "/usr:/m:ro"
    assert line[-3:] == [name, "sleep", "7"]
    engine.ctr("c", "rm", "theirs", namespace=namespace)


def test_a_bundle_runs_with_runc_alone(chub: Command, image: str, tmp_path: Path, roots: tuple[Path, Path]) -> None:
    """The files as the container left them, its spec, nothing of chub's: runc runs it after the container has gone."""
    chub.ok(
        "run", "--name", "one", "-e", "X=1", image, "sh", "-c", "test -e /new && cat /new /etc/hostname; echo $X > /new"
    )
    hostname = chub.ok("inspect", "-f", "{{.Config.Hostname}}", "one").strip()
    chub.ok("bundle", "one", tmp_path / "b")
    refused = chub("bundle", "one", tmp_path / "b")
    assert (refused.exit_status, "no empty directory" in refused.stderr) == (1, True)
    mount = chub.ok("bundle", "--mount", "one", tmp_path / "m")
    assert mount.startswith("mount ")
    assert mount.endswith(f"{tmp_path}/m/rootfs\n")
    assert not [*(tmp_path / "m" / "rootfs").iterdir()]
    chub.ok("rm", "one")

    spec = (tmp_path / "b" / "config.json").read_text()
    assert str(roots[0]) not in spec
    assert json.loads(spec)["linux"]["cgroupsPath"].startswith("/chub-bundle/")
    words = ["runc", "--root", str(tmp_path / "runc"), "run", "--bundle", str(tmp_path / "b"), f"chub-{hostname}"]
    ran = subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False, timeout=30)
    assert (ran.returncode, ran.stdout) == (0, f"1\n{hostname}\n"), ran.stderr
