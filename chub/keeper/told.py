"""What clients tell, checked: one that breaks the rules is not to end the keeper of all the others' containers.

Each function gives back what it is asked about, and raises TypeError or ValueError for what it may not be.
"""

import os
from collections.abc import Callable, Mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LARGEST = (1 << 63) - 1


def text(value: object) -> str:
    """A text that may stand in a path or a command line."""
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    if b"\0" in os.fsencode(value):
        raise ValueError(f"{value!r} holds a zero byte")
    return value


def texts(value: object) -> list[str]:
    """A command line."""
    if not isinstance(value, list) or not value:
        raise TypeError(f"{value!r} is no command line")
    return [text(each) for each in value]


def truth(value: object) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise TypeError(f"{value!r} is neither true nor false")
    return value


def number(value: object) -> int:
    """A pid, a time, a place."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{value!r} is no number")
    if not 0 <= value <= LARGEST:
        raise ValueError(f"{value} is out of range")
    return value


def pid(value: object) -> int:
    """A process; 0 for none."""
    if number(value) >= 1 << 31:
        raise ValueError(f"{value} is no pid")
    return number(value)


def limit(value: object) -> list[int]:
    """Of what is kept: bytes of a file, and files."""
    if not isinstance(value, list) or len(value) != 2:
        raise TypeError(f"{value!r} is no limit")
    return [number(each) for each in value]


Fields = Mapping[str, Callable[[object], object]]
KEPT: Fields = {
    **dict.fromkeys(("id", "fifos", "data"), text),
    **dict.fromkeys(("tty", "reads", "stdin_once", "kept"), truth),
    "finish": texts,
}
"""Of a container, see `Kept`."""
EXECUTED: Fields = {
    **dict.fromkeys(("id", "container", "fifos"), text),
    **dict.fromkeys(("tty", "stdin"), truth),
    "pid": pid,
}
"""Of a program that was executed, see `Executed`."""


def facts(said: object, fields: Fields) -> "dict[str, Any]":
    """These of all that was said, and ``limit`` where that was. KeyError for one that is missing."""
    if not isinstance(said, dict):
        raise TypeError(f"{said!r} are no facts")
    wanted = {**fields, "limit": limit} if "limit" in said else fields
    return {name: check(said[name]) for name, check in wanted.items()}
