"""Snapshots as trees, and what differs between two of them; with colour on a terminal."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from chub.cli.render.objects import key, users
from chub.cli.render.text import plain, size
from chub.cli.render.tone import DIM, toned
from chub.objects.changes import Change
from chub.objects.snapshots import SnapshotUsage

TONES = {"active": 32, "view": 36, "A": 32, "C": 33, "D": 31}  # SGR: green, cyan, green, yellow, red


def show_tree(rows: Sequence[SnapshotUsage], *, full: bool) -> None:
    """Print each snapshot below its parent: ``└ KEY  KIND  SIZE  what it is for``."""
    places: dict[tuple[str, str], list[SnapshotUsage]] = defaultdict(list)
    for row in rows:
        places[row.summary.namespace, row.summary.snapshotter].append(row)
    for number, ((namespace, snapshotter), some) in enumerate(places.items()):
        lines = list(_lines(some, full))
        wide = max(len(branch) + len(name) for branch, name, _ in lines)
        print(f"{chr(10) * bool(number)}{plain(snapshotter)} in namespace {plain(namespace)}")
        for branch, name, row in lines:
            kind = str(row.summary.snapshot.kind)
            gap = " " * (wide - len(branch) - len(name))
            tail = f"{size(row.size):>8}  {plain(users(row.summary, full))}".rstrip()
            print(f"{toned(branch, DIM)}{name}{gap}  {toned(f'{kind:<9}', TONES.get(kind, DIM))}  {tail}")


def show_changes(found: Sequence[Change]) -> None:
    """Print changes as docker's ``diff``: ``A /etc/new``."""
    for each in found:
        print(toned(f"{each.kind} {plain(each.path)}", TONES[each.kind]))


def _lines(rows: Sequence[SnapshotUsage], full: bool) -> Iterator[tuple[str, str, SnapshotUsage]]:
    """What is drawn before each snapshot, its name, and the snapshot; parents first."""
    known = {row.summary.snapshot.name for row in rows}
    below: dict[str, list[SnapshotUsage]] = defaultdict(list)
    for row in rows:
        parent = row.summary.snapshot.parent
        below[parent if parent in known else ""].append(row)
    todo = [("", "", row) for row in reversed(below[""])]
    while todo:  # no recursion: an image may have more layers than Python calls
        branch, indent, row = todo.pop()
        yield branch, plain(key(row.summary.snapshot.name, full)), row
        children = below[row.summary.snapshot.name]
        for place, child in reversed(list(enumerate(children))):
            last = place == len(children) - 1
            todo.append((indent + ("└ " if last else "├ "), indent + (" " if last else "│"), child))
