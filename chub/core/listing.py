"""What containers there are, and in what state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from chub.core import endings, names, states
from chub.core.endings import LOST, Ending
from chub.core.marks import MARKS, REQUEST, VERSION_LABEL
from chub.core.names import name_of
from chub.core.workspace import Workspace
from chub.errors import NotFound
from chub.oci.spec.base import INIT
from chub.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.api.containers import Container
    from chub.api.tasks import Task
    from chub.options.request import Request

EPOCH = datetime.fromtimestamp(0, UTC)
ALIVE = frozenset({"running", "paused", "pausing"})
SHOWN = ALIVE | {"unknown"}  # one that may run
OWN_FILES = frozenset({"/etc/hosts", "/etc/hostname", "/etc/resolv.conf", INIT})  # where chub and docker mount files
FEW = 16  # containers that are asked for one by one rather than with all others


class State(StrEnum):
    """What a container is doing, in docker's words."""

    CREATED = "created"
    RUNNING = "running"
    PAUSED = "paused"
    EXITED = "exited"
    UNKNOWN = "unknown"  # its shim does not answer


@record
class Summary:
    """A container, its task and its ending, put together."""

    record: Container
    namespace: str
    name: str  # "" where its maker gave it none that containerd knows
    owner: str  # who made it: chub, nerdctl, docker, kubernetes, or "" for anybody else, as ctr
    state: State
    task: Task | None
    ending: Ending | None
    exit_code: int | None = None  # None while it runs and when it never did

    @property
    def pid(self) -> int:
        """The first process, 0 if none runs."""
        return self.task.pid if self.task and self.state in (State.RUNNING, State.PAUSED) else 0

    @property
    def started(self) -> datetime | None:
        """When it was last started, if chub started it."""
        return self.ending.started if self.ending else None

    @property
    def finished(self) -> datetime | None:
        """When it ended; None while it runs, and where nobody knows."""
        if self.state is not State.EXITED:
            return None
        if self.task is not None and self.task.exited_at:
            return self.task.exited_at
        return self.ending.finished if self.ending else None

    @property
    def image(self) -> str:
        """What it was made from, as its maker put it."""
        asked = request_of(self.record).get("image")
        return asked if isinstance(asked, str) else self.record.image

    @property
    def labels(self) -> Mapping[str, str]:
        """Its labels without chub's own marks. containerd drops empty ones: the request still has those."""
        asked = request_of(self.record).get("identity", {}).get("labels", ())
        empty = {label[:-1]: "" for label in asked if label.endswith("=") and label.count("=") == 1}
        return empty | {name: value for name, value in self.record.labels.items() if name not in MARKS}

    @property
    def command(self) -> Sequence[str]:
        """Program and arguments, without the init before them."""
        words = spec_of(self.record).get("process", {}).get("args", ())
        return without_init(words) if isinstance(words, list) else ()


def spec_of(record: Container) -> Mapping[str, Any]:
    """The OCI spec of a container; empty where the record has none."""
    found = record.spec.json() if record.spec else {}
    return found if isinstance(found, dict) else {}


def bound(record: Container) -> tuple[Mapping[str, Any], ...]:
    """The bind mounts of a container's spec, but for the files that its maker itself mounts."""
    mounts = spec_of(record).get("mounts", ())
    return tuple(each for each in mounts if each.get("type") == "bind" and each["destination"] not in OWN_FILES)


def network_of(record: Container) -> str:
    """``none`` or ``host``, by the namespaces of the spec."""
    namespaces = spec_of(record).get("linux", {}).get("namespaces", ())
    return "none" if any(each.get("type") == "network" for each in namespaces) else "host"


def without_init(args: Sequence[str]) -> Sequence[str]:
    """What a container's init was told to run; all of `args` where there is no init."""
    return args[2:] if args[:2] == [INIT, "--"] else args


def request_of(record: Container) -> Mapping[str, Any]:
    """The request that made a container of chub's, as JSON; empty for others'."""
    value = record.extensions.get(REQUEST)
    found = value.json() if value else {}
    return found if isinstance(found, dict) else {}


def asked_for(record: Container) -> Request:
    """The request that made a container of chub's; raises Invalid for one that a newer chub wrote."""
    from chub.options.request import from_json

    return from_json(request_of(record))


def owner_of(record: Container, namespace: str) -> str:
    """Who made a container, by the marks that each leaves."""
    if VERSION_LABEL in record.labels:
        return "chub"
    if namespace == "moby":
        return "docker"
    if any(label.startswith(("io.cri-containerd", "io.kubernetes.")) for label in record.labels):
        return "kubernetes"
    return "nerdctl" if any(label.startswith("nerdctl/") for label in record.labels) else ""


def summary(workspace: Workspace, record: Container, task: Task | None) -> Summary:
    """Put together what is known of one container."""
    ending = endings.of(workspace, record.id)
    state, code = State.CREATED, None
    if task is not None and task.status in ALIVE:
        state = State.RUNNING if task.status == "running" else State.PAUSED
    elif task is not None and task.status == "unknown":
        state = State.UNKNOWN
    elif task is not None and task.status == "stopped":
        state, code = State.EXITED, task.exit_status
    elif ending is not None and task is None:
        state = State.EXITED if ending.started else State.CREATED
        if ending.exit_code is None:
            ending = replace(ending, exit_code=LOST, error=endings.UNSEEN)
        code = ending.exit_code
    namespace = workspace.services.namespace
    return Summary(
        record=record,
        namespace=namespace,
        name=name_of(record),
        owner=owner_of(record, namespace),
        state=state,
        task=task,
        ending=ending,
        exit_code=code,
    )


def find(workspace: Workspace, word: str) -> Summary:
    """The container with this id, name, or beginning of an id. Raises NotFound, and Conflict for several."""
    record = names.find(workspace.services, word)
    try:
        task = states.task(workspace.services, record.id)
    except NotFound:
        task = None
    return summary(workspace, record, task)


def containers(workspace: Workspace, *, all: bool = False, all_namespaces: bool = False) -> tuple[Summary, ...]:
    """The running containers of the namespace (of all namespaces), or those that do not run too, newest first."""
    places = [workspace]
    if all_namespaces:
        places = [workspace.within(each.name) for each in workspace.services.namespaces.list()]
    found = [each for place in places for each in _within(place, all)]
    return tuple(sorted(found, key=lambda each: each.record.created or EPOCH, reverse=True))


def _within(workspace: Workspace, all: bool) -> list[Summary]:
    services = workspace.services
    tasks = states.tasks(services)
    alive = [id for id, task in tasks.items() if task.status in SHOWN]
    if all or len(alive) > FEW:
        records = services.containers.list()
    elif alive:
        records = services.containers.list(*(f"id=={id}" for id in alive))
    else:
        return []
    return [summary(workspace, record, tasks.get(record.id)) for record in records if all or record.id in alive]
