"""A reader of docker's HTTP API on a unix socket, with the standard library alone."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from typing import Any, TypeVar
from urllib.parse import quote

from chub.docker import records
from chub.errors import (
    ChubError,
    EngineFault,
    Invalid,
    NotFound,
    PermissionDenied,
    TimedOut,
    Unavailable,
    Unsupported,
)

DEFAULT_ADDRESS = "unix:///var/run/docker.sock"
NEWEST_API = (1, 51)  # what `records` was written against; an older daemon is asked in its own version

T = TypeVar("T")
_KINDS: dict[int, type[ChubError]] = {301: NotFound, 400: Invalid, 403: PermissionDenied, 404: NotFound}


class _UnixConnection(HTTPConnection):
    """HTTP on a unix socket; everything else is the standard library's."""

    def __init__(self, path: str, *, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Docker:
    """A docker daemon, read-only.

    ``address`` is ``unix://PATH`` or a path; without it ``DOCKER_HOST``, then docker's default. Every
    question is a connection of its own: nothing to close, and threads may share it.
    """

    def __init__(self, address: str = "", *, timeout: float = 10.0) -> None:
        address = address or os.environ.get("DOCKER_HOST", "") or DEFAULT_ADDRESS
        self.path = address.removeprefix("unix://")
        self._timeout = timeout
        self._prefix = ""

    @property
    def present(self) -> bool:
        """Whether there is a socket at the address; says nothing of who listens."""
        return os.path.exists(self.path)

    def container(self, name: str) -> records.Container:
        """The container of this name, id or beginning of an id. Raises NotFound."""
        return self._read(records.container, self.said_of_container(name))

    def said_of_container(self, name: str) -> dict[str, Any]:
        """All that docker's ``inspect`` says of a container, as JSON. Raises NotFound."""
        return self._read(dict, self._get(f"/containers/{quote(name, safe='')}/json"))

    def image(self, reference: str) -> records.Image:
        """The image of this reference or id. Raises NotFound."""
        return self._read(records.image, self.said_of_image(reference))

    def said_of_image(self, reference: str) -> dict[str, Any]:
        """All that docker's ``inspect`` says of an image, as JSON. Raises NotFound."""
        return self._read(dict, self._get(f"/images/{quote(reference, safe='/:@')}/json"))

    def image_ids(self) -> tuple[str, ...]:
        """The ids of all images."""
        return self._read(lambda said: tuple(entry["Id"] for entry in said), self._get("/images/json"))

    def info(self) -> records.Info:
        """What the daemon says of itself."""
        return self._read(records.info, self._get("/info"))

    def _read(self, read: Callable[[Any], T], said: Any) -> T:
        """What `read` makes of an answer; EngineFault for one that is not docker's."""
        try:
            return read(said)
        except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as failure:
            raise EngineFault(f"{self.path} does not answer as docker does: {failure!r}") from failure

    def _get(self, path: str) -> Any:
        self._prefix = self._prefix or self._negotiate()
        status, body, _ = self._ask(self._prefix + path)
        try:
            said = json.loads(body)
        except (ValueError, RecursionError):
            said = {}
        if status == 200 and said != {}:
            return said
        reason = said.get("message", "") if isinstance(said, dict) else ""
        raise _KINDS.get(status, EngineFault)(f"docker: {reason or f'{path}: status {status}, no JSON'}")

    def _negotiate(self) -> str:
        """The path prefix of the newest version that both sides speak."""
        _, _, offered = self._ask("/_ping")
        try:
            major, minor = (int(part) for part in offered.split("."))
        except ValueError:
            raise EngineFault(f"{self.path} does not answer as docker does: no Api-Version") from None
        major, minor = min((major, minor), NEWEST_API)
        return f"/v{major}.{minor}"

    def _ask(self, path: str) -> tuple[int, bytes, str]:
        """Status, body and ``Api-Version`` of one GET."""
        if "://" in self.path:
            raise Unsupported(
                f"docker at {self.path}: chub asks docker through a unix socket only",
                hint="set DOCKER_HOST to unix:///PATH of a daemon on this host",
            )
        connection = _UnixConnection(self.path, timeout=self._timeout)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read(), answer.headers.get("Api-Version", "")
        except (OSError, HTTPException) as failure:
            raise self._failure(failure) from failure
        finally:
            connection.close()

    def _failure(self, failure: OSError | HTTPException) -> ChubError:
        """Our error for one of the socket's or of HTTP's."""
        where = f"docker at {self.path}"
        if isinstance(failure, TimeoutError):
            return TimedOut(f"{where} did not answer within {self._timeout:g} s")
        if isinstance(failure, PermissionError):
            hint = "become root, or join the socket's group"
            return PermissionDenied(f"{where}: you may not open its socket", hint=hint)
        if isinstance(failure, FileNotFoundError):
            hint = "is docker running? DOCKER_HOST names its socket"
            return Unavailable(f"no docker socket at {self.path}", hint=hint)
        if isinstance(failure, OSError):
            return Unavailable(f"{where}: {failure.strerror or failure}", hint="is docker running?")
        return EngineFault(f"{where} does not speak HTTP: {failure!r}")
