"""A server that answers whatever a test wants."""

from __future__ import annotations

import socket
import tempfile
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def serving(reply: Callable[[bytes], bytes]) -> Iterator[str]:
    """The path of a Unix socket where each caller gets what `reply` makes of the first bytes that it sends."""
    with tempfile.TemporaryDirectory() as directory, socket.socket(socket.AF_UNIX) as listening:
        listening.bind(f"{directory}/s")
        listening.listen()

        def serve() -> None:
            while True:
                try:
                    caller, _ = listening.accept()
                except OSError:
                    return
                with caller, suppress(OSError):
                    caller.sendall(reply(caller.recv(1 << 16)))

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"{directory}/s"
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()
