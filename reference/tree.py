"""The commands, as pages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import typer
import typer.main

from chub.cli.frame import Entry, Lazy
from chub.cli.main import app
from chub.cli.render import help

Rows = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What there is to say of one command."""

    words: tuple[str, ...]  # ("chub", "image", "rm")
    others: tuple[str, ...] = ()  # its other names: "chub rmi"
    summary: str  # one line
    synopsis: str
    about: str
    examples: str = ""  # a command a line
    options: tuple[tuple[str, Rows], ...] = ()  # by group: title, and spelling and help of each
    commands: tuple[tuple[str, Rows], ...] = ()  # of a group: title, and name and summary of each

    @property
    def name(self) -> str:
        """As on the command line."""
        return " ".join(self.words)

    @property
    def file(self) -> str:
        """As a file is called: ``chub-image-rm``."""
        return "-".join(self.words)


def pages() -> tuple[Page, ...]:
    """One for chub, for every group and for every command, which stands under the shortest of its names."""
    root = typer.main.get_command(app)
    assert isinstance(root, Lazy)
    context = typer.Context(root, info_name="chub")
    return tuple(_pages(root, context, ("chub",)))


def _pages(group: Lazy, context: Any, words: tuple[str, ...]) -> Iterator[Page]:
    commands = tuple(
        (title, tuple((name, entry.help) for name, entry in entries.items()))
        for title, entries in group.sections.items()
    )
    about = getattr(group, "overview", "") or group.help or ""
    options = tuple((title, tuple(rows)) for title, rows in help.options(context, group)) if len(words) == 1 else ()
    yield Page(
        words=words,
        summary=about,
        synopsis=help.synopsis(context),
        about=about,
        options=options,
        commands=commands,
    )
    for name, entry in group.table():
        command = entry.load(name)
        inner = typer.Context(command, info_name=name, parent=context)
        if not isinstance(entry, Entry):
            yield from _pages(command, inner, (*words, name))
            continue
        *others, first = help.aliases(inner)
        if first != inner.command_path:
            continue
        about, examples = help.told(command)
        yield Page(
            words=(*words, name),
            others=tuple(others),
            summary=entry.help,
            synopsis=help.synopsis(inner),
            about=about,
            examples=examples,
            options=tuple((title, tuple(rows)) for title, rows in help.options(inner, command)),
        )
