"""Rows as a table, as JSON, or as a template says. Every listing ends in `show`."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from chub.cli.render.text import plain
from chub.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.cli.render.template import Row as TemplateRow

Row = TypeVar("Row")
GAP = "   "
WIDTH = 10  # docker's columns are no narrower


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """One column: its heading, the key docker gives it in JSON and templates, and its text (None: Go's nil).

    `text` gets the row and whether nothing is to be cut short. A column that is not `shown` is there for JSON and
    templates only, and one that is not `in_json` for templates that name it, which alone ask for its text.
    """

    heading: str
    key: str
    text: Callable[[Row, bool], str | None]
    shown: bool = True
    in_json: bool = True


@record
class Form:
    """How a listing is wanted."""

    format: str | None = None  # None or "": a table; "table", "json", "raw", or a template
    quiet: bool = False  # the first column alone
    no_trunc: bool = False

    @property
    def plain(self) -> bool:
        """Whether it is a table of the usual columns, or their first one alone."""
        return self.format in (None, "", "table")


@record
class Kind(Generic[Row]):
    """What docker's listing of such rows does in its own way."""

    name: str = ""  # of a row's type, in messages about templates
    methods: Mapping[str, Callable[[Row], Callable[..., str]]] = field(default_factory=dict)  # {{.Label "x"}}
    raw: str = ""  # the template that ``--format raw`` stands for
    raw_quiet: str = ""
    quiet_first: bool = False  # ``--quiet`` goes before every --format, and says so


def show(rows: Iterable[Row], columns: Sequence[Column[Row]], form: Form, kind: Kind[Row] | None = None) -> None:
    """Print `rows` on stdout."""
    kind = kind or Kind()
    if form.quiet and form.format and kind.quiet_first:
        print("WARNING: Ignoring custom format, because both --format and --quiet are set.", file=sys.stderr)
    if form.format == "raw" and kind.raw:
        _templated(rows, columns, form, kind, kind.raw_quiet if form.quiet else kind.raw)
    elif form.quiet and (form.plain or kind.quiet_first):
        for row in rows:
            print(columns[0].text(row, form.no_trunc))
    elif form.plain:
        shown = [column for column in columns if column.shown]
        lines = [[plain(column.text(row, form.no_trunc) or "") for column in shown] for row in rows]
        print(aligned([[column.heading for column in shown], *lines]))
    else:
        _templated(rows, columns, form, kind, form.format or "")


def _templated(rows: Iterable[Row], columns: Sequence[Column[Row]], form: Form, kind: Kind[Row], format: str) -> None:
    from chub.cli.render import template

    wanted = template.listing(format)
    titles = {column.key: column.heading for column in columns}
    values = values_of(rows, columns, kind, full=form.no_trunc)
    if not values:  # a template that is wrong is wrong on nothing too
        wanted.render(titles, [_blank(columns, kind)])
    print(wanted.render(titles, values), end="")


def values_of(
    rows: Iterable[Row], columns: Sequence[Column[Row]], kind: Kind[Row], *, full: bool = True
) -> list[TemplateRow]:
    """The rows as templates have them."""
    from chub.cli.render import template

    return [
        template.Row(
            {column.key: _value(column, row, full) for column in columns}
            | {name: method(row) for name, method in kind.methods.items()},
            kind.name,
        )
        for row in rows
    ]


def _value(column: Column[Row], row: Row, full: bool) -> object:
    """A row's text of a column, as templates have it."""
    if not column.in_json:
        return lambda: column.text(row, full)
    text = column.text(row, full)
    if text is None:
        from chub.cli.render.template import NIL

        return NIL
    return text


def attempt(columns: Sequence[Column[Row]], form: Form, kind: Kind[Row]) -> frozenset[str]:
    """Try the template of a listing before there are rows; the keys that it asked for.

    Raises `TemplateError` in the words of ``docker ps``.
    """
    if form.plain or form.format in ("json", "raw"):
        return frozenset()
    from chub.cli.render import template

    assert form.format is not None
    return template.attempt(form.format, _blank(columns, kind))


def _blank(columns: Sequence[Column[Row]], kind: Kind[Row]) -> TemplateRow:
    """A row of nothing."""
    from chub.cli.render import template

    fields = {column.key: "" if column.in_json else lambda: "" for column in columns}
    return template.Row(fields | dict.fromkeys(kind.methods, lambda *_: ""), kind.name)


def aligned(lines: Sequence[Sequence[str]], narrowest: int = WIDTH) -> str:
    """Columns as docker's: three spaces apart, `narrowest` characters wide at least, the last one ragged."""
    count = len(lines[0])
    widths = [max(narrowest - len(GAP), *(width(line[place]) for line in lines)) for place in range(count)]
    return "\n".join(
        "".join(
            cell + (" " * (widths[place] - width(cell)) + GAP if place < count - 1 else "")
            for place, cell in enumerate(line)
        )
        for line in lines
    )


def width(text: str) -> int:
    """Columns of a terminal that `text` takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(each) else 2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text
    )
