"""What answers at docker's socket."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import strategies as st

from chub.docker.client import Docker
from chub.errors import ChubError
from tests.fuzz.conftest import Fuzz
from tests.fuzz.serving import serving
from tests.fuzz.strategies import damaged, nearly

GRAPH = {"Name": "overlay2", "Data": {"UpperDir": "/3", "LowerDir": "/2:/1", "MergedDir": "/m", "WorkDir": "/w"}}
SAID = {
    "Id": "ab" * 32,
    "Name": "/web",
    "Created": "2026-11-24T08:33:34.385070161Z",
    "Image": "sha256:01",
    "Config": {"Image": "bb"},
    "State": {"Status": "running", "Pid": 7, "StartedAt": "2026-11-24T08:33:34Z", "FinishedAt": "0001-01-01T00:00:00Z"},
    "HostConfig": {"Runtime": "runc", "LogConfig": {"Type": "none"}},
    "GraphDriver": GRAPH,
    "RepoTags": ["bb:latest"],
    "RootFS": {"Layers": ["sha256:02"]},
    "ServerVersion": "28.5.2",
    "Containerd": {"Address": "/run/c.sock", "Namespaces": {"Containers": "moby"}},
    "Runtimes": {"runc": {}},
}
HEAD = b"HTTP/1.1 200 OK\r\nApi-Version: 1.51\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
LIST = [{"Id": "sha256:01"}]


def answer(body: bytes) -> bytes:
    """Docker's answer with this body."""
    return HEAD % len(body) + body


@pytest.fixture
def docker() -> Iterator[tuple[Docker, list[bytes]]]:
    """A client of a daemon, and what that answers next."""
    answers: list[bytes] = []
    with serving(lambda asked: answer(b"OK") if asked.startswith(b"GET /_ping") else answers[-1]) as path:
        yield Docker(f"unix://{path}"), answers


def test_answers(fuzz: Fuzz, docker: tuple[Docker, list[bytes]]) -> None:
    """A container, an image, the daemon itself: a record, or an error."""
    client, answers = docker
    bodies = (nearly(SAID) | nearly(LIST)).map(lambda said: answer(json.dumps(said).encode()))

    @fuzz(bodies | bodies | damaged([answer(json.dumps(SAID).encode())]) | st.binary(max_size=30))
    def _(said: bytes) -> None:
        answers.append(said)
        for ask in (lambda: client.container("web"), lambda: client.image("bb"), client.info, client.image_ids):
            with suppress(ChubError):
                ask()
