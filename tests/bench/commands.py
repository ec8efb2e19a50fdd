"""Print every command of chub, a line each. In a process of its own: whoever measures imports no chub."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chub.cli.frame import Entry, Group
from chub.cli.main import COMMANDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def paths(commands: Mapping[str, Entry | Group]) -> Iterator[str]:
    """The words of every command: those of groups after their group's."""
    for name, entry in commands.items():
        yield name
        if isinstance(entry, Group):
            yield from (f"{name} {path}" for path in paths(entry.commands))


if __name__ == "__main__":
    for section in COMMANDS.values():
        for path in paths(section):
            print(path)
