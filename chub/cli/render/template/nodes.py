"""The syntax tree of a Go template.

Nodes are plain tuples, quick to define: a command with `--format` pays for it each time. `at` is where a node
starts, in characters; ``str(node)`` is how Go writes the node in a message.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from chub.cli.render.text import quoted


class Dot(NamedTuple):
    """``.``"""

    at: int

    def __str__(self) -> str:
        return "."


class Nil(NamedTuple):
    """``nil``"""

    at: int

    def __str__(self) -> str:
        return "nil"


class Constant(NamedTuple):
    """``true``, or a string."""

    at: int
    text: str
    value: bool | str

    def __str__(self) -> str:
        return self.text


class Numeral(NamedTuple):
    """A number: `value` by its own looks, `integer` where an integer is asked for; None: it is not one."""

    at: int
    text: str
    value: int | float
    integer: int | None

    def __str__(self) -> str:
        return self.text


class Name(NamedTuple):
    """A function's name."""

    at: int
    name: str

    def __str__(self) -> str:
        return self.name


class Field(NamedTuple):
    """``.A.B``"""

    at: int
    names: tuple[str, ...]

    def __str__(self) -> str:
        return "".join(f".{name}" for name in self.names)


class Variable(NamedTuple):
    """``$x.A``: the variable, then fields."""

    at: int
    name: str
    names: tuple[str, ...]

    def __str__(self) -> str:
        return ".".join((self.name, *self.names))


class Chain(NamedTuple):
    """``(pipeline).A.B``"""

    at: int
    node: Operand
    names: tuple[str, ...]

    def __str__(self) -> str:
        node = f"({self.node})" if isinstance(self.node, Pipe) else str(self.node)
        return ".".join((node, *self.names))


class Command(NamedTuple):
    """An operand, or a function or method with its arguments."""

    at: int
    words: tuple[Operand, ...]

    def __str__(self) -> str:
        return " ".join(f"({word})" if isinstance(word, Pipe) else str(word) for word in self.words)


class Pipe(NamedTuple):
    """Commands, each given the result of the one before; the variables that get the last result."""

    at: int
    variables: tuple[str, ...]
    assigns: bool  # the variables exist already
    commands: tuple[Command, ...]

    def __str__(self) -> str:
        variables = ", ".join(self.variables) + (" = " if self.assigns else " := ") if self.variables else ""
        return variables + " | ".join(map(str, self.commands))


Operand: TypeAlias = Dot | Nil | Constant | Numeral | Name | Field | Variable | Chain | Pipe


class Text(NamedTuple):
    """What is printed as it stands."""

    at: int
    text: str


class Action(NamedTuple):
    """A pipeline whose result is printed, unless it sets variables."""

    at: int
    pipe: Pipe


class Branch(NamedTuple):
    """``if``, ``with`` or ``range``."""

    at: int
    keyword: str
    pipe: Pipe
    body: Block
    otherwise: Block | None


class Jump(NamedTuple):
    """``break`` or ``continue``."""

    at: int
    keyword: str


class Invoke(NamedTuple):
    """``template``"""

    at: int
    name: str
    pipe: Pipe | None

    def __str__(self) -> str:
        return f"{{{{template {quoted(self.name)}{f' {self.pipe}' if self.pipe else ''}}}}}"


Statement: TypeAlias = Text | Action | Branch | Jump | Invoke
Block: TypeAlias = tuple[Statement, ...]

LITERALS = (Dot, Nil, Constant, Numeral)
