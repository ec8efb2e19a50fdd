"""`chub` that kills itself at a boundary: where it speaks to containerd or to the keeper.

``python -m tests.support.killed MOMENT BOUNDARY WORD…`` runs ``chub WORD…`` and ends it with SIGKILL at a `Moment` of
a boundary: the name of a call (``Tasks/Create``) or of a message to the keeper (``keeper/keep``), with ``#2`` for its
second time. The process that the variable `STALL` names is stopped there, if it is not 0.
``python -m tests.support.killed none FILE WORD…`` lets it go on, and adds its boundaries to a file.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from enum import StrEnum
from functools import partial
from typing import Any

import grpc

from chub.output import protocol


class Moment(StrEnum):
    """When it is killed."""

    BEFORE = "before"  # nothing has been said
    WITHIN = "within"  # it has been said, and is being heard
    LATER = "later"  # what it asks for is being done
    AFTER = "after"  # there is an answer


DELAYS = {Moment.WITHIN: 0.003, Moment.LATER: 0.025}  # seconds since it was said; an earlier answer is held back
STALL = "CHUB_TESTS_STALL"
Hook = Callable[[str], Moment | None]


def die() -> None:
    """End this process as if by an operator's or the kernel's hand."""
    os.kill(os.getpid(), signal.SIGKILL)
    threading.Event().wait()


class Boundaries:
    """What happens at the boundaries, by their names."""

    def __init__(self, moment: str, wanted: str) -> None:
        self._moment = Moment(moment) if moment != "none" else None
        self._wanted = wanted
        self._seen: Counter[str] = Counter()
        self._lock = threading.Lock()

    def __call__(self, name: str, go_on: Callable[[], Any]) -> Any:
        """Go on over a boundary, or not."""
        with self._lock:
            self._seen[name] += 1
            name = name if self._seen[name] == 1 else f"{name}#{self._seen[name]}"
            if self._moment is None:
                with open(self._wanted, "a") as file:
                    file.write(f"{name}\n")
        if self._moment is None or name != self._wanted:
            return go_on()
        if stall := int(os.environ.get(STALL, "0")):
            os.kill(stall, signal.SIGSTOP)
        if self._moment is Moment.BEFORE:
            die()
        if delay := DELAYS.get(self._moment):
            threading.Timer(delay, die).start()
        go_on()
        if delay:
            threading.Event().wait()
        return die()


class Interceptor(
    grpc.UnaryUnaryClientInterceptor,
    grpc.UnaryStreamClientInterceptor,
    grpc.StreamStreamClientInterceptor,
):
    """gRPC's calls are boundaries; where a client says more than one thing, each is one."""

    def __init__(self, boundaries: Boundaries) -> None:
        self._boundaries = boundaries

    def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
        """Ask, and be answered."""
        return self._boundaries(_name(details), lambda: continuation(details, request))

    def intercept_unary_stream(self, continuation: Any, details: Any, request: Any) -> Any:
        """Ask, and be answered bit by bit."""
        return self._boundaries(_name(details), lambda: continuation(details, request))

    def intercept_stream_stream(self, continuation: Any, details: Any, requests: Iterator[Any]) -> Any:
        """A conversation."""
        return continuation(details, self._each(_name(details), requests))

    def _each(self, name: str, requests: Iterator[Any]) -> Iterator[Any]:
        for request in requests:
            if self._boundaries(name, lambda: True):
                yield request


def _name(details: Any) -> str:
    """``/containerd.services.tasks.v1.Tasks/Create`` is ``Tasks/Create``."""
    return str(details.method).rpartition(".")[2]


def main() -> None:
    """Run chub's command line with its boundaries watched."""
    boundaries = Boundaries(*sys.argv[1:3])
    connect, send = grpc.insecure_channel, protocol.send

    def channel(*args: Any, **named: Any) -> grpc.Channel:
        return grpc.intercept_channel(connect(*args, **named), Interceptor(boundaries))

    def tell(connection: Any, message: dict[str, Any]) -> None:
        boundaries(f"keeper/{message['kind']}", partial(send, connection, message))

    grpc.insecure_channel = channel
    protocol.send = tell
    from chub.cli.main import main

    sys.argv[:] = ["chub", *sys.argv[3:]]
    main()


if __name__ == "__main__":
    main()
