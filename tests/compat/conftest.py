"""Docker beside chub: one private dockerd a worker."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.support import engines
from tests.support.command import Command

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

IMAGE = "busybox"


@pytest.fixture(scope="session")
def docker() -> Iterator[Command]:
    """The command line of a private docker with the overlay2 store."""
    if "docker" not in engines.available():
        engines.unavailable(f"no docker here: {engines.SCRIPT} install docker")
    with engines.dockerd() as directory:
        yield client(directory)


@pytest.fixture(scope="session")
def docker_on_containerd() -> Iterator[Command]:
    """The command line of a private docker with the containerd store."""
    if "docker" not in engines.available():
        engines.unavailable(f"no docker here: {engines.SCRIPT} install docker")
    with engines.dockerd("containerd") as directory:
        yield client(directory)


@pytest.fixture(scope="session")
def docker_image(docker: Command, busybox: Path) -> str:
    """The name of an image of the busybox tree in docker, the same tree as that of `image`."""
    tar = subprocess.run(["tar", "-C", busybox, "-c", "."], check=True, capture_output=True).stdout
    docker.ok("import", "-", IMAGE, input=tar)
    return IMAGE


def client(directory: Path) -> Command:
    """Docker's own command line on the dockerd of `directory`."""
    program = engines.programs("docker") / "docker"
    return Command(words=[str(program), "--host", f"unix://{directory}/docker.sock"])
