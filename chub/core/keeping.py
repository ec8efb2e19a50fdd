"""The keeper of a namespace, as its clients see it: started when nobody answers, asked over its socket."""

from __future__ import annotations

import fcntl
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import chub.keeper
from chub.core.workspace import Workspace, private_directory, writing
from chub.errors import ChubError, TimedOut, Unavailable
from chub.output import protocol

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.options.request import Request

PROGRAM = str(Path(chub.keeper.__file__).with_name("__main__.py"))
ANSWER = 10.0  # seconds
NOBODY = (ConnectionRefusedError, FileNotFoundError)  # what connecting says where no keeper is alive
LEAST = 0.001  # seconds: zero would be no waiting at all
LOOK = 0.1  # seconds between two looks at what a keeper of another version does
TRIES = 3  # a keeper that has nothing to do may end just when it is asked
FINISH = "import sys; sys.path[:] = {path}; from chub.core.finish import main; main(sys.argv[1:])"


class Keeper:
    """A connection to the keeper, made when something is said."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._place = Path(protocol.directory(str(workspace.state)))
        self._connection: socket.socket | None = None
        self._limited = False  # whether what is followed has to be told what has been read

    def close(self) -> None:
        """End the connection. What is looked after through it is then looked after by the keeper."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextmanager
    def keeping(self, id: str, fifos: Path, data: Path, request: Request, *, reads: bool) -> Iterator[None]:
        """Have the output of the task held that the block makes: its FIFOs in `fifos` are there.

        The keeper is told before, so that it looks after what a killed client leaves, and heard after. The end is
        looked after by whoever calls this, until `release` or as long as this connection lasts. That one also `reads`
        the output, or has the keeper do it.
        """
        settings, services, logging = self._workspace.settings, self._workspace.services, request.logging
        argv = [sys.executable, "-P", "-c", FINISH.format(path=_search_path()), services.address, services.namespace]
        argv += [str(settings.data_root), str(settings.state_root), settings.snapshotter, id]
        facts = {"id": id, "fifos": str(fifos), "data": str(data), "tty": request.terminal.tty, "finish": argv}
        facts |= {"reads": reads, "stdin_once": request.terminal.stdin_once, "kept": logging.driver != "none"}
        if logging.max_size:
            facts["limit"] = [logging.max_size, logging.max_file]
        message = {"kind": protocol.KEEP, "id": id, "facts": facts}
        told = False
        with suppress(OSError):  # a keeper that was killed just now: then it is said again
            protocol.send(self._connected(start=True), message)
            told = True
        try:
            yield
        finally:
            self._say(message, start=True, told=told)

    def made(self, id: str, pid: int, ticks: int) -> None:
        """Its task is made: its first process, and the start of that, as pids come again."""
        self._say({"kind": protocol.MADE, "id": id, "pid": pid, "ticks": ticks}, start=True)

    def execute(self, id: str, container: str, fifos: Path, *, pid: int, tty: bool, stdin: bool) -> None:
        """A program is about to be executed in a container, whose first process is `pid`: see `chub.keeper.executed`.

        It is looked after by whoever calls this, as long as this connection lasts. Nobody waits for a keeper that has
        to be started, and its FIFOs need not be there yet.
        """
        facts = {"id": id, "container": container, "fifos": str(fifos), "pid": pid, "tty": tty, "stdin": stdin}
        message = {"kind": protocol.EXECUTE, "id": id, "facts": facts}
        try:
            protocol.send(self._connected(start=True), message)
        except OSError as failure:
            raise Unavailable(f"the keeper does not answer: {failure}") from failure

    def attend(self, id: str) -> None:
        """It is about to be removed: look after its end, if it is held, as long as this connection lasts."""
        with suppress(ChubError):
            self._say({"kind": protocol.ATTEND, "id": id})

    def ended(self, id: str) -> tuple[int, int] | None:
        """Its task is deleted: all output is to be taken. How it ended (see `settled`), if the keeper has seen it."""
        try:
            return _exit(self._say({"kind": protocol.ENDED, "id": id}, start=True))
        except ChubError:  # the keeper has been killed, and another one has looked after it
            return None

    def release(self, id: str) -> None:
        """Its program runs, and is left to the keeper from now on."""
        self._say({"kind": protocol.RELEASE, "id": id}, start=True)

    def drop(self, id: str) -> None:
        """Nothing of it is left to look after."""
        with suppress(ChubError):
            self._say({"kind": protocol.DROP, "id": id})

    def follow(self, id: str, record: int | None = None) -> bool:
        """Ask to be told when there is more output than up to `record`; False if it is not held (any more).

        A keeper of another version is not asked: that there is more is seen in the files.
        What has not been read from `record` on is kept, also beyond the limit of what is kept.
        """
        message = {"kind": protocol.FOLLOW, "id": id, "record": record}
        try:
            wanted = os.path.exists(protocol.note_path(str(self._place), id))
            self._limited = self._say(message, start=wanted).get("limited", False)
        except ChubError:
            self.close()
            return self._held_elsewhere(id)
        assert self._connection is not None
        self._connection.settimeout(None)
        return True

    def awaited(self, id: str, record: int) -> bool:
        """Wait until there may be more output than up to `record`; False at its end. A killed keeper is none."""
        if self._limited and self._connection is not None:
            with suppress(OSError):  # it has been killed
                protocol.send(self._connection, {"kind": protocol.READ, "id": id, "record": record})
        if self._connection is None and self._held_elsewhere(id):
            time.sleep(LOOK)
            return True
        message = self._heard()
        return not message.get("end") if message is not None else self.follow(id, record)

    def settled(self, id: str, patience: float | None = None) -> tuple[int, int] | None:
        """Wait until what has ended is written down and tidied up.

        How it ended, if the keeper knows: exit code, and time in nanoseconds since 1970. Raises TimedOut where it takes
        longer than `patience` seconds, as on a full disk; without them, never.
        """
        known = None
        end = None if patience is None else time.monotonic() + patience
        while self._connection is not None or (self.follow(id) and self._connection is not None):
            while (message := self._heard(end)) is not None:
                known = _exit(message) or known
        deadline = time.monotonic() + ANSWER
        while self._held_elsewhere(id) and time.monotonic() < deadline:
            time.sleep(LOOK)
        return known

    def holds(self, id: str) -> bool:
        """Whether a keeper holds it, of this version or another."""
        return os.path.exists(protocol.note_path(str(self._place), id)) or self._held_elsewhere(id)

    def _held_elsewhere(self, id: str) -> bool:
        """Whether a keeper of another version holds it."""
        others = (place for place in protocol.places(str(self._workspace.state)) if place != str(self._place))
        return any(os.path.exists(protocol.note_path(place, id)) and alive(Path(place)) for place in others)

    def _heard(self, end: float | None = None) -> dict[str, Any] | None:
        """What the keeper says unasked; None when it has ended the connection. Raises TimedOut at `end`."""
        if self._connection is not None:
            try:
                if end is not None:
                    self._connection.settimeout(max(end - time.monotonic(), LEAST))
                if (message := protocol.receive(self._connection)) is not None:
                    return message
            except TimeoutError as failure:
                self.close()
                raise TimedOut("the keeper has not finished it") from failure
            except OSError:
                pass
        self.close()
        return None

    def _say(self, message: dict[str, Any], *, start: bool = False, told: bool = False) -> dict[str, Any]:
        """The keeper's answer to a message, which it may have been `told`."""
        for left in reversed(range(TRIES)):
            try:
                connection = self._connected(start=start)
                if not told:
                    protocol.send(connection, message)
                told = False
                answer = protocol.receive(connection)
            except (OSError, ValueError) as failure:
                self.close()
                if not left or not start:
                    raise Unavailable(f"the keeper does not answer: {failure}") from failure
                continue
            if answer is None:
                self.close()
                continue
            if error := answer.get("error"):
                raise ChubError(f"the keeper: {error}")
            return answer
        raise Unavailable("the keeper ends whenever it is asked")

    def revive(self) -> None:
        """Start a keeper where one was killed that held something."""
        with suppress(FileNotFoundError):
            if any(name.endswith(".json") for name in os.listdir(self._place)):
                self._connected(start=True)
                self.close()

    def called_off(self, id: str) -> None:
        """It is finished, by whoever calls this."""
        self.drop(id)
        with suppress(FileNotFoundError):
            os.unlink(protocol.late_path(str(self._place), id))

    def late(self) -> list[str]:
        """The containers that the keeper's own processes have failed to finish."""
        with suppress(FileNotFoundError):
            return [name.removesuffix(".late") for name in os.listdir(self._place) if name.endswith(".late")]
        return []

    def _connected(self, *, start: bool) -> socket.socket:
        if self._connection is None:
            try:
                self._connection = self._connect()
            except NOBODY:
                if not start:
                    raise
                self._connection = self._started()
        return self._connection

    def _connect(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        connection.settimeout(ANSWER)
        try:
            with _short(self._place) as place:
                connection.connect(protocol.socket_path(place))
        except OSError:
            connection.close()
            raise
        return connection

    def _started(self) -> socket.socket:
        """Start a keeper. It has its socket from us, so that nobody waits for it."""
        with writing(self._place):
            private_directory(self._place)
            with _locked(self._place / "start"):
                with suppress(*NOBODY):
                    return self._connect()  # another client has started one meanwhile
                with _locked(self._place / "alive") as lock:  # one that dies has it a moment longer than its socket
                    self._spawn(lock)
                return self._connect()

    def _spawn(self, lock: int) -> None:
        with _short(self._place) as place, socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listening:
            path = protocol.socket_path(place)
            with suppress(FileNotFoundError):
                os.unlink(path)
            listening.bind(path)
            listening.listen(128)
            null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
            # by way of high numbers: one of ours may be 3 or 4 itself
            high = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10) for fd in (listening.fileno(), lock)]
            targets = (protocol.LISTENING, protocol.LOCK)
            errors = os.open(self._place / "errors", os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            streams = zip((null, null, errors), (0, 1, 2), strict=True)
            actions = [(os.POSIX_SPAWN_DUP2, fd, target) for fd, target in streams]
            actions += [(os.POSIX_SPAWN_DUP2, fd, target) for fd, target in zip(high, targets, strict=True)]
            try:
                os.posix_spawn(
                    sys.executable,
                    [sys.executable, "-IS", PROGRAM, str(self._place)],
                    {"PATH": os.defpath},
                    file_actions=actions,
                    setsid=True,
                )
            finally:
                for fd in (null, errors, *high):
                    os.close(fd)


def alive(place: Path) -> bool:
    """Whether the keeper of a directory has its lock."""
    try:
        descriptor = os.open(place / "alive", os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _search_path() -> list[str]:
    """Where this process finds modules, and another one that works elsewhere finds the same ones."""
    return [*(each for each in sys.path if os.path.isabs(each)), str(Path(PROGRAM).parents[2])]


def _exit(message: dict[str, Any]) -> tuple[int, int] | None:
    return tuple(message["exit"]) if message.get("exit") else None


@contextmanager
def _short(directory: Path) -> Iterator[str]:
    """A short name of a directory: a socket's is limited to 107 bytes."""
    descriptor = os.open(directory, os.O_PATH | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    """A lock on a file, by its descriptor: with a copy of that another process goes on having it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)
