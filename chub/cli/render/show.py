"""Rows as a table, as JSON, or as a template says. Every listing ends in `show`."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
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
    """One column: its heading, the key docker gives it in JSON and templates, and its text.

    `text` gets the row and whether nothing is to be cut short. A column that is not `shown` is there for JSON and
    templates only.
    """

    heading: str
    key: str
    text: Callable[[Row, bool], str]
    shown: bool = True


@record
class Form:
    """How a listing is wanted."""

    format: str | None = None  # None, "table", "json", or a template
    quiet: bool = False  # the first column alone
    no_trunc: bool = False


def show(
    rows: Iterable[Row],
    columns: Sequence[Column[Row]],
    form: Form,
    *,
    kind: str = "",
    methods: Mapping[str, Callable[[Row], Callable[..., str]]] | None = None,
) -> None:
    """Print `rows` on stdout.

    `kind` is docker's name for the type of such a row, in messages about templates; `methods` are what its templates
    can call, as ``{{.Label "x"}}``.
    """
    if form.quiet and form.format not in (None, "table", "json"):
        print("WARNING: Ignoring custom format, because both --format and --quiet are set.", file=sys.stderr)
    if form.quiet:
        for row in rows:
            print(columns[0].text(row, form.no_trunc))
    elif form.format in (None, "table"):
        shown = [column for column in columns if column.shown]
        lines = [[plain(column.text(row, form.no_trunc)) for column in shown] for row in rows]
        print(aligned([[column.heading for column in shown], *lines]))
    else:
        _templated(rows, columns, form, kind, methods or {})


def _templated(
    rows: Iterable[Row],
    columns: Sequence[Column[Row]],
    form: Form,
    kind: str,
    methods: Mapping[str, Callable[[Row], Callable[..., str]]],
) -> None:
    from chub.cli.render import template

    assert form.format is not None
    wanted = template.listing(form.format)
    titles = {column.key: column.heading for column in columns}
    values = [
        template.Row(
            {column.key: column.text(row, form.no_trunc) for column in columns}
            | {name: method(row) for name, method in methods.items()},
            kind,
        )
        for row in rows
    ]
    if not values:  # a template that is wrong is wrong on nothing too
        wanted.render(titles, [_blank(columns, kind, methods)])
    print(wanted.render(titles, values), end="")


def attempt(
    columns: Sequence[Column[Row]], form: Form, *, kind: str, methods: Mapping[str, Callable[[Row], Callable[..., str]]]
) -> None:
    """Try the template of a listing before there are rows; raises `TemplateError` in the words of ``docker ps``."""
    if form.format in (None, "table", "json"):
        return
    from chub.cli.render import template

    assert form.format is not None
    template.attempt(form.format, _blank(columns, kind, methods))


def _blank(columns: Sequence[Column[Row]], kind: str, methods: Mapping[str, object]) -> TemplateRow:
    """A row of nothing."""
    from chub.cli.render import template

    fields = {column.key: "" for column in columns} | dict.fromkeys(methods, lambda *_: "")
    return template.Row(fields, kind)


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
