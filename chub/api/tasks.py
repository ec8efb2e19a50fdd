"""containerd's Tasks service: what runs of a container."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from chub._generated.services.tasks.v1 import tasks_pb2 as pb
from chub._generated.services.tasks.v1 import tasks_pb2_grpc as rpc
from chub._generated.types import metrics_pb2
from chub._generated.types.task import task_pb2
from chub.api.calls import Caller
from chub.api.channel import USUAL, Timeout
from chub.api.streams import Pending
from chub.api.types import Descriptor, Mount, descriptor_message, descriptor_of, mount_messages
from chub.api.wire import TypedValue, moment, typed, untyped
from chub.records import record


class TaskStatus(StrEnum):
    """What a process of a container is doing."""

    UNKNOWN = "unknown"
    CREATED = "created"  # the runtime has set it up; the program is not executed yet
    RUNNING = "running"
    STOPPED = "stopped"  # ended; its exit status is kept until it is deleted
    PAUSED = "paused"
    PAUSING = "pausing"


@record
class Stdio:
    """Where the shim connects a process's streams: paths of FIFOs, URIs (file:, binary:); empty: nowhere."""

    stdin: str = ""
    stdout: str = ""
    stderr: str = ""
    terminal: bool = False  # stdin and stdout are one terminal; there is no stderr


@record
class Task:
    """A process of a container: its first one, or one that was executed in it."""

    id: str  # of the process: the container's, or the exec's
    container_id: str
    pid: int  # on the engine's host; 0: none (any more)
    status: TaskStatus
    stdin: str = ""
    stdout: str = ""
    stderr: str = ""
    terminal: bool = False
    exit_status: int = 0  # meaningless while it runs
    exited_at: datetime | None = None


@record
class Exit:
    """How a process ended."""

    exit_status: int  # 128 + n when signal n ended it
    exited_at: datetime | None = None
    pid: int = 0  # the one it had; 0 where containerd does not say (`wait`)


@record
class ProcessInfo:
    """A process found in a container."""

    pid: int  # on the engine's host
    info: TypedValue | None = None  # of an exec: "containerd.runc.v1.ProcessDetails", which holds its exec_id


@record
class Metric:
    """What a container used of the host; `payloads.decoded` reads the data."""

    id: str
    taken: datetime | None
    data: TypedValue | None = None  # io.containerd.cgroups.v1.Metrics or io.containerd.cgroups.v2.Metrics


class Tasks:
    """containerd's `Tasks` service. An empty ``exec_id`` means the container's first process."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._call = caller.unary
        self._stub = caller.channel.stub(rpc.TasksStub)

    def create(
        self,
        id: str,
        mounts: Sequence[Mount],
        stdio: Stdio,
        *,
        options: TypedValue | None = None,
        runtime_path: str = "",
        checkpoint: Descriptor | None = None,
        timeout: Timeout = USUAL,
    ) -> int:
        """Start the shim and have it set the container up, on a root file system of ``mounts``; the pid.

        ``options`` goes to the shim instead of the record's; ``runtime_path`` is a shim binary to use.
        """
        request = pb.CreateTaskRequest(
            container_id=id,
            rootfs=mount_messages(mounts),
            stdin=stdio.stdin,
            stdout=stdio.stdout,
            stderr=stdio.stderr,
            terminal=stdio.terminal,
            checkpoint=descriptor_message(checkpoint) if checkpoint else None,
            options=untyped(options),
            runtime_path=runtime_path,
        )
        return self._call(self._stub.Create, request, f"create task {id!r}", timeout).pid

    def start(self, id: str, exec_id: str = "", *, timeout: Timeout = USUAL) -> int:
        """Execute the program that was set up; its pid."""
        request = pb.StartRequest(container_id=id, exec_id=exec_id)
        return self._call(self._stub.Start, request, f"start {_name(id, exec_id)}", timeout).pid

    def delete(self, id: str, *, timeout: Timeout = USUAL) -> Exit:
        """Clean up after a task that ended; `EngineFault` for one that runs."""
        request = pb.DeleteTaskRequest(container_id=id)
        return _deleted(self._call(self._stub.Delete, request, f"delete {_name(id)}", timeout))

    def delete_process(self, id: str, exec_id: str, *, timeout: Timeout = USUAL) -> Exit:
        """Clean up after an exec that ended."""
        request = pb.DeleteProcessRequest(container_id=id, exec_id=exec_id)
        what = f"delete {_name(id, exec_id)}"
        return _deleted(self._call(self._stub.DeleteProcess, request, what, timeout))

    def get(self, id: str, exec_id: str = "", *, timeout: Timeout = USUAL) -> Task:
        """One process."""
        request = pb.GetRequest(container_id=id, exec_id=exec_id)
        return _record(self._call(self._stub.Get, request, _name(id, exec_id), timeout).process, id)

    def get_later(self, id: str, *, timeout: Timeout = USUAL) -> Pending[Task]:
        """`get` of a first process, under way: one shim that does not answer holds up none of the others."""
        request = pb.GetRequest(container_id=id)
        return self._caller.later(
            self._stub.Get, request, lambda answer: _record(answer.process, id), _name(id), timeout
        )

    def list(self, *, timeout: Timeout = USUAL) -> tuple[Task, ...]:
        """The first processes of this namespace's containers. containerd has no filters for them."""
        return _listed(self._call(self._stub.List, pb.ListTasksRequest(), "tasks", timeout))

    def list_later(self, *, timeout: Timeout = USUAL) -> Pending[tuple[Task, ...]]:
        """`list`, under way: containerd asks shim after shim, and waits two seconds for one that does not answer."""
        return self._caller.later(self._stub.List, pb.ListTasksRequest(), _listed, "tasks", timeout)

    def kill(self, id: str, signal: int, *, exec_id: str = "", all: bool = False, timeout: Timeout = USUAL) -> None:
        """Send a signal to one process, or to all of the container; `NotFound` when it has ended."""
        request = pb.KillRequest(container_id=id, exec_id=exec_id, signal=signal, all=all)
        self._call(self._stub.Kill, request, f"signal {_name(id, exec_id)}", timeout)

    def exec(self, id: str, exec_id: str, spec: TypedValue, stdio: Stdio, *, timeout: Timeout = USUAL) -> None:
        """Set up another process in a running container; ``spec`` is the `process` of an OCI spec (JSON)."""
        request = pb.ExecProcessRequest(
            container_id=id,
            exec_id=exec_id,
            spec=untyped(spec),
            stdin=stdio.stdin,
            stdout=stdio.stdout,
            stderr=stdio.stderr,
            terminal=stdio.terminal,
        )
        self._call(self._stub.Exec, request, f"execute {_name(id, exec_id)}", timeout)

    def resize(self, id: str, width: int, height: int, exec_id: str = "", *, timeout: Timeout = USUAL) -> None:
        """Set the size of its terminal, in characters."""
        request = pb.ResizePtyRequest(container_id=id, exec_id=exec_id, width=width, height=height)
        self._call(self._stub.ResizePty, request, f"resize the terminal of {_name(id, exec_id)}", timeout)

    def close_stdin(self, id: str, exec_id: str = "", *, timeout: Timeout = USUAL) -> None:
        """Have the shim close its end of stdin: the process sees the end once all other writers are gone."""
        request = pb.CloseIORequest(container_id=id, exec_id=exec_id, stdin=True)
        self._call(self._stub.CloseIO, request, f"close stdin of {_name(id, exec_id)}", timeout)

    def pause(self, id: str, *, timeout: Timeout = USUAL) -> None:
        """Freeze all its processes."""
        self._call(self._stub.Pause, pb.PauseTaskRequest(container_id=id), f"pause {_name(id)}", timeout)

    def resume(self, id: str, *, timeout: Timeout = USUAL) -> None:
        """Let frozen processes go on."""
        self._call(self._stub.Resume, pb.ResumeTaskRequest(container_id=id), f"resume {_name(id)}", timeout)

    def pids(self, id: str, *, timeout: Timeout = USUAL) -> tuple[ProcessInfo, ...]:
        """All processes in the container."""
        request = pb.ListPidsRequest(container_id=id)
        answer = self._call(self._stub.ListPids, request, f"processes of {_name(id)}", timeout)
        return tuple(ProcessInfo(pid=found.pid, info=typed(found.info)) for found in answer.processes)

    def checkpoint(
        self,
        id: str,
        *,
        parent: str = "",
        options: TypedValue | None = None,
        timeout: Timeout = None,
    ) -> tuple[Descriptor, ...]:
        """Write its state down with criu, and return the blobs of that.

        ``parent`` is an earlier checkpoint, ``options`` are `runc.CheckpointOptions`.
        """
        request = pb.CheckpointTaskRequest(container_id=id, parent_checkpoint=parent, options=untyped(options))
        answer = self._call(self._stub.Checkpoint, request, f"checkpoint {_name(id)}", timeout)
        return tuple(descriptor_of(found) for found in answer.descriptors)

    def update(
        self,
        id: str,
        resources: TypedValue,
        annotations: Mapping[str, str] | None = None,
        *,
        timeout: Timeout = USUAL,
    ) -> None:
        """Change its limits; ``resources`` is the `linux.resources` of an OCI spec, as JSON."""
        request = pb.UpdateTaskRequest(container_id=id, resources=untyped(resources), annotations=annotations or {})
        self._call(self._stub.Update, request, f"update {_name(id)}", timeout)

    def metrics(self, *filters: str, timeout: Timeout = USUAL) -> tuple[Metric, ...]:
        """What tasks use: those which any of the filters ("id==web") matches, or all."""
        answer = self._call(self._stub.Metrics, pb.MetricsRequest(filters=filters), "metrics", timeout)
        return tuple(metric_of(found) for found in answer.metrics)

    def wait(self, id: str, exec_id: str = "", *, timeout: Timeout = None) -> Exit:
        """Wait for the end of a process, created or running; at once if it ended and was not deleted."""
        request = pb.WaitRequest(container_id=id, exec_id=exec_id)
        return _waited(self._call(self._stub.Wait, request, f"wait for {_name(id, exec_id)}", timeout))

    def wait_later(self, id: str, exec_id: str = "", *, timeout: Timeout = None) -> Pending[Exit]:
        """`wait`, under way while the caller does something else: starts the task, handles signals."""
        request = pb.WaitRequest(container_id=id, exec_id=exec_id)
        what = f"wait for {_name(id, exec_id)}"
        return self._caller.later(self._stub.Wait, request, _waited, what, timeout)


def metric_of(message: metrics_pb2.Metric) -> Metric:
    """The record of a metric; sandboxes have them too."""
    return Metric(id=message.id, taken=moment(message.timestamp), data=typed(message.data))


def _name(id: str, exec_id: str = "") -> str:
    return f"exec {exec_id!r} of task {id!r}" if exec_id else f"task {id!r}"


def _listed(message: pb.ListTasksResponse) -> tuple[Task, ...]:
    return tuple(_record(found, found.id) for found in message.tasks)


def _waited(message: pb.WaitResponse) -> Exit:
    return Exit(exit_status=message.exit_status, exited_at=moment(message.exited_at))


def _deleted(message: pb.DeleteResponse) -> Exit:
    return Exit(exit_status=message.exit_status, exited_at=moment(message.exited_at), pid=message.pid)


def _record(message: task_pb2.Process, container_id: str) -> Task:
    return Task(
        id=message.id,
        container_id=container_id,  # the message has a field for it that containerd leaves empty
        pid=message.pid,
        status=TaskStatus(task_pb2.Status.Name(message.status).lower()),
        stdin=message.stdin,
        stdout=message.stdout,
        stderr=message.stderr,
        terminal=message.terminal,
        exit_status=message.exit_status,
        exited_at=moment(message.exited_at),
    )
