"""Containers as a program uses them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from os import PathLike

from chub.core import listing, names, owners, states
from chub.core.listing import State, Summary
from chub.core.workspace import Workspace
from chub.errors import ChubError, NotFound
from chub.options.execution import Execution
from chub.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Self

    from chub.api.containers import Container as Record
    from chub.chain.sharing import Sharing
    from chub.core.attach import Attached
    from chub.core.bundle import Bundle
    from chub.core.create import Created
    from chub.core.disk import Sizes
    from chub.core.execute import Executed
    from chub.core.pruning import Pruned
    from chub.core.run import Finished
    from chub.core.stats import Reading, Usage
    from chub.core.top import Processes
    from chub.options.lifecycle import Lifecycle
    from chub.options.limits import Limits
    from chub.options.mounts import Mounts
    from chub.options.namespaces import Namespaces
    from chub.options.network import Network
    from chub.options.process import Process
    from chub.options.request import Request
    from chub.options.resources import Resources
    from chub.options.security import Security
    from chub.output.read import Chunk, Line


@record
class ExecResult:
    """A program that was executed in a container, at its end."""

    exit_code: int
    stdout: bytes
    stderr: bytes

    @property
    def text(self) -> str:
        """Standard output as text."""
        return self.stdout.decode(errors="replace")

    def check(self) -> Self:
        """This, if the program ended with 0; else raise `ProgramFailed`."""
        if self.exit_code != 0:
            raise ProgramFailed(self)
        return self


@record
class Result(ExecResult):
    """A container that ran to its end."""

    id: str
    name: str
    started: datetime
    finished: datetime


class _Captured:
    """A program's input, given at once, and all of its output."""

    def __init__(self, input: bytes | None) -> None:
        from chub.core.stdio import Streams

        self.stdout, self.stderr = bytearray(), bytearray()
        chunks = iter([input] if input else [])
        self.streams = Streams(
            source=(lambda: next(chunks, b"")) if input is not None else None,
            stdout=self.stdout.extend,
            stderr=self.stderr.extend,
        )


class ProgramFailed(ChubError):
    """A program ended with another exit code than 0; `result` has its output."""

    def __init__(self, result: ExecResult) -> None:
        last = result.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        super().__init__(f"the program ended with exit code {result.exit_code}" + (f": {last}" if last else ""))
        self.result = result


class Container:
    """One container. What is read from it was true when it was fetched; `reload` fetches it again.

    Docker's and Kubernetes's, and all that others made in their namespaces, are changed only with `force` by a client
    that was given the namespace; else PermissionDenied.
    """

    def __init__(self, workspace: Workspace, summary: Summary) -> None:
        self._workspace = workspace
        self._summary = summary
        self.warnings: tuple[str, ...] = ()
        """What was asked for when it was made here, and it lacks."""

    def __repr__(self) -> str:
        return f"<Container {self.name or self.id[:12]}: {self.state}>"

    @property
    def id(self) -> str:
        """Its id."""
        return self._summary.record.id

    @property
    def name(self) -> str:
        """Its name; "" for one that has none."""
        return self._summary.name

    @property
    def image(self) -> str:
        """The image or directory it was made from."""
        return self._summary.image

    @property
    def state(self) -> State:
        """What it is doing."""
        return self._summary.state

    @property
    def exit_code(self) -> int | None:
        """How it ended; None while it has not."""
        return self._summary.exit_code

    @property
    def pid(self) -> int:
        """Its first process on the host; 0 if none runs."""
        return self._summary.pid

    @property
    def snapshot_key(self) -> str:
        """The snapshot that holds its files."""
        return self._summary.record.snapshot_key

    @property
    def summary(self) -> Summary:
        """All that is known of it."""
        return self._summary

    def inspect(self, *, size: bool = False) -> dict[str, Any]:
        """What docker's inspect says of a container, with docker's keys; with `size` what its files take, too."""
        from chub.core.inspect import inspect

        return inspect(self._workspace, self._summary, size=size)

    def run_line(self) -> str:
        """The ``chub run …`` line that makes such a container again, quoted for a shell.

        Raises Unsupported where nobody knows: docker cannot be asked, or the container is of no image.
        """
        from chub.core.run_line import run_line

        return run_line(self._workspace, self._summary)

    def bundle(self, directory: str | PathLike[str], *, mount: bool = False) -> Bundle:
        """Write an OCI bundle into a new or empty `directory`, which ``runc run`` runs without containerd.

        It has a copy of the container's files, or with `mount` an empty ``rootfs`` and the command that mounts them.
        Raises Conflict for a directory that has something in it, Unsupported where containerd does not keep the files.
        """
        from pathlib import Path

        from chub.core.bundle import bundle

        return bundle(self._workspace, self._summary, Path(directory), mount=mount)

    def reload(self) -> Container:
        """Fetch it again, and give it back; raises NotFound if it is gone."""
        self._summary = _summary(self._workspace, self.id)
        return self

    def start(self) -> None:
        """Start it, if it does not run. Its output goes on where it ended.

        Raises Unsupported if chub did not make it, ProgramNotFound and ProgramNotExecutable for its program.
        """
        from chub.core.start import start

        start(self._workspace, self._summary.record)

    def start_here(self, *, stdin: bool = False, signals: bool = True, leave: bytes = b"") -> Finished | Attached:
        """Start it and stay at its output, with `stdin` also at its input, until it ends, as ``chub start -a -i``.

        Raises as `start`; one that runs is attached to.
        """
        from chub.core.here import start_here

        return start_here(self._workspace, self._summary.record, stdin=stdin, signals=signals, leave=leave)

    def attach_here(self, *, stdin: bool = True, signals: bool = True, leave: bytes = b"") -> Attached:
        """Look at what it writes from now on, and type into it, until it ends, as ``chub attach``.

        Raises Conflict if it does not run, Unsupported if another client made it.
        """
        from chub.core.here import attach_here

        return attach_here(self._workspace, self._summary.record, stdin=stdin, signals=signals, leave=leave)

    def restart(self, *, timeout: float | None = None, signal: str | int | None = None) -> None:
        """Stop it, as `stop` does, and start it again. One that chub did not make is left alone, as by `start`."""
        if self._summary.owner == "chub":
            self.stop(timeout=timeout, signal=signal)
        self.start()

    def stop(self, *, timeout: float | None = None, signal: str | int | None = None, force: bool = False) -> None:
        """Ask it to end with its stop signal (or `signal`), and kill it after `timeout` seconds.

        None is its own stop timeout, or 10 s; a negative `timeout` is for ever. That it has ended is no error. Raises
        Invalid for what is no signal, TimedOut if not even SIGKILL ends it.
        """
        from chub.core import lifecycle

        lifecycle.stop(self._workspace, self._changeable("stop", force), signal=signal, grace=timeout)

    def kill(self, signal: str | int = "KILL", *, force: bool = False) -> None:
        """Send a signal ("TERM", "SIGTERM", 15) to its first process; after SIGKILL it has ended when this returns.

        Raises Conflict if it does not run, Invalid for what is no signal.
        """
        from chub.core import lifecycle

        lifecycle.kill(self._workspace, self._changeable("kill", force), signal=signal)

    def wait(self, *, timeout: float | None = None) -> int:
        """Wait for its end, at most `timeout` seconds (None: for ever), and give its exit code.

        It is 0 for one of chub's that never ran, and 255 where nobody saw the end. Raises TimedOut, and NotFound if it
        is removed before its exit code is known, or if another client has deleted its task.
        """
        from chub.core import lifecycle

        return lifecycle.wait(self._workspace, self._summary.record, timeout=timeout)

    def pause(self, *, force: bool = False) -> None:
        """Freeze all its processes; raises Conflict if they are, or if it does not run."""
        from chub.core import lifecycle

        lifecycle.pause(self._workspace, self._changeable("pause", force))

    def unpause(self, *, force: bool = False) -> None:
        """Let its processes go on; raises Conflict if it is not paused."""
        from chub.core import lifecycle

        lifecycle.unpause(self._workspace, self._changeable("unpause", force))

    def exec(
        self,
        command: Sequence[str],
        *,
        input: bytes | None = None,
        env: Sequence[str] = (),
        workdir: str | None = None,
        user: str | None = None,
        privileged: bool = False,
        tty: bool = False,
        force: bool = False,
    ) -> ExecResult:
        """Execute a program in it to its end.

        `input` is given to standard input; without it that is /dev/null. With `tty` it has a terminal: all output is in
        `stdout`, lines end with CR LF, and input ends with the key ^D. A program that fails is no error: see
        `ExecResult.check`. Raises Conflict if the container does not run or is paused, ProgramNotFound and
        ProgramNotExecutable for the program, and other subclasses of ProgramNotStarted for what the runtime refuses.
        """
        from chub.core.execute import execute

        captured = _Captured(input)
        execution = Execution(
            words=tuple(command),
            env=tuple(env),
            workdir=workdir,
            user=user,
            privileged=privileged,
            interactive=input is not None,
            tty=tty,
        )
        container = self._changeable("exec", force, *command)
        ended = execute(self._workspace, container, execution, captured.streams, pid=self._summary.pid)
        assert ended.exit_code is not None, "nobody can leave it"
        return ExecResult(exit_code=ended.exit_code, stdout=bytes(captured.stdout), stderr=bytes(captured.stderr))

    def exec_here(self, execution: Execution, *, leave: bytes = b"", force: bool = False) -> Executed:
        """Execute a program in it at this process's standard streams, terminal and signals, as ``chub exec`` does.

        `leave` are the keys that leave a program with a terminal alone. Raises as `exec`.
        """
        from chub.core.here import execute_here

        container = self._changeable("exec", force, *execution.words)
        return execute_here(self._workspace, container, execution, pid=self._summary.pid, leave=leave)

    def exec_detached(self, execution: Execution, *, force: bool = False) -> None:
        """Start a program in it and leave it alone: it reads nothing, and its output is dropped. Raises as `exec`."""
        from chub.core.execute import execute_detached

        container = self._changeable("exec", force, *execution.words)
        execute_detached(self._workspace, container, execution, pid=self._summary.pid)

    def logs(
        self,
        *,
        tail: int | None = None,
        since: int = 0,
        until: int | None = None,
        follow: bool = False,
        details: bool = False,
    ) -> Iterator[Line]:
        """Lines of its output: those of the last `tail` that came between two moments (nanoseconds since 1970).

        With `follow` also those that come, until it has ended. With `details` each begins with what docker's --log-opt
        labels and env wrote beside it ("env=1,label=x"), and a space. What docker, nerdctl and Kubernetes keep of their
        containers is read from their files. Raises NotFound where its output is not kept, Unsupported where docker's
        log driver is another than json-file.
        """
        from chub.core import logs

        return logs.lines(
            self._workspace, self._summary, tail=tail, since=since, until=until, follow=follow, details=details
        )

    def output(self, *, follow: bool = False) -> Iterator[Chunk]:
        """Its output as it came, in pieces of any length; as `logs` in all else."""
        from chub.core import logs

        return logs.chunks(self._workspace, self._summary, follow=follow)

    def rename(self, name: str, *, force: bool = False) -> None:
        """Give it another name; raises Conflict if another container has it, Invalid for its own or no name."""
        names.rename(self._workspace.services, self._changeable("rename", force, name), name)
        self.reload()

    def top(self, ps_args: str = "-ef") -> Processes:
        """Its processes, as ``ps`` with these options shows them on this host.

        Raises Conflict if it does not run, Invalid for options that `ps` does not take or that hide the PID.
        """
        from chub.core.top import top

        return top(self._workspace, self._summary.record, ps_args)

    def update(self, limits: Limits, *, force: bool = False) -> tuple[str, ...]:
        """Change its limits at once, also while it runs; what `limits` leave at their defaults stays as it is.

        Gives a warning for each that this host cannot keep. Raises Invalid for what is out of range, Conflict for what
        does not go with the limits that it has.
        """
        from chub.core.update import update

        warnings = update(self._workspace, self._changeable("update", force), limits)
        self.reload()
        return warnings

    def stats(self, *, interval: float = 1.0) -> Usage:
        """What it uses of the host, its share of the CPU in the `interval` seconds that this takes.

        All is zero for one that does not run. Raises NotFound if it is gone.
        """
        from chub.core.stats import readings

        for (reading,) in readings(self._workspace, (self.id,), interval=interval):
            if reading.usage is not None:
                return reading.usage
        raise NotFound(f"No such container: {self.id}")

    def remove(self, *, force: bool = False) -> None:
        """Remove it; a running one only with `force`, which kills it."""
        from chub.core import lifecycle

        lifecycle.remove(self._workspace, self._changeable("rm", force), force=force)

    def _changeable(self, verb: str, force: bool, *words: str) -> Record:
        """Its record, for what changes it."""
        if verb == "exec" and self.state is State.UNKNOWN:  # containerd would wait for the shim without a word
            raise states.silent(self._workspace.services, self.id)
        return owners.changeable(self._workspace, self._summary.record, verb, *words, force=force)


class Containers:
    """The containers of the client's namespace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def get(self, word: str) -> Container:
        """The container with this id, name, or beginning of an id."""
        found = Container(self._workspace, _summary(self._workspace, word))
        _revive(self._workspace)
        return found

    def list(
        self,
        *,
        all: bool = False,
        all_namespaces: bool = False,
        filters: Sequence[str] = (),
        last: int = 0,
    ) -> tuple[Container, ...]:
        """Those that run, or all, newest first; only the `last` ones, running or not, where that is more than 0.

        `filters` are docker's, NAME=VALUE: "label=web", "name=^w", "status=exited", "ancestor=alpine". Raises Invalid
        for a wrong one.
        """
        from chub.core.selection import Selection

        selection = Selection(self._workspace, filters)
        found: Sequence[Summary] = selection.of(
            listing.containers(
                self._workspace, all=all or last > 0 or selection.everything, all_namespaces=all_namespaces
            )
        )
        found = found[: last if last > 0 else None]
        _revive(self._workspace)
        return tuple(Container(self._workspace.within(each.namespace), each) for each in found)

    def prunable(self, *, filters: Sequence[str] = ()) -> tuple[Container, ...]:
        """Those that `prune` would remove now, newest first."""
        from chub.core.pruning import prunable

        return tuple(Container(self._workspace, each) for each in prunable(self._workspace, filters))

    def sizes(self, rows: Iterable[Summary]) -> dict[str, Sizes]:
        """What the files of containers take on the disk, by the containers' ids."""
        from chub.core.disk import sizes

        return sizes(self._workspace, rows)

    def sharing(self, *, all_namespaces: bool = False) -> dict[str, Sharing]:
        """The shims and Linux namespaces of the containers that run, and whose each is, by the containers' ids."""
        from chub.chain.sharing import sharing

        return sharing(listing.containers(self._workspace, all_namespaces=all_namespaces))

    def stats(
        self, words: Sequence[str] = (), *, all: bool = False, interval: float = 1.0
    ) -> Iterator[tuple[Reading, ...]]:
        """What the named containers use of the host, or those that run (`all`: and those that do not), for ever.

        A round takes `interval` seconds. Raises NotFound for a name that nothing has.
        """
        from chub.core.stats import readings

        return readings(self._workspace, words, all=all, interval=interval)

    def prune(self, *, filters: Sequence[str] = ()) -> Pruned:
        """Remove all that do not run, but docker's, Kubernetes's and what others made in their namespaces.

        `filters` are docker's, NAME=VALUE: "until=24h", "label=web", "label!=web". Raises Invalid for a wrong one.
        """
        from chub.core.pruning import prune

        return prune(self._workspace, filters)

    def run(
        self,
        image: str | PathLike[str],
        command: Sequence[str] = (),
        *,
        name: str | None = None,
        remove: bool = True,
        rootfs: bool = False,
        input: bytes | None = None,
        labels: Sequence[str] = (),
        runtime: str | None = None,
        process: Process | None = None,
        lifecycle: Lifecycle | None = None,
        security: Security | None = None,
        mounts: Mounts | None = None,
        resources: Resources | None = None,
        limits: Limits | None = None,
        namespaces: Namespaces | None = None,
        network: Network | None = None,
    ) -> Result:
        """Run a program in a new container to its end.

        `image` is a reference, or with `rootfs` a directory. `input` is given to standard input; without it that is
        /dev/null. A program that fails is no error: see `Result.check`.
        """
        from chub.core.run import run
        from chub.options.lifecycle import Lifecycle
        from chub.options.limits import Limits
        from chub.options.mounts import Mounts
        from chub.options.namespaces import Namespaces
        from chub.options.network import Network
        from chub.options.process import Process
        from chub.options.request import Identity, Request
        from chub.options.resources import Resources
        from chub.options.security import Security
        from chub.options.terminal import Terminal

        request = Request(
            image=str(image),
            rootfs=rootfs,
            words=tuple(command),
            identity=Identity(name=name, labels=tuple(labels), runtime=runtime, remove=remove),
            process=process or Process(),
            terminal=Terminal(interactive=input is not None),
            lifecycle=lifecycle or Lifecycle(),
            security=security or Security(),
            mounts=mounts or Mounts(),
            resources=resources or Resources(),
            limits=limits or Limits(),
            namespaces=namespaces or Namespaces(),
            network=network or Network(),
        )
        captured = _Captured(input)
        finished = run(self._workspace, request, captured.streams)
        if finished.error:
            raise ChubError(f"container {finished.name}: {finished.error}")
        assert finished.finished is not None, "nobody can leave it"
        return Result(
            id=finished.id,
            name=finished.name,
            exit_code=finished.exit_code,
            stdout=bytes(captured.stdout),
            stderr=bytes(captured.stderr),
            started=finished.started,
            finished=finished.finished,
        )

    def create(self, request: Request) -> Container:
        """Make a container that does not run yet, as ``chub create`` does."""
        from chub.core import create

        created = create.create(self._workspace, request)
        create.release(self._workspace, created)
        return self._made(created)

    def _made(self, created: Created) -> Container:
        found = self.get(created.id)
        found.warnings = created.warnings
        return found

    def launch(self, request: Request, *, announce: Callable[[str], object] = lambda id: None) -> Container:
        """Start a container that lives on by itself, as ``chub run -d`` does; `announce` gets its id once made."""
        from chub.core.launch import run_detached

        created = run_detached(self._workspace, request, announce)
        return self._made(created)

    def run_here(
        self,
        request: Request,
        *,
        signals: bool = True,
        leave: bytes = b"",
        announce: Callable[[str], object] = lambda id: None,
    ) -> Finished:
        """Run a container to its end at this process's standard streams, terminal and signals, as ``chub run`` does.

        `signals` are passed on, `leave` are the keys that leave a container with a terminal alone, and `announce` gets
        its id once it is made.
        """
        from chub.core.here import run_here

        return run_here(self._workspace, request, signals=signals, leave=leave, announce=announce)


def _revive(workspace: Workspace) -> None:
    """A keeper that was killed is started again by whoever comes next, and what it cannot finish is finished."""
    if (workspace.state / "keeper").exists():
        from chub.core.keeping import Keeper

        keeper = Keeper(workspace)
        keeper.revive()
        if keeper.late():
            from chub.core.overdue import finish_late

            finish_late(workspace)


def _summary(workspace: Workspace, word: str) -> Summary:
    record = names.find(workspace.services, word)
    try:
        task = states.task(workspace.services, record.id)
    except NotFound:
        task = None
    return listing.summary(workspace, record, task)
