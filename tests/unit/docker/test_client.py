"""The reader of docker's API, against a server of a few canned answers."""

from __future__ import annotations

import json
import socketserver
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING

import pytest

from chub.docker.client import Docker
from chub.errors import ChubError, EngineFault, NotFound, PermissionDenied, TimedOut, Unavailable, Unsupported

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WEB = {
    "Id": "ab" * 32,
    "Name": "/web",
    "Created": "2026-11-24T08:33:34.385070161Z",
    "Image": "sha256:01",
    "Driver": "overlay2",
    "Config": {"Image": "bb"},
    "State": {"Status": "running", "Pid": 7, "FinishedAt": "0001-01-01T00:00:00Z"},
    "GraphDriver": {"Name": "overlay2", "Data": {"UpperDir": "/3", "LowerDir": "/2:/1"}},
}


class Server(socketserver.ThreadingUnixStreamServer):
    """docker's socket: what it was asked, and what it answers by path."""

    daemon_threads = True

    def __init__(self, path: str) -> None:
        super().__init__(path, Handler)
        self.version = "1.51"
        self.asked: list[str] = []
        self.answers: dict[str, tuple[int, bytes]] = {}


class Handler(BaseHTTPRequestHandler):
    """One question."""

    server: Server

    def do_GET(self) -> None:
        """Answer with what is canned, or docker's 404."""
        self.server.asked.append(self.path)
        path = self.path.partition("/v")[2].partition("/")[2] if self.path != "/_ping" else "_ping"
        status, body = self.server.answers.get(f"/{path}", (404, b'{"message":"No such thing"}'))
        self.send_response(200 if path == "_ping" else status)
        if self.server.version:
            self.send_header("Api-Version", self.server.version)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self) -> str:
        """A unix socket's peer has no address."""
        return "unix"

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server on a socket."""
    with Server(str(tmp_path / "docker.sock")) as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield made
        made.shutdown()
        thread.join()


@pytest.fixture
def docker(server: Server) -> Docker:
    """A client of it."""
    return Docker(f"unix://{server.server_address}")


def test_a_container(docker: Docker, server: Server) -> None:
    """Names lose their slash, times are UTC, "never" is None, the lower directories are a list."""
    server.answers["/containers/web/json"] = (200, json.dumps(WEB).encode())

    found = docker.container("web")

    assert (found.name, found.pid, found.finished) == ("web", 7, None)
    assert found.created == datetime(2026, 11, 24, 8, 33, 34, 385070, tzinfo=UTC)
    assert (found.graph.upper, found.graph.lower) == ("/3", ("/2", "/1"))


@pytest.mark.parametrize(("offered", "spoken"), [("1.51", "/v1.51"), ("1.99", "/v1.51"), ("1.41", "/v1.41")])
def test_the_version_both_speak(docker: Docker, server: Server, offered: str, spoken: str) -> None:
    """An older docker is asked in its own version, a newer one in ours; it is asked once."""
    server.version = offered
    server.answers["/info"] = (200, b'{"Driver":"overlay2"}')

    docker.info()
    docker.info()

    assert server.asked == ["/_ping", f"{spoken}/info", f"{spoken}/info"]


def test_the_containerd_store_has_no_directories(docker: Docker, server: Server) -> None:
    """The directories are null where docker's own store tells them; its containerd is named instead."""
    said = WEB | {"GraphDriver": {"Name": "overlayfs", "Data": None}}
    info = {"Containerd": {"Address": "/run/containerd/containerd.sock", "Namespaces": {"Containers": "moby"}}}
    server.answers["/containers/web/json"] = (200, json.dumps(said).encode())
    server.answers["/info"] = (200, json.dumps(info).encode())

    assert docker.container("web").graph.upper == ""
    assert docker.info().containerd == "/run/containerd/containerd.sock"


def test_names_cannot_leave_their_place_in_the_path(docker: Docker, server: Server) -> None:
    """A slash in a name is a character of the name."""
    with pytest.raises(NotFound):
        docker.container("../images/x?y#z")

    assert server.asked[-1] == "/v1.51/containers/..%2Fimages%2Fx%3Fy%23z/json"


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (404, b'{"message":"No such container: x"}', NotFound, "docker: No such container: x"),
        (403, b'{"message":"no"}', PermissionDenied, "docker: no"),
        (500, b'{"message":"broken"}', EngineFault, "docker: broken"),
        (200, b"<html>", EngineFault, "docker: /info: status 200, no JSON"),
        (301, b"moved", NotFound, "docker: /info: status 301, no JSON"),
    ],
)
def test_errors_by_status(
    docker: Docker, server: Server, status: int, body: bytes, kind: type[ChubError], words: str
) -> None:
    """The words are docker's own, in the class that the status stands for."""
    server.answers["/info"] = (status, body)

    with pytest.raises(kind) as raised:
        docker.info()

    assert str(raised.value) == words


def test_something_that_is_not_docker(docker: Docker, server: Server) -> None:
    """An HTTP server without docker's version header."""
    server.version = ""

    with pytest.raises(EngineFault, match="does not answer as docker does"):
        docker.info()


@pytest.mark.parametrize(
    "body",
    [
        b"[1]",
        b'{"Id": 1, "State": 7}',
        b'{"Name": "/web"}',
        json.dumps({**WEB, "Created": "soon"}).encode(),
        b"[" * 9999,
    ],
)
def test_answers_that_are_not_dockers(docker: Docker, server: Server, body: bytes) -> None:
    """JSON, or nearly, and not what docker says."""
    server.answers["/containers/web/json"] = (200, body)

    with pytest.raises(EngineFault):
        docker.container("web")


def test_no_socket(tmp_path: Path) -> None:
    """The path, and what names it."""
    docker = Docker(str(tmp_path / "none"))

    assert not docker.present
    with pytest.raises(Unavailable, match="no docker socket at") as raised:
        docker.info()
    assert "DOCKER_HOST" in raised.value.hint


def test_docker_host_over_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A remote daemon's containers have no evidence on this host."""
    monkeypatch.setenv("DOCKER_HOST", "tcp://10.0.0.1:2375")

    with pytest.raises(Unsupported, match="unix socket only"):
        Docker().info()


def test_a_daemon_that_does_not_answer(tmp_path: Path) -> None:
    """The deadline is told."""
    import socket

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as deaf:
        deaf.bind(str(tmp_path / "deaf"))
        deaf.listen()
        with pytest.raises(TimedOut, match=r"within 0\.05 s"):
            Docker(str(tmp_path / "deaf"), timeout=0.05).info()
