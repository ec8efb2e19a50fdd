"""Parsers of `chub.options` as typer wants them: a value that is no good is a wrong flag."""

from collections.abc import Callable
from typing import Any, TypeVar

import typer

from chub.errors import Invalid, Unsupported

T = TypeVar("T")


class WrongValue(typer.BadParameter):
    """A flag's value that its parser refused."""

    def __init__(self, text: str, why: str) -> None:
        super().__init__(why)
        self.text = text


def parsed(parse: Callable[[str], T]) -> Callable[[str], T]:
    """`parse`, with what it refuses turned into typer's complaint about the flag."""

    def parser(text: str) -> T:
        try:
            return parse(text)
        except (Invalid, Unsupported) as failure:
            raise WrongValue(text, str(failure)) from failure

    parser.__name__ = getattr(parse, "__name__", "value").removeprefix("parse_")
    return parser


def flag(panel: str, *names: str, help: str, metavar: str | None = None, parse: Any = None) -> Any:
    """An option of a command in the panel of its group."""
    return typer.Option(
        *names, help=help, metavar=metavar, parser=parsed(parse) if parse else None, rich_help_panel=panel
    )


def condition(text: str) -> str:
    """A filter as it is, if it is one; an empty one is none, and is no mistake."""
    if text and "=" not in text:
        raise Invalid("bad format of filter (expected name=value)")
    return text
