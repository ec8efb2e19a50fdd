"""docker's ``--format``: Go templates, and the tables made of them.

``compile(text).render(value)`` is all that most need. A value is JSON-like, or has a type of Go's: a `Row`
for listings, whose fields may be methods (``{{.Label "x"}}``), `Struct`, `Map`, `Slice`. `listing` reads what
follows ``--format`` in a listing; `inspected.render` does what ``inspect --format`` does.

All failures are `TemplateError`s with docker's words: exit status 64 for a template that is none, 1
(`ExecutionError`) for one that the value does not bear.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from chub.cli.render.show import width
from chub.cli.render.template.evaluate import ExecutionError, Run
from chub.cli.render.template.functions import FUNCTIONS, HEADINGS, Function
from chub.cli.render.template.lexer import TemplateError
from chub.cli.render.template.nodes import Block
from chub.cli.render.template.parser import parse
from chub.cli.render.template.values import NIL, NO_VALUE, Map, Number, Row, Slice, Struct, Value

__all__ = [
    "NIL",
    "NO_VALUE",
    "ExecutionError",
    "Listing",
    "Map",
    "Number",
    "Row",
    "Slice",
    "Struct",
    "Template",
    "TemplateError",
    "attempt",
    "compile",
    "headings",
    "listing",
    "render_table",
]

MIN_WIDTH, GAP = 10, 3  # of docker's columns


@dataclass(frozen=True, slots=True)
class Template:
    """A template that has been parsed: its text, and the blocks it defines by name, itself as ""."""

    text: str
    blocks: Mapping[str, Block]

    def render(self, value: Value, *, strict: bool = True) -> str:
        """The template carried out on `value`. `strict`: a key that a map does not have is an error.

        Raises `ExecutionError`.
        """
        return self.run(FUNCTIONS, strict=strict).start(value)

    def run(self, functions: Mapping[str, Function], *, strict: bool) -> Run:
        """An execution that has not started."""
        return Run(self.text, self.blocks, functions, strict=strict)


def compile(text: str) -> Template:
    """Parse a template; raises `TemplateError`."""
    return Template(text, parse(text, frozenset(FUNCTIONS)))


@dataclass(frozen=True, slots=True)
class Listing:
    """What follows ``--format`` in a listing: a template for each row, under headings if it is a `table`."""

    template: Template
    table: bool

    def render(self, titles: Mapping[str, str], rows: Iterable[Row]) -> str:
        """All rows, a line's end behind each. `titles`: the heading of each field."""
        if self.table:
            return render_table(self.template, titles, rows)
        return "".join(f"{self.template.render(row)}\n" for row in rows)


def listing(text: str) -> Listing:
    """Read ``--format`` as docker does: ``json``, a template, or a template after ``table``.

    A backslash with t or n is a tab or a line's end, also outside of quotes. Raises `TemplateError`, here with
    exit status 1.
    """
    table = text.startswith("table")
    text = "{{json .}}" if text == "json" else text.removeprefix("table").strip(" ")
    try:
        return Listing(compile(text.replace(r"\t", "\t").replace(r"\n", "\n")), table)
    except TemplateError as error:
        error.exit_code = 1
        raise


class _Asked(Row):
    """A row that notes which of its fields somebody wants."""

    def __init__(self, row: Row) -> None:
        super().__init__(row, row.type_name)
        self.keys_asked: set[str] = set()

    def get(self, key: str, default: Value = None, /) -> Value:
        self.keys_asked.add(key)
        return super().get(key, default)

    def items(self) -> Any:
        self.keys_asked.update(key for key, value in super().items() if not callable(value))
        return super().items()


def attempt(text: str, blank: Row) -> frozenset[str]:
    """Try a template as ``docker ps`` does before it asks for containers: on a row of nothing, and in words of its own.

    The keys of the fields that it asked for. Raises `TemplateError` with exit status 1.
    """
    step, row = "parse", _Asked(blank)
    try:
        template = compile(text)
        step = "execute"
        template.render(row)
    except TemplateError as error:
        failure = type(error)(f"failed to {step} template: {str(error).removeprefix('template parsing error: ')}")
        failure.exit_code = 1
        raise failure from error
    return frozenset(row.keys_asked)


def headings(template: Template, titles: Mapping[str, str]) -> str:
    """The line above a table: the template with each field's title in place of its value.

    ``{{.Label "com.example.some-name"}}`` has the last part of the label's name, "some name". Where the
    template fails on titles the line ends, as docker's does.
    """
    run = template.run({**FUNCTIONS, **HEADINGS}, strict=False)
    with suppress(ExecutionError):
        run.start(Map({**titles, "Label": _label_title}))
    return "".join(run.output)


def _label_title(name: str) -> str:
    return name.rpartition(".")[2].replace("-", " ").replace("_", " ")


def render_table(template: Template, titles: Mapping[str, str], rows: Iterable[Row]) -> str:
    """A table: headings, then the rows, the text between tabs in columns; a line's end behind each."""
    lines = [headings(template, titles), *(template.render(row) for row in rows)]
    return "".join(f"{line}\n" for line in _aligned("\n".join(lines).split("\n")))


def _aligned(lines: Sequence[str]) -> list[str]:
    """Lines whose cells, each of which a tab ends, are as wide as their neighbours above and below."""
    cells = [line.split("\t") for line in lines]
    for column in range(max(map(len, cells)) - 1):
        start = 0
        while start < len(cells):
            end = start
            while end < len(cells) and len(cells[end]) > column + 1:
                end += 1
            widest = max((width(row[column]) for row in cells[start:end]), default=0)
            for row in cells[start:end]:
                row[column] += " " * (max(MIN_WIDTH, widest + GAP) - width(row[column]))
            start = end + 1
    return ["".join(row) for row in cells]
