"""What a container has written, and what it writes now."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import islice, takewhile

from chub.core import foreign
from chub.core.keeping import Keeper
from chub.core.listing import Summary, asked_for
from chub.core.workspace import Workspace
from chub.errors import Unsupported
from chub.output.foreign import Rotated
from chub.output.format import INDEX, UnknownFormat
from chub.output.read import Chunk, Line, Reader, following
from chub.output.read import lines as whole_lines


def chunks(workspace: Workspace, row: Summary, *, follow: bool = False) -> Iterator[Chunk]:
    """All output as it came; with `follow` also what comes, until the container has ended.

    What docker, nerdctl and Kubernetes keep of theirs is read from their files. Raises NotFound where others keep
    none, and Unsupported where it is kept in another way or by ``--log-driver none`` not at all.
    """
    if _silent(workspace, row):
        return
    with _legible(row), closing(_reader(workspace, row)) as reader, closing(Keeper(workspace)) as keeper:
        yield from _chunks(workspace, reader, keeper, row, follow)


def lines(
    workspace: Workspace,
    row: Summary,
    *,
    tail: int | None = None,
    since: int = 0,
    until: int | None = None,
    follow: bool = False,
    details: bool = False,
) -> Iterator[Line]:
    """Lines of the last `tail` that came between two moments (nanoseconds since 1970), then as `chunks`.

    With `details` each begins with what docker shows there: ``label=x,env=y`` as its owner wrote it, and a space.
    """
    if _silent(workspace, row):
        return
    with _legible(row), closing(_reader(workspace, row, details)) as reader, closing(Keeper(workspace)) as keeper:
        _skip(reader, tail, since)
        found = _since(_chunks(workspace, reader, keeper, row, follow), since)
        if tail is not None:
            with closing(_reader(workspace, row, details)) as probe:
                _skip(probe, tail, since)
                there = sum(1 for _ in _since(probe.chunks(), since))
            found = islice(found, max(there - tail, 0), None)
        if until is not None:
            found = takewhile(lambda line: line.time <= until, found)
        if details and isinstance(reader, Reader):  # of its own chub keeps no attributes
            found = (line._replace(data=b" " + line.data) for line in found)
        yield from found


@contextmanager
def _legible(row: Summary) -> Iterator[None]:
    try:
        yield
    except UnknownFormat as failure:
        raise Unsupported(
            f"logs of {row.record.id}: {failure}", hint="log.stdout and log.stderr in its directory hold what it wrote"
        ) from failure


def _since(found: Iterator[Chunk], since: int) -> Iterator[Line]:
    return (line for line in whole_lines(found) if line.time >= since)


def _skip(reader: Reader | Rotated, tail: int | None, since: int) -> None:
    """Begin where the wanted lines may begin."""
    if since:
        reader.skip_to(since)
    elif tail is not None:
        reader.skip_to_last(tail)


def _chunks(
    workspace: Workspace, reader: Reader | Rotated, keeper: Keeper, row: Summary, follow: bool
) -> Iterator[Chunk]:
    if isinstance(reader, Rotated):
        return foreign.following(workspace, row, reader) if follow else reader.chunks()
    id = row.record.id
    if follow and keeper.follow(id, reader.record):  # asked before anything is read: nothing comes in between
        return following(reader, lambda: keeper.awaited(id, reader.record))
    return reader.chunks()


def _reader(workspace: Workspace, row: Summary, details: bool = False) -> Reader | Rotated:
    if row.owner != "chub":
        return foreign.reader(row, details=details)
    return Reader(str(workspace.data / row.record.id))


def _silent(workspace: Workspace, row: Summary) -> bool:
    """Whether there is nothing to read: chub's own, which has not run. Raises Unsupported where nothing is kept."""
    if row.owner != "chub":
        return False
    if asked_for(row.record).logging.driver == "none":
        raise Unsupported(
            "configured logging driver does not support reading", hint="run it with --log-driver json-file"
        )
    return not (workspace.data / row.record.id / INDEX).exists()
