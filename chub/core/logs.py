"""What a container has written, and what it writes now."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from itertools import islice, takewhile

from chub.core.keeping import Keeper
from chub.core.workspace import Workspace
from chub.errors import NotFound
from chub.output.read import Chunk, Line, Reader, following
from chub.output.read import lines as whole_lines


def chunks(workspace: Workspace, id: str, *, follow: bool = False) -> Iterator[Chunk]:
    """All output as it came; with `follow` also what comes, until the container has ended.

    Raises NotFound where none is kept: of containers that others made, or that ran at their client's streams.
    """
    with closing(_reader(workspace, id)) as reader, closing(Keeper(workspace)) as keeper:
        yield from _chunks(reader, keeper, id, follow)


def lines(
    workspace: Workspace,
    id: str,
    *,
    tail: int | None = None,
    since: int = 0,
    until: int | None = None,
    follow: bool = False,
) -> Iterator[Line]:
    """Lines: the last `tail` of those that came between two moments (nanoseconds since 1970), then as `chunks`."""
    with closing(_reader(workspace, id)) as reader, closing(Keeper(workspace)) as keeper:
        _skip(reader, tail, since)
        found = _between(_chunks(reader, keeper, id, follow), since, until)
        if tail is not None:
            with closing(_reader(workspace, id)) as probe:
                _skip(probe, tail, since)
                there = sum(1 for _ in _between(probe.chunks(), since, until))
            found = islice(found, max(there - tail, 0), None)
        yield from found


def _between(found: Iterator[Chunk], since: int, until: int | None) -> Iterator[Line]:
    late = (line for line in whole_lines(found) if line.time >= since)
    return takewhile(lambda line: until is None or line.time <= until, late)


def _skip(reader: Reader, tail: int | None, since: int) -> None:
    """Begin where the wanted lines may begin."""
    if since:
        reader.skip_to(since)
    elif tail is not None:
        reader.skip_to_last(tail)


def _chunks(reader: Reader, keeper: Keeper, id: str, follow: bool) -> Iterator[Chunk]:
    if follow and keeper.follow(id, reader.record):  # asked before anything is read: nothing comes in between
        return following(reader, lambda: keeper.awaited(id, reader.record))
    return reader.chunks()


def _reader(workspace: Workspace, id: str) -> Reader:
    try:
        return Reader(str(workspace.data / id))
    except (FileNotFoundError, NotADirectoryError) as failure:
        raise NotFound(
            f"container {id[:12]}: its output was not kept",
            hint="that of chub's containers is kept when they run detached (run -d)",
        ) from failure
