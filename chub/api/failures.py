"""gRPC's failures as chub's errors: kind by status, reason in containerd's words, next step as a hint."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import grpc
from grpc import StatusCode

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
    from chub.api.channel import Channel

KINDS: Final[Mapping[StatusCode, tuple[type[ChubError], str]]] = {
    StatusCode.OK: (EngineFault, ""),
    StatusCode.CANCELLED: (Cancelled, ""),
    StatusCode.UNKNOWN: (EngineFault, ""),
    StatusCode.INVALID_ARGUMENT: (Invalid, ""),
    StatusCode.DEADLINE_EXCEEDED: (TimedOut, "is the engine busy? Allow more time, or read its log"),
    StatusCode.NOT_FOUND: (NotFound, ""),
    StatusCode.ALREADY_EXISTS: (AlreadyExists, ""),
    StatusCode.PERMISSION_DENIED: (PermissionDenied, ""),
    StatusCode.RESOURCE_EXHAUSTED: (ResourceExhausted, "is the engine's disk full, or the message too large?"),
    StatusCode.FAILED_PRECONDITION: (Conflict, ""),
    StatusCode.ABORTED: (Conflict, ""),
    StatusCode.OUT_OF_RANGE: (Invalid, ""),
    StatusCode.UNIMPLEMENTED: (Unsupported, ""),
    StatusCode.INTERNAL: (EngineFault, ""),
    StatusCode.UNAVAILABLE: (Unavailable, ""),
    StatusCode.DATA_LOSS: (DataLoss, ""),
    StatusCode.UNAUTHENTICATED: (PermissionDenied, ""),
}
WORDS: Final[Mapping[StatusCode, str]] = {
    StatusCode.CANCELLED: "the call was cancelled",
    StatusCode.DEADLINE_EXCEEDED: "no answer within the deadline",
}
WRAPPED = r"rpc error: code = \w+ desc = "  # how Go writes a gRPC error that it passes on inside another
NOT_CONNECTED = "failed to connect to all addresses"  # gRPC's words; what follows is of no use to a reader
UNKNOWN: Final[Mapping[str, StatusCode]] = {  # errors of Go and the kernel that containerd has no status for
    "context deadline exceeded": StatusCode.DEADLINE_EXCEEDED,  # the engine saw it pass before gRPC here did
    "no space left on device": StatusCode.RESOURCE_EXHAUSTED,
    "disk quota exceeded": StatusCode.RESOURCE_EXHAUSTED,
}
KIND_WORDS = {
    "failed precondition",
    "invalid argument",
    "not implemented",
    "unavailable",
    "unknown",
    "internal",
}
QUOTES: Final = str.maketrans("", "", "'\"`")
RUNNING_HINT = "start containerd, or a private one (chub engine start), or name its socket (CONTAINERD_ADDRESS)"
SNAPSHOTTER_HINT = "choose one that the engine has: --snapshotter overlayfs, or native"
ACCESS_HINT = "run it as root (sudo), or join the group that owns the socket"


@contextmanager
def reported(what: str, channel: Channel | None = None, *, since: str = "") -> Iterator[None]:
    """Raise what gRPC raises inside as an error of ours.

    ``what`` is the subject of the message ("container 'web'", "start task 'web'"), ``since`` the first
    containerd version that has what is called, when not all have it.
    """
    try:
        yield
    except grpc.RpcError as failure:
        raise described(failure, what, channel, since=since) from failure
    except ValueError as failure:
        if channel is None or not channel.closed:
            raise
        raise Unavailable(f"{what}: the channel to {channel.path} is closed") from failure


def described(failure: grpc.RpcError, what: str, channel: Channel | None = None, *, since: str = "") -> ChubError:
    """The error of a failed call."""
    code = failure.code()
    if code is StatusCode.CANCELLED and "RST_STREAM" in (failure.details() or ""):
        code = StatusCode.DEADLINE_EXCEEDED  # not by us: the engine saw it pass before gRPC here did
    words = WORDS.get(code) or failure.details() or code.name.lower().replace("_", " ")
    message = sentence(what, words)
    if code is StatusCode.UNKNOWN:
        code = next((meant for end, meant in UNKNOWN.items() if message.endswith(end)), code)
    kind, hint = KINDS.get(code, (EngineFault, ""))
    if "snapshotter not loaded" in words:
        hint = SNAPSHOTTER_HINT
    if code is StatusCode.UNAVAILABLE and channel is not None:
        lost = f"{what}: no connection to {channel.path}"
        return unreachable(channel.path, lost if words.startswith(NOT_CONNECTED) else message)
    if code is StatusCode.UNIMPLEMENTED and channel is not None:
        return _unsupported(what, message, channel, since)
    return kind(message, hint=hint)


def sentence(what: str, detail: str) -> str:
    """What failed, then why in containerd's own words without what is said twice.

    Its errors are chains joined by ": ". The end often repeats the kind of the error ("x: already exists:
    already exists"), the start what was asked for ('container "web" in namespace "demo": not found').
    """
    kept: list[str] = []
    for part in re.sub(WRAPPED, "", detail).strip().split(": "):
        if part and not (kept and kept[-1].endswith(part)):
            kept.append(part)
    while len(kept) > 1 and kept[-1] in KIND_WORDS:
        del kept[-1]
    subject = what.translate(QUOTES)
    while len(kept) > 1 and subject.endswith(kept[0].translate(QUOTES)):
        del kept[0]
    why = ": ".join(kept)
    return why if why.translate(QUOTES).startswith(subject) else f"{what}: {why}"


def unreachable(path: str, otherwise: str) -> ChubError:
    """Why nobody answered at a socket, found by looking at it; ``otherwise`` is said when it looks fine."""
    import socket

    nobody = f"no containerd answers at {path}"
    try:
        if not stat.S_ISSOCK(os.stat(path).st_mode):
            return Unavailable(f"{nobody}: not a socket", hint=RUNNING_HINT)
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(1)
            probe.connect(path)
    except PermissionError:
        return PermissionDenied(f"the socket {path} may not be opened: permission denied", hint=ACCESS_HINT)
    except (FileNotFoundError, NotADirectoryError):
        return Unavailable(f"{nobody}: no such socket", hint=RUNNING_HINT)
    except ConnectionRefusedError:
        return Unavailable(f"{nobody}: nobody listens there", hint=RUNNING_HINT)
    except OSError as failure:
        return Unavailable(f"{nobody}: {failure.strerror or failure}", hint=RUNNING_HINT)
    return Unavailable(otherwise, hint=f"is {path} containerd's socket? If it restarts just now, try again")


def _unsupported(what: str, message: str, channel: Channel, since: str) -> ChubError:
    """Why the engine lacks a method: it is no containerd, too old, or configured so."""
    from chub.api.version import Version

    try:
        found = Version(version=channel.engine_version())
    except grpc.RpcError as failure:
        if failure.code() is StatusCode.UNIMPLEMENTED:
            other = f"no containerd answers at {channel.path}: what answers is something else"
            return Unavailable(other, hint=RUNNING_HINT)
        return Unsupported(message)
    if since and found.older_than(since):
        return Unsupported(f"{what}: needs containerd {since} or newer, this is {found.version}")
    return Unsupported(message, hint="it may be disabled in the engine's configuration")
