"""How gRPC's failures read, and which errors they are."""

from __future__ import annotations

import os
import socket
import threading
from typing import TYPE_CHECKING

import grpc
import pytest

from chub.api.channel import Channel
from chub.api.failures import KINDS, sentence
from chub.api.services import Services
from chub.errors import (
    AlreadyExists,
    Cancelled,
    ChubError,
    Conflict,
    DataLoss,
    EngineFault,
    Invalid,
    NotFound,
    PermissionDenied,
    ResourceExhausted,
    TimedOut,
    Unavailable,
    Unsupported,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.unit.api.conftest import Fake

GET = "/containerd.services.containers.v1.Containers/Get"
LIST = "/containerd.services.containers.v1.Containers/ListStream"
VERSION = "/containerd.services.version.v1.Version/Version"
EXPECTED = {
    grpc.StatusCode.CANCELLED: Cancelled,
    grpc.StatusCode.UNKNOWN: EngineFault,
    grpc.StatusCode.INVALID_ARGUMENT: Invalid,
    grpc.StatusCode.DEADLINE_EXCEEDED: TimedOut,
    grpc.StatusCode.NOT_FOUND: NotFound,
    grpc.StatusCode.ALREADY_EXISTS: AlreadyExists,
    grpc.StatusCode.PERMISSION_DENIED: PermissionDenied,
    grpc.StatusCode.RESOURCE_EXHAUSTED: ResourceExhausted,
    grpc.StatusCode.FAILED_PRECONDITION: Conflict,
    grpc.StatusCode.ABORTED: Conflict,
    grpc.StatusCode.OUT_OF_RANGE: Invalid,
    grpc.StatusCode.UNIMPLEMENTED: Unsupported,
    grpc.StatusCode.INTERNAL: EngineFault,
    grpc.StatusCode.UNAVAILABLE: Unavailable,
    grpc.StatusCode.DATA_LOSS: DataLoss,
    grpc.StatusCode.UNAUTHENTICATED: PermissionDenied,
}


def test_every_status_code_has_a_kind() -> None:
    """No status is forgotten, and OK, which never fails, is a fault of the engine when it does."""
    assert set(KINDS) == set(grpc.StatusCode)
    assert {code: kind for code, (kind, _) in KINDS.items()} == {
        **EXPECTED,
        grpc.StatusCode.OK: EngineFault,
    }


@pytest.mark.parametrize("code", EXPECTED, ids=lambda code: code.name)
def test_a_call_raises_the_error_of_its_status(fake: Fake, services: Services, code: grpc.StatusCode) -> None:
    """The kind is the status's, the cause gRPC's own error, and the message starts with what failed."""
    fake.answer(VERSION, _version("1.7.0"))
    fake.fail(GET, code, "because")

    with pytest.raises(ChubError, match=r"^container 'web': ") as caught:
        services.containers.get("web")

    assert type(caught.value) is EXPECTED[code]
    assert isinstance(caught.value.__cause__, grpc.RpcError)


@pytest.mark.parametrize("code", EXPECTED, ids=lambda code: code.name)
def test_a_stream_raises_the_error_of_its_status(fake: Fake, services: Services, code: grpc.StatusCode) -> None:
    """A stream that fails while it is read raises the same."""
    fake.answer(VERSION, _version("1.7.0"))
    fake.fail(LIST, code, "because")

    with pytest.raises(EXPECTED[code]):
        services.containers.list()


@pytest.mark.parametrize(
    ("what", "detail", "expected"),
    [
        ("image 'a'", 'image "a": not found', "image 'a': not found"),
        (
            "container 'a'",
            'container "a" in namespace "n": not found',
            'container "a" in namespace "n": not found',
        ),
        ("task 'a'", 'container "a" in namespace "n": not found', None),
        ("create image 'a'", 'image "a": already exists: already exists', "create image 'a': already exists"),
        ("kill", "ttrpc: closed: unknown", "kill: ttrpc: closed"),
        ("containers", "namespace is required: failed precondition", "containers: namespace is required"),
        ("start", "rpc error: code = Unknown desc = no such file: unknown", "start: no such file"),
        ("wait", "unknown", "wait: unknown"),
        ("wait", "", "wait: "),
    ],
)
def test_messages_say_nothing_twice(what: str, detail: str, expected: str | None) -> None:
    """Chains of errors lose what the message has said already, and the name of the kind at their end."""
    assert sentence(what, detail) == (expected or f"{what}: {detail}")


def test_a_deadline_that_the_engine_notices_first(fake: Fake, services: Services) -> None:
    """An engine that sees the caller's deadline pass first answers UNKNOWN: TimedOut all the same."""
    fake.fail(GET, grpc.StatusCode.UNKNOWN, "context deadline exceeded: unknown")

    with pytest.raises(TimedOut, match=r"^container 'web': context deadline exceeded$"):
        services.containers.get("web")


def test_a_full_disk_is_told_from_a_fault(fake: Fake, services: Services) -> None:
    """A full disk, which containerd says UNKNOWN of, is ResourceExhausted."""
    fake.fail(GET, grpc.StatusCode.UNKNOWN, "failed to copy: write /x: no space left on device: unknown")

    with pytest.raises(ResourceExhausted, match=r"no space left on device$") as caught:
        services.containers.get("web")
    assert "disk" in caught.value.hint


def test_a_missing_socket_is_named(tmp_path: Path) -> None:
    """Without a socket the error says so, and what to do."""
    with pytest.raises(Unavailable) as caught:
        _connect(tmp_path / "none")

    assert str(caught.value) == f"no containerd answers at {tmp_path / 'none'}: no such socket"
    assert "CONTAINERD_ADDRESS" in caught.value.hint


def test_what_is_no_socket_is_named(tmp_path: Path) -> None:
    """A directory in the socket's place is told from a missing one."""
    with pytest.raises(Unavailable, match="not a socket"):
        _connect(tmp_path)


def test_a_socket_that_nobody_listens_on_is_named(tmp_path: Path) -> None:
    """A socket that a killed containerd left behind is told from a missing one."""
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "left"))

    with pytest.raises(Unavailable, match="nobody listens there"):
        _connect(tmp_path / "left")


def test_a_socket_that_may_not_be_opened_is_named(fake: Fake, tmp_path: Path) -> None:
    """Without permission the error is PermissionDenied, and speaks of root and of the socket's group."""
    os.chmod(tmp_path / "s", 0)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        with pytest.raises(PermissionDenied) as caught:
            _connect(tmp_path / "s")
    finally:
        if root:
            os.seteuid(0)

    assert "may not be opened" in str(caught.value)
    assert "sudo" in caught.value.hint


def test_another_grpc_server_is_no_containerd(fake: Fake, services: Services, tmp_path: Path) -> None:
    """Who does not know the Version service is not containerd: Unavailable, not Unsupported."""
    with pytest.raises(Unavailable) as caught:
        services.containers.get("web")

    assert str(caught.value) == f"no containerd answers at {tmp_path / 's'}: what answers is something else"


def test_what_does_not_speak_grpc_is_no_containerd(http: Path) -> None:
    """A socket that speaks HTTP/1, as docker's: the error asks whether the socket is containerd's."""
    with pytest.raises(Unavailable) as caught:
        _connect(http)

    assert "all addresses" not in str(caught.value)
    assert "containerd's socket?" in caught.value.hint


def test_a_disabled_service_is_told_from_an_old_engine(fake: Fake, services: Services) -> None:
    """A method that the engine's version should have is Unsupported without a version to upgrade to."""
    fake.answer(VERSION, _version("1.7.24"))

    with pytest.raises(Unsupported, match="Method not found") as caught:
        services.sandbox_store.list()

    assert "disabled" in caught.value.hint


def test_an_old_engine_is_told_what_is_needed(fake: Fake, services: Services) -> None:
    """A method that came later is Unsupported, with the version that has it and the one that runs."""
    fake.answer(VERSION, _version("v1.6.20~ds1"))

    with pytest.raises(Unsupported) as caught:
        services.sandbox_store.list()

    assert str(caught.value) == "sandboxes: needs containerd 1.7 or newer, this is v1.6.20~ds1"


def test_a_field_that_an_old_engine_would_drop_is_refused(fake: Fake, services: Services) -> None:
    """What an old engine would silently ignore is not sent to it."""
    from chub.api.types import Descriptor

    fake.answer(VERSION, _version("1.7.24"))
    target = Descriptor(media_type="m", digest="sha256:0", size=1)

    with pytest.raises(Unsupported, match=r"needs containerd 2\.1"):
        services.images.delete("a", target=target)


def _version(number: str) -> object:
    from chub._generated.services.version.v1 import version_pb2

    return version_pb2.VersionResponse(version=number)


def _connect(path: Path) -> None:
    with Services(Channel(str(path), timeout=5.0)) as services:
        services.containers.get("web")


@pytest.fixture
def http(tmp_path: Path) -> Iterator[Path]:
    """A socket that answers as an HTTP/1 server does."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "http"))
        listener.listen()

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        yield tmp_path / "http"
        thread.join()
