"""The keeper's loop: take output, hear clients, notice ends."""

import json
import os
import select
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from time import monotonic

from chub.keeper import told
from chub.keeper.executed import NOTE, Executions
from chub.keeper.guard import Guard, Held
from chub.keeper.kept import SHIM_PATIENCE, Kept
from chub.output import protocol, ttrpc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

IDLE = 10.0  # seconds without containers and clients after which it ends
CLAIM = 60.0  # seconds that the client of a container which is being made has for coming back
LIMBO = 2.0  # seconds in which a call that a killed client had made reaches its end in containerd
STALL = 0.5  # seconds until what could not be written is tried again
AGAIN = 0.1  # seconds until a client that is slow is told of the end again
PEER = "3i"  # SO_PEERCRED: pid, uid, gid
RETRY = (0.2, 1.0, 5.0, 30.0)  # seconds until an end that could not be finished is tried again; the last one for ever


class Keeper:
    """All containers of one engine and namespace whose output is held here."""

    def __init__(self, place: str, listening: socket.socket, guard: Guard, held: Held) -> None:
        self.place = place
        self._guard = guard
        self._held = held  # what an earlier worker had open
        self._epoll = select.epoll()
        self._handlers: dict[int, Callable[[], None]] = {}
        self._timers: list[tuple[float, Callable[[], None]]] = []
        self._kept: dict[str, Kept] = {}
        self._executions = Executions(place, self._watch, self._unwatch, self._after)
        self._clients: dict[socket.socket, set[str]] = {}  # with what each has announced and not started
        self._listening = listening
        self._watch(listening.fileno(), self._accept)
        self._watch_guard()

    def recover(self) -> None:
        """Take over what an earlier keeper held: nothing, where somebody has removed the directory meanwhile."""
        for name in sorted(os.listdir(self.place)) if os.path.isdir(self.place) else ():
            if name.endswith(".json"):
                self._take_over(os.path.join(self.place, name))
        for id in self._held.keys() - self._kept.keys():  # forgotten just when it was killed
            for fifo in self._held.pop(id).values():
                os.close(fifo)

    def _take_over(self, memory: str) -> None:
        try:
            with open(memory) as file:
                facts = json.load(file)
            if os.path.basename(memory).startswith(NOTE):
                self._executions.recover(facts)
                return
            self._hold(facts)
        except FileNotFoundError:  # its FIFOs, its directory: it was finished just then
            os.unlink(memory)
        except OSError:  # a full disk, too many files
            self._after(STALL, lambda: self._take_over(memory))
        else:
            kept = self._kept[facts["id"]]
            if "pid" in facts:
                self._made(kept)
            if facts["attended"]:
                self._after(CLAIM, partial(self._abandoned, kept))

    def run(self) -> None:
        """Work until there is nothing to hold and nobody asks, or can ask."""
        idle = monotonic()
        while True:
            now = monotonic()
            if self._kept or self._clients or self._executions:
                idle = now
            elif now - idle >= IDLE or not os.path.isdir(self.place):
                self._guard.dismiss()
                return
            due = [timer for timer in self._timers if timer[0] <= now]
            self._timers = [timer for timer in self._timers if timer[0] > now]
            for _, call in due:
                call()
            next_timer = min((when for when, _ in self._timers), default=now + IDLE)
            for descriptor, _ in self._epoll.poll(max(0.0, min(next_timer - monotonic(), IDLE))):
                if handler := self._handlers.get(descriptor):  # an earlier one of this round may have closed it
                    handler()

    def _watch(self, descriptor: int, handler: Callable[[], None]) -> None:
        self._handlers[descriptor] = handler
        self._epoll.register(descriptor, select.EPOLLIN)

    def _unwatch(self, descriptor: int) -> None:
        if self._handlers.pop(descriptor, None):
            self._epoll.unregister(descriptor)

    def _after(self, seconds: float, call: Callable[[], None]) -> None:
        self._timers.append((monotonic() + seconds, call))

    def _watch_guard(self) -> None:
        """Have a guard that holds what is held here, and another one when that has died."""
        held = {id: {stream: fifo for fifo, stream in kept.fifos.items()} for id, kept in self._kept.items()}
        descriptor = self._guard.start(held | self._held, self._let_go)
        self._watch(descriptor, partial(self._guard_died, descriptor))

    def _guard_died(self, descriptor: int) -> None:
        self._unwatch(descriptor)
        self._watch_guard()

    def _let_go(self) -> None:
        """In a guard: close what has an object to close it, so that this does not happen later, to another's number."""
        self._epoll.close()
        for client in self._clients:
            client.close()

    # clients

    def _accept(self) -> None:
        client, _ = self._listening.accept()
        client.setblocking(False)
        self._clients[client] = set()
        self._watch(client.fileno(), lambda: self._hear(client))

    def _hear(self, client: socket.socket) -> None:
        try:
            message = protocol.receive(client)
            if message is not None:
                if (answer := self._answer(client, message)) is not None:
                    protocol.send(client, answer)
                return
        except (OSError, ValueError):
            pass  # a client that breaks off or the rules is as one that leaves
        self._leave(client)

    def _answer(self, client: socket.socket, message: "dict[str, Any]") -> "dict[str, Any] | None":
        try:
            kind, id = message["kind"], told.text(message["id"])
            if kind == protocol.KEEP:
                self._hold({**told.facts(message["facts"], told.KEPT), "attended": True})
                self._clients[client].add(id)
                return {"ok": True}
            if kind == protocol.EXECUTE:
                self._execute(client, told.facts(message["facts"], told.EXECUTED))
                return None
            if id not in self._kept and kind == protocol.READ:
                return None
            if id not in self._kept:
                return {"error": f"container {id} is not held here"}
            kept = self._kept[id]
            if kind == protocol.MADE:
                kept.facts |= {"pid": told.pid(message["pid"]), "ticks": told.number(message["ticks"])}
                self._clients[client].add(id)  # again, where another keeper was told of it
                self._made(kept)
            elif kind == protocol.ATTEND:
                kept.facts["attended"] = True
                self._clients[client].add(id)
            elif kind == protocol.RELEASE:
                self._clients[client].discard(id)
                self._left(kept)
                if kept.over:
                    self._finish(kept)
            elif kind == protocol.ENDED:
                self._take_rest(kept)
                return {"ok": True, "exit": kept.facts.get("exit")}
            elif kind == protocol.DROP:
                self._clients[client].discard(id)
                kept.finished = True
                self._take_rest(kept)
            elif kind == protocol.FOLLOW:
                record = message.get("record")
                kept.followers[client] = None if record is None else told.number(record)
                if not kept.fifos:
                    self._after(0, lambda: self._tell_one(kept, client))
                return {"ok": True, "limited": "limit" in kept.facts}
            elif kind == protocol.READ:
                kept.followers[client] = told.number(message["record"])
                kept.trim()
                return None
            else:
                return {"error": f"unknown message {kind!r}"}
        except (KeyError, TypeError, ValueError) as failure:
            return {"error": f"malformed message: {failure!r}"}
        except OSError as failure:
            return {"error": f"{failure.strerror}: {failure.filename or ''}".rstrip(": ")}
        return {"ok": True}

    def _execute(self, client: socket.socket, facts: "dict[str, Any]") -> None:
        pid, _, _ = struct.unpack(PEER, client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize(PEER)))
        kept = self._kept.get(facts["container"])
        self._executions.attended(facts, kept.facts.get("shim") if kept else None, pid)
        self._clients[client].add(facts["id"])

    def _leave(self, client: socket.socket) -> None:
        """A client has gone; what it looked after is looked after here."""
        self._unwatch(client.fileno())
        for kept in self._kept.values():
            if kept.followers.pop(client, None) is not None:
                kept.trim()
        for id in self._clients.pop(client, ()):
            self._executions.left(id)
            if id in self._kept:
                self._left(self._kept[id])
                self._kept[id].end_input()
                self._after(LIMBO, partial(self._abandoned, self._kept[id]))
        client.close()

    # containers

    def _left(self, kept: Kept) -> None:
        """Nobody else looks after a container any more."""
        reads = kept.facts["reads"]
        kept.facts |= {"attended": False, "reads": False}
        self._note(kept)
        if reads:
            with suppress(OSError):  # it is all over
                kept.open()
                self._watch_fifos(kept)

    def _abandoned(self, kept: Kept) -> None:
        """Finish what a client announced and did not start, or attended until its end, unless it came back."""
        if self._kept.get(kept.id) is kept and not any(kept.id in ids for ids in self._clients.values()):
            self._finish(kept)

    def _hold(self, facts: "dict[str, Any]") -> None:
        kept = Kept(facts, self.place, self._held.pop(facts["id"], None))
        kept.remember()
        self._kept[kept.id] = kept
        self._watch_fifos(kept)

    def _watch_fifos(self, kept: Kept) -> None:
        self._guard.hold(kept.id, {stream: fifo for fifo, stream in kept.fifos.items()})
        for fifo in kept.fifos:
            self._watch_fifo(kept, fifo)

    def _watch_fifo(self, kept: Kept, fifo: int) -> None:
        self._watch(fifo, lambda: self._take(kept, fifo))

    def _take(self, kept: Kept, fifo: int) -> None:
        try:
            more = kept.take(fifo)
        except OSError:  # a full disk, mostly: it waits in the FIFO, and the program with it
            self._unwatch(fifo)
            self._after(STALL, lambda: self._watch_fifo(kept, fifo) if fifo in kept.fifos else None)
            return
        if not more:
            self._unwatch(fifo)
            kept.end(fifo)
        self._tell(kept)
        self._settle(kept)

    def _tell(self, kept: Kept) -> None:
        """Tell all who follow that there is more output, or that there will be none."""
        for follower in list(kept.followers):
            self._tell_one(kept, follower)

    def _tell_one(self, kept: Kept, follower: socket.socket) -> None:
        try:
            protocol.send(follower, {} if kept.fifos else {"end": True})
        except BlockingIOError:  # it has not read earlier ones, and will look when it does; but it must hear the end
            if not kept.fifos:
                self._after(AGAIN, lambda: self._tell_one(kept, follower) if follower in kept.followers else None)
        except OSError:
            self._leave(follower)

    def _made(self, kept: Kept) -> None:
        if kept.watch():
            with suppress(ttrpc.NoAnswer):  # then containerd is asked
                shim = ttrpc.shim_of(kept.facts["pid"])
                kept.facts["shim"] = (shim.address, shim.version)
            self._note(kept)
            self._watch(kept.pidfd, lambda: self._ended(kept))
        else:
            self._over(kept)

    def _ended(self, kept: Kept) -> None:
        self._unwatch(kept.pidfd)
        if shim := kept.facts.get("shim"):
            with suppress(ttrpc.NoAnswer):
                kept.facts["exit"] = ttrpc.Shim(*shim).wait(kept.id, SHIM_PATIENCE)
                self._note(kept)
        self._over(kept)

    def _over(self, kept: Kept) -> None:
        """Its program has ended. Who attends it finishes it; that client may be about to come back."""
        kept.over = True
        if not kept.facts["attended"]:
            self._finish(kept)
        else:
            self._after(LIMBO, partial(self._abandoned, kept))

    def _note(self, kept: Kept) -> None:
        """Write down what is new; on a full disk it is known as long as this process lives."""
        with suppress(OSError):
            kept.remember()

    def _finish(self, kept: Kept) -> None:
        """Have a process of chub's own write down how it ended, delete the task, and remove what is to go."""
        if kept.finisher >= 0 or kept.finished:
            return
        known = (kept.facts["pid"], *kept.facts.get("exit", ())) if kept.over else (protocol.UNLESS_IT_RUNS,)
        argv = [*kept.facts["finish"], *map(str, known)]
        null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
        actions = [(os.POSIX_SPAWN_DUP2, null, place) for place in (0, 1)]  # what it complains of goes where ours does
        try:
            kept.finisher = os.posix_spawn(argv[0], argv, os.environ, file_actions=actions)
        except OSError:
            self._finish_later(kept)
            return
        finally:
            os.close(null)
        kept.finisher_fd = os.pidfd_open(kept.finisher)
        self._watch(kept.finisher_fd, lambda: self._finished(kept))

    def _finished(self, kept: Kept) -> None:
        _, status = os.waitpid(kept.finisher, 0)
        self._unwatch(kept.finisher_fd)
        os.close(kept.finisher_fd)
        kept.finisher = -1
        if os.waitstatus_to_exitcode(status) == protocol.RUNS and not kept.over:
            return
        if status:
            self._finish_later(kept)
            return
        kept.finished = True
        self._take_rest(kept)

    def _take_rest(self, kept: Kept) -> None:
        """Take the last output: its task is gone."""
        for fifo in list(kept.fifos):
            self._unwatch(fifo)
        self._drain(kept)

    def _drain(self, kept: Kept) -> None:
        """Take what is left in the FIFOs; on a full disk when there is room again."""
        try:
            kept.drain()
        except OSError:
            if os.path.isdir(kept.facts["data"]):
                self._after(STALL, lambda: self._drain(kept))
            else:  # it was removed, and takes room as long as it is open
                for fifo in list(kept.fifos):
                    kept.end(fifo)
        self._tell(kept)
        self._settle(kept)

    def _finish_later(self, kept: Kept) -> None:
        """Try it again, or let it be where the engine's directory was removed: nobody will ask how it ended."""
        if not os.path.isdir(self.place):
            self._forget(kept)
            return
        if kept.failures:
            kept.call_for_help()
        self._after(RETRY[min(kept.failures, len(RETRY) - 1)], lambda: self._finish(kept))
        kept.failures += 1

    def _settle(self, kept: Kept) -> None:
        if kept.finished and not kept.fifos:
            self._forget(kept)

    def _forget(self, kept: Kept) -> None:
        if self._kept.get(kept.id) is not kept:  # its client dropped it while a finisher was under way
            return
        for descriptor in kept.descriptors():
            self._unwatch(descriptor)
        for follower in kept.followers:
            self._unwatch(follower.fileno())
            self._clients.pop(follower, None)
            with suppress(OSError):  # it has gone, or does not listen
                protocol.send(follower, {"exit": kept.facts.get("exit")})
        self._kept.pop(kept.id, None)
        kept.forget()
        self._guard.drop(kept.id)
