"""runlike, which makes a `docker run` line of an inspect."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support.command import Command

MADE = (
    *("--name", "web", "--hostname", "web-1", "--user", "u", "--workdir", "/tmp", "--network", "none", "--pid", "host"),
    *("-e", "A=b c", "-e", "Q=it's", "-l", "kind=a test", "-l", "a=1", "-v", "/usr/share:/mnt:ro"),
    *(
        "-m",
        "64m",
        "--memory-reservation",
        "32m",
        "--cpuset-cpus",
        "0",
        "--cap-add",
        "NET_ADMIN",
        "--cap-drop",
        "CHOWN",
    ),
    *("--device", "/dev/null:/dev/nothing:r", "--log-opt", "max-size=1m", "--entrypoint", "sh"),
)


def test_a_container_is_made_again(chub: Command, image: str, docker_path: Path) -> None:
    """Run, runlike, run what it prints: the same inspect, but for ids and times."""
    chub.ok("run", "-d", *MADE, image, "-c", 'echo "a  b"; exec sleep 600')
    first = inspected(chub)
    line = subprocess.check_output([Path(sys.executable).with_name("runlike"), "web"], text=True)
    chub.ok("rm", "-f", "web")

    subprocess.run(["sh", "-c", line], check=True, capture_output=True)  # it finds chub as docker

    assert inspected(chub) == first
    chub.ok("rm", "-f", "web")


def inspected(chub: Command) -> dict[str, Any]:
    """The inspect of `web`, without what differs between two that are made alike."""
    (found,) = json.loads(chub.ok("inspect", "web"))
    for key in ("Id", "Created", "ResolvConfPath", "HostnamePath", "HostsPath", "GraphDriver"):
        assert found.pop(key)
    for key in ("Pid", "StartedAt"):
        assert found["State"].pop(key)
    assert found["NetworkSettings"].pop("SandboxKey")
    found["HostConfig"].pop("Runtime")  # runlike names it, whether it was asked for or not
    return dict(found)
