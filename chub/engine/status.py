"""A private engine as it is now: who runs, what it says, what is wrong with it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from chub.api.channel import Channel
from chub.api.services import Services
from chub.engine import config, shims
from chub.errors import ChubError, PermissionDenied
from chub.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from chub.api.introspection import Plugin
    from chub.engine.config import Layout
    from chub.engine.shims import Shim
    from chub.settings import Settings

ANSWER = 5.0  # seconds a running engine may take to say who it is

_GRPC = "containers content diff events images introspection leases namespaces snapshots tasks version"
NEEDED = (
    ("io.containerd.metadata.v1", "bolt"),
    ("io.containerd.differ.v1", "walking"),
    ("io.containerd.gc.v1", "scheduler"),
    ("io.containerd.runtime.v2", "task"),
    *(("io.containerd.grpc.v1", name) for name in _GRPC.split()),
)
"""The plugins chub cannot do without, beside a snapshotter: type and id."""

_SNAPSHOTTERS = ("overlayfs", "native")


class State(StrEnum):
    """What a private engine is doing."""

    STOPPED = "stopped"
    RUNNING = "running"
    SILENT = "silent"  # its process is there and does not answer
    CRASHED = "crashed"  # its process is gone, and nobody stopped it


@record
class Status:
    """A private engine as it is now."""

    state: State
    socket: Path
    root: Path
    log: Path
    pid: int | None = None  # None: no process
    since: datetime | None = None
    version: str = ""  # "" where it does not answer
    uuid: str = ""
    snapshotter: str = ""  # the one that works on this host
    remark: str = ""  # why it is not the usual one
    shims: tuple[Shim, ...] = ()
    faults: tuple[str, ...] = ()  # what is wrong with plugins that chub needs


def status(settings: Settings) -> Status:
    """Look at the private engine. An engine that is stopped or broken is an answer, not an error."""
    files = config.layout(settings)
    found = Status(state=State.STOPPED, socket=files.socket, root=files.root, log=files.log)
    try:
        since = datetime.fromtimestamp(files.pid.stat().st_mtime, UTC)
    except FileNotFoundError:
        return found
    except PermissionError as failure:
        raise PermissionDenied(f"{files.pid}: only root may look at this engine", hint="use sudo") from failure
    found = replace(found, state=State.CRASHED, shims=shims.find(files.socket))
    pid = running(files)
    if pid is None:
        return found
    found = replace(found, state=State.SILENT, pid=pid, since=since)
    try:
        with connected(files, ANSWER) as services:
            plugins = services.introspection.plugins()
            version, uuid = services.version.get().version, services.introspection.server().uuid
    except ChubError as failure:
        return replace(found, faults=(str(failure),))
    name, remark = snapshotter(plugins)
    return replace(
        found,
        state=State.RUNNING,
        version=version,
        uuid=uuid,
        snapshotter=name,
        remark=remark,
        faults=faults(plugins),
    )


def faults(plugins: tuple[Plugin, ...]) -> tuple[str, ...]:
    """What is wrong with the plugins that chub needs."""
    errors = {(plugin.type, plugin.id): plugin.error for plugin in plugins}
    said = [
        f"plugin {type}.{id} " + (f"failed: {errors[type, id]}" if (type, id) in errors else "is missing")
        for type, id in NEEDED
        if errors.get((type, id), "missing")
    ]
    if not snapshotter(plugins)[0]:
        said.append(snapshotter(plugins)[1])
    return tuple(said)


def snapshotter(plugins: tuple[Plugin, ...]) -> tuple[str, str]:
    """The first snapshotter that works ("" for none), and what kept a better one from it."""
    errors = {plugin.id: plugin.error for plugin in plugins if plugin.type == "io.containerd.snapshotter.v1"}
    remarks: list[str] = []
    for name in _SNAPSHOTTERS:
        if errors.get(name, "missing") == "":
            return name, "; ".join(remarks)
        remarks.append(f"snapshotter {name} is not usable: {errors.get(name, 'missing')}")
    return "", "; ".join(remarks)


def running(files: Layout) -> int | None:
    """The process that the pid file names, if it is the one that was meant."""
    try:
        pid, ticks = map(int, files.pid.read_text().split())
    except (OSError, ValueError):
        return None
    return pid if start_ticks(pid) == ticks != 0 else None


def start_ticks(pid: int) -> int:
    """When a process started, in clock ticks since boot; 0 when it has ended."""
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return 0 if after_name[0] in "ZX" else int(after_name[19])


@contextmanager
def connected(files: Layout, timeout: float) -> Iterator[Services]:
    """The services of the private engine, on a channel of their own."""
    services = Services(Channel(str(files.socket), timeout=timeout))
    try:
        yield services
    finally:
        services.close()
