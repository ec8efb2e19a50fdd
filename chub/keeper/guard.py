"""The other process of a keeper: it has every FIFO open too, and takes over when the one that works is killed.

A container that ends while nobody has its FIFO open loses what that held. So there are two: a worker, and a guard that
only waits. A guard whose worker has died works itself, with a new guard; a worker whose guard has died starts another.
They share the descriptors of socket and lock from the first fork on: either alone keeps the keeper alive.
"""

import json
import os
import socket
from collections.abc import Callable
from contextlib import suppress

from chub.output.format import Stream

Held = dict[str, dict[Stream, int]]
"""FIFOs by container and stream."""

LIMIT = 1 << 12  # bytes of a message
DESCRIPTORS = len(Stream)


class Succession(Exception):
    """Raised in a guard whose worker has died: work now, with what is held."""

    def __init__(self, held: Held) -> None:
        super().__init__()
        self.held = held


class Guard:
    """The worker's view of its guard."""

    def __init__(self, keep: tuple[int, ...]) -> None:
        self._keep = keep  # descriptors that both have
        self._link: socket.socket | None = None
        self._pid = 0

    def start(self, held: Held, let_go: Callable[[], None]) -> int:
        """Fork a guard that holds these; the descriptor that says (at its end) that it has died.

        In the guard `let_go` closes what is the worker's alone, and `Succession` is raised when the worker has died.
        """
        if self._link is not None:
            self._link.close()
            with suppress(ChildProcessError):
                os.waitpid(self._pid, 0)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._pid = os.fork()
        if not self._pid:
            ours.close()
            let_go()
            self._stand(theirs, {id: dict(fifos) for id, fifos in held.items()})
        theirs.close()
        self._link = ours
        return ours.fileno()

    def hold(self, id: str, fifos: dict[Stream, int]) -> None:
        """Have it hold a container's FIFOs."""
        self._send({"id": id, "streams": list(fifos)}, list(fifos.values()))

    def drop(self, id: str) -> None:
        """Have it let go of them."""
        self._send({"id": id, "streams": []}, [])

    def dismiss(self) -> None:
        """There is nothing to hold and nobody to work for."""
        self._send({}, [])

    def _send(self, message: dict[str, object], descriptors: list[int]) -> None:
        assert self._link is not None
        with suppress(OSError):  # it has died, and the loop is about to hear of it
            socket.send_fds(self._link, [json.dumps(message).encode()], descriptors)

    def _stand(self, link: socket.socket, held: Held) -> None:
        """What the guard does."""
        ours = {0, 1, 2, link.fileno(), *self._keep, *(fifo for fifos in held.values() for fifo in fifos.values())}
        for name in os.listdir("/proc/self/fd"):
            if int(name) not in ours:
                with suppress(OSError):  # the one that listed them
                    os.close(int(name))
        while True:
            try:
                data, descriptors, _, _ = socket.recv_fds(link, LIMIT, DESCRIPTORS, socket.MSG_CMSG_CLOEXEC)
            except ConnectionResetError:
                break
            if not data:
                break
            message = json.loads(data)
            if not message:
                os._exit(0)
            for fifo in held.pop(message["id"], {}).values():
                os.close(fifo)
            if descriptors:
                held[message["id"]] = dict(zip(map(Stream, message["streams"]), descriptors, strict=True))
        link.close()
        raise Succession(held)
