"""What the tasks of a namespace do, also where a shim does not answer: that holds up nobody who asks about others.

containerd gives each shim two seconds, one after the other, and then says "unknown".
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from chub.errors import NotFound, TimedOut

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.api.services import Services
    from chub.api.tasks import Task
    from chub.engine.shims import Shim

PROMPT = 0.35  # seconds that all shims of a namespace have together
LATE = 0.35  # seconds that each has then by itself
EACH = 0.002  # seconds more for each that is asked
GONE = 10.0  # seconds for a killed shim to be cleaned up after
LOOK = 0.02  # seconds between two looks whether it is


def task(services: Services, id: str) -> Task:
    """The task of a container, of status "unknown" where its shim does not answer. Raises NotFound if it has none."""
    asked = services.tasks.get_later(id)
    try:
        return asked.result(PROMPT + LATE)
    except TimedOut:
        asked.cancel()
        services.version.get()  # is it containerd that does not answer? Then this waits for it, or fails
        return _silent(id)


def tasks(services: Services) -> dict[str, Task]:
    """The tasks of the namespace, by their container's id; of status "unknown" where a shim does not answer."""
    listed = services.tasks.list_later()
    try:
        return {each.id: each for each in listed.result(PROMPT)}
    except TimedOut:
        asked = {each.id: services.tasks.get_later(each.id) for each in services.containers.list()}
    found = {}
    deadline = time.monotonic() + LATE + EACH * len(asked)
    for id, pending in asked.items():
        try:
            found[id] = pending.result(max(0.0, deadline - time.monotonic()))
        except NotFound:
            continue
        except TimedOut:
            pending.cancel()
            found[id] = _silent(id)
    if listed.done:
        return {each.id: each for each in listed.result()}
    listed.cancel()
    return found


def silent(services: Services, id: str) -> TimedOut:
    """That a shim does not answer, and what to do."""
    pid = next((shim.pid for shim in _shims(services, id)), 0)
    return TimedOut(
        f"the shim of container {id} does not answer" + (f": process {pid}" if pid else ""),
        hint=(f"if it is stopped, kill -CONT {pid}; " if pid else "")
        + f"chub rm -f {id[:12]} kills it, and the container",
    )


def end(services: Services, id: str) -> None:
    """Kill the shim of a container that does not answer: containerd then removes the task, and kills what is in it."""
    from chub.engine import shims

    deadline = time.monotonic() + GONE
    found = [shim.pid for shim in _shims(services, id)]
    sockets = [socket for pid in found for socket in shims.sockets(Path(f"/proc/{pid}/cwd"))]
    shims.kill(found, deadline)
    with suppress(NotFound):
        while time.monotonic() < deadline:
            services.tasks.get(id, timeout=GONE)
            time.sleep(LOOK)  # no event says that containerd has cleaned up
        raise silent(services, id)
    for socket in sockets:
        socket.unlink(missing_ok=True)


def _shims(services: Services, id: str) -> Iterator[Shim]:
    from chub.engine import shims

    return shims.of(services.address, services.namespace, id)


def _silent(id: str) -> Task:
    from chub.api.tasks import Task, TaskStatus

    return Task(id=id, container_id=id, pid=0, status=TaskStatus.UNKNOWN)
