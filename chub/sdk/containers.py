"""The containers of a namespace, as a program uses them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from os import PathLike

from chub.core import listing
from chub.core.listing import Summary
from chub.core.workspace import Workspace
from chub.errors import ChubError
from chub.sdk.container import Container
from chub.sdk.results import Captured, Result

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Unpack

    from chub.chain.sharing import Sharing
    from chub.core.create import Created
    from chub.core.disk import Sizes
    from chub.core.pruning import Pruned
    from chub.core.run import Finished
    from chub.core.stats import Reading
    from chub.options.request import ContainerOptions, Request


class Containers:
    """The containers of the client's namespace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def get(self, word: str) -> Container:
        """The container with this id, name, or beginning of an id."""
        found = Container(self._workspace, listing.find(self._workspace, word))
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
        **options: Unpack[ContainerOptions],
    ) -> Result:
        """Run a program in a new container to its end.

        `image` is a reference, or with `rootfs` a directory. `input` is given to standard input; without it that is
        /dev/null. A program that fails is no error: see `Result.check`.
        """
        from chub.core.run import run
        from chub.options.request import Identity, Request
        from chub.options.terminal import Terminal

        request = Request(
            image=str(image),
            rootfs=rootfs,
            words=tuple(command),
            identity=Identity(name=name, labels=tuple(labels), runtime=runtime, remove=remove),
            terminal=Terminal(interactive=input is not None),
            **options,
        )
        captured = Captured(input)
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
