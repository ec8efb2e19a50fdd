"""One container, as a program uses it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from os import PathLike

from chub.core import listing, names, owners, states
from chub.core.listing import State, Summary
from chub.core.workspace import Workspace
from chub.errors import NotFound
from chub.options.execution import Execution
from chub.sdk.results import Captured, ExecResult

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from chub.api.containers import Container as Record
    from chub.core.attach import Attached
    from chub.core.bundle import Bundle
    from chub.core.execute import Executed
    from chub.core.run import Finished
    from chub.core.stats import Usage
    from chub.core.top import Processes
    from chub.options.limits import Limits
    from chub.output.read import Chunk, Line


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
        self._summary = listing.find(self._workspace, self.id)
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

        captured = Captured(input)
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
