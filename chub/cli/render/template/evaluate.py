"""Templates carried out: the tree walked over a value, with the messages of Go's text/template."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, NoReturn

from chub.cli.render.template.functions import (
    ANY,
    ANYTHING,
    INTEGER,
    TEXT,
    TEXTS,
    CallError,
    Function,
)
from chub.cli.render.template.lexer import TemplateError
from chub.cli.render.template.nodes import (
    Action,
    Block,
    Branch,
    Chain,
    Command,
    Constant,
    Dot,
    Field,
    Invoke,
    Jump,
    Name,
    Nil,
    Numeral,
    Operand,
    Pipe,
    Statement,
    Text,
    Variable,
)
from chub.cli.render.template.values import (
    NIL,
    NO_VALUE,
    Number,
    Row,
    Slice,
    Struct,
    Value,
    is_nil,
    is_true,
    key_type,
    printed,
    type_name,
)
from chub.cli.render.text import quoted


class ExecutionError(TemplateError):
    """A template that cannot be carried out on the value it got; the message is docker's."""

    exit_code = 1


class _Jumped(Exception):
    """`break` or `continue`, on its way to the `range` around it."""

    def __init__(self, keyword: str) -> None:
        super().__init__(keyword)
        self.keyword = keyword


class _Absent:
    """No result of a command before this one."""


ABSENT = _Absent()


class Arguments(NamedTuple):
    """What a call is given: words, which are evaluated at `dot`, then the result of the command before."""

    words: Sequence[Operand]
    last: Value
    dot: Value

    @property
    def given(self) -> int:
        """How many they are."""
        return len(self.words) + (self.last is not ABSENT)


FITS: Mapping[str, Callable[[Value], bool]] = {
    TEXT: lambda value: isinstance(value, str) and not isinstance(value, Number),
    INTEGER: lambda value: isinstance(value, int) and not isinstance(value, bool),
    TEXTS: lambda value: isinstance(value, Slice) and value.element == "string",
}


class Run:
    """One execution: `output` grows as the template proceeds, and keeps what there was when it failed.

    `strict`: a key that a map does not have is an error, as for untyped JSON.
    """

    def __init__(
        self, text: str, blocks: Mapping[str, Block], functions: Mapping[str, Function], *, strict: bool
    ) -> None:
        self.text = text
        self.blocks = blocks
        self.functions = functions
        self.strict = strict
        self.output: list[str] = []
        self.variables: list[tuple[str, Value]] = []
        self.name = ""  # of the template that runs
        self.node: Operand | Command | Statement = Dot(0)  # which messages point at

    def start(self, value: Value) -> str:
        """The whole template's output."""
        self.variables = [("$", value)]
        try:
            self.block(self.blocks[""], value)
        except RecursionError:
            self.fail("exceeded maximum template depth")
        return "".join(self.output)

    def fail(self, message: str) -> NoReturn:
        """Stop, with docker's words."""
        before = self.text[: self.node.at]
        line, column = 1 + before.count("\n"), len(before.rpartition("\n")[2].encode(errors="replace"))
        place = f"template: :{line}:{column}: executing {quoted(self.name)} at <{self.node}>"
        raise ExecutionError(f"template parsing error: {place}: {message}")

    # Statements

    def block(self, block: Block, dot: Value) -> None:
        """Statements, one after the other."""
        for statement in block:
            match statement:
                case Text():
                    self.output.append(statement.text)
                case Action():
                    result = self.pipe(statement.pipe, dot)
                    if not statement.pipe.variables:
                        self.output.append(printed(result))
                case Branch(keyword="range"):
                    self.range(statement, dot)
                case Branch():
                    self.branch(statement, dot)
                case Invoke():
                    self.invoke(statement, dot)
                case Jump():
                    raise _Jumped(statement.keyword)

    def branch(self, branch: Branch, dot: Value) -> None:
        """``if``, or ``with``, where dot becomes the value."""
        known = len(self.variables)
        value = self.pipe(branch.pipe, dot)
        if is_true(value):
            self.block(branch.body, value if branch.keyword == "with" else dot)
        elif branch.otherwise is not None:
            self.block(branch.otherwise, dot)
        del self.variables[known:]

    def range(self, branch: Branch, dot: Value) -> None:
        """``range``, where dot becomes each element in turn."""
        known = len(self.variables)
        elements = self.elements(self.pipe(branch.pipe, dot), len(branch.pipe.variables))
        within, ran = len(self.variables), False
        for index, element in elements:
            ran = True
            self.set_elements(branch.pipe, index, element)
            try:
                self.block(branch.body, element)
            except _Jumped as jump:
                if jump.keyword == "break":
                    break
            del self.variables[within:]
        del self.variables[known:]
        if not ran and branch.otherwise is not None:
            self.block(branch.otherwise, dot)

    def elements(self, value: Value, variables: int) -> Iterable[tuple[Value, Value]]:
        """Indices or keys, each with its element."""
        if isinstance(value, list):
            return enumerate(value)
        if isinstance(value, dict) and not isinstance(value, Struct):
            return sorted(value.items())
        if is_nil(value):
            return ()
        if not isinstance(value, int) or isinstance(value, bool):
            self.fail(f"range can't iterate over {printed(value)}")
        if variables > 1:
            self.fail(f"can't use {value} to iterate over more than one variable")
        return ((number, number) for number in range(value))

    def set_elements(self, pipe: Pipe, index: Value, element: Value) -> None:
        """Give the variables of a ``range`` their next values: element, or index and element."""
        values = (index, element) if len(pipe.variables) == 2 else (element,)
        for place, (name, value) in enumerate(zip(pipe.variables, values, strict=False)):
            if pipe.assigns:
                self.assign(name, value)
            else:
                self.variables[place - len(pipe.variables)] = (name, value)

    def invoke(self, invoke: Invoke, dot: Value) -> None:
        """``template``, which sees no variable of ours."""
        self.node = invoke
        if invoke.name not in self.blocks:
            self.fail(f"template {quoted(invoke.name)} not defined")
        value = self.pipe(invoke.pipe, dot) if invoke.pipe else NO_VALUE
        outer = self.variables, self.name
        self.variables, self.name = [("$", value)], invoke.name
        self.block(self.blocks[invoke.name], value)
        self.variables, self.name = outer

    # Pipelines

    def pipe(self, pipe: Pipe, dot: Value) -> Value:
        """The last command's result, which the pipeline's variables get."""
        self.node = pipe
        value: Value = ABSENT
        for command in pipe.commands:
            value = self.command(command, dot, value)
            value = NO_VALUE if value is None else value
        for name in pipe.variables:
            if pipe.assigns:
                self.assign(name, value)
            else:
                self.variables.append((name, value))
        return value

    def assign(self, name: str, value: Value) -> None:
        """Give a variable that exists another value."""
        for place in reversed(range(len(self.variables))):
            if self.variables[place][0] == name:
                self.variables[place] = (name, value)
                return
        self.fail(f"undefined variable: {name}")

    def command(self, command: Command, dot: Value, last: Value) -> Value:
        """A command's result; `last` is that of the command before it, an argument to this one."""
        first = command.words[0]
        arguments = Arguments(command.words[1:], last, dot)
        match first:
            case Field() | Chain() | Variable(names=(_, *_)):
                return self.fields(first, arguments)
            case Name():
                return self.function(first, command, arguments)
        if not isinstance(first, Pipe):
            self.node = first
        if arguments.given:
            self.fail(f"can't give argument to non-function {first}")
        if isinstance(first, Nil):
            self.fail("nil is not a command")
        return self.operand(first, dot)

    def operand(self, operand: Operand, dot: Value) -> Value:
        """The value of an operand that gets no arguments."""
        self.node = operand
        match operand:
            case Dot():
                return dot
            case Nil():
                return NO_VALUE
            case Constant():
                return operand.value
            case Numeral():
                if isinstance(operand.value, int) and operand.integer is None:
                    self.fail(f"{operand} overflows int")
                return operand.value
            case Name():
                return self.function(operand, operand, Arguments((), ABSENT, dot))
            case Pipe():
                return self.pipe(operand, dot)
        return self.fields(operand, Arguments((), ABSENT, dot))

    def fields(self, node: Field | Variable | Chain, arguments: Arguments) -> Value:
        """A value's field, of that its field, and so on; the last may be a method, with arguments."""
        self.node = node
        match node:
            case Field():
                value = arguments.dot
            case Variable():
                value = next((value for name, value in reversed(self.variables) if name == node.name), ABSENT)
                if value is ABSENT:
                    self.fail(f"undefined variable: {node.name}")
            case Chain():
                value = self.operand(node.node, arguments.dot)
        none = Arguments((), ABSENT, arguments.dot)
        kind = type_name(value)
        for place, name in enumerate(node.names, 1):
            holder = value
            value = self.field(holder, kind, name, node, arguments if place == len(node.names) else none)
            kind = "interface {}" if type(holder) in (dict, list) else type_name(value)
        return value

    def field(self, holder: Value, kind: str, name: str, node: Operand, arguments: Arguments) -> Value:
        """One field, key or method of a value, whose type is `kind` to Go."""
        if holder is NO_VALUE:
            if self.strict:
                self.fail(f"nil data; no entry for key {quoted(name)}")
            return NO_VALUE
        if holder is None or holder is NIL:
            self.fail(f"nil pointer evaluating {kind}.{name}")
        if not isinstance(holder, dict) or (isinstance(holder, Struct) and name not in holder):
            self.fail(f"can't evaluate field {name} in type {kind}")
        if key_type(holder) != TEXT:
            self.fail(f"can't evaluate field {name} in type {kind}")
        value = holder.get(name, NO_VALUE)
        if callable(value):
            return self.method(value, name, node, arguments)
        if isinstance(holder, Row):
            return self.call(Function(lambda: value, ()), name, node, arguments)
        if arguments.given and isinstance(holder, Struct):
            self.fail(f"{name} has arguments but cannot be invoked as function")
        if arguments.given:
            self.fail(f"{name} is not a method but has arguments")
        if value is NO_VALUE and self.strict:
            self.fail(f"map has no entry for key {quoted(name)}")
        return value

    # Calls

    def method(self, method: Callable[..., Value], name: str, node: Operand, arguments: Arguments) -> Value:
        """A method's result; its parameters are strings."""
        from inspect import signature

        return self.call(Function(method, (TEXT,) * len(signature(method).parameters)), name, node, arguments)

    def function(self, name: Name, node: Name | Command, arguments: Arguments) -> Value:
        """A function's result."""
        self.node = name
        return self.call(self.functions[name.name], name.name, node, arguments)

    def call(self, function: Function, name: str, node: Operand | Command, arguments: Arguments) -> Value:
        """A call's result, its arguments checked against their types."""
        given, wanted = arguments.given, len(function.parameters)
        if given < wanted and function.rest:
            self.fail(f"wrong number of args for {name}: want at least {wanted} got {len(arguments.words)}")
        if given != wanted and not function.rest:
            self.fail(f"wrong number of args for {name}: want {wanted} got {given}")
        kinds = [*function.parameters, *[function.rest or ""] * (given - wanted)]
        values: list[Value] = []
        for word, kind in zip(arguments.words, kinds, strict=False):
            values.append(self.argument(word, kind, arguments.dot))
            if function.decided_by is is_true(values[-1]):
                return values[-1]
        if arguments.last is not ABSENT:
            values.append(self.checked(arguments.last, kinds[-1]))
        try:
            return function.call(*values)
        except CallError as error:
            self.node = node
            self.fail(f"error calling {name}: {error}")

    def argument(self, node: Operand, kind: str, dot: Value) -> Value:
        """An argument's value, which has to be of a type."""
        self.node = node
        if isinstance(node, Nil):
            if kind in (TEXT, INTEGER):
                self.fail(f"cannot assign nil to {kind}")
            return self.checked(NO_VALUE, kind)
        if not isinstance(node, (Constant, Numeral)) or kind in (ANY, ANYTHING):
            return self.checked(self.operand(node, dot), kind)
        if kind == TEXTS:
            self.fail(f"can't handle {node} for arg of type {kind}")
        value = node.value if isinstance(node, Constant) else node.integer
        if not FITS[kind](value):
            self.fail(f"expected {'string' if kind == TEXT else 'integer'}; found {node}")
        return value

    def checked(self, value: Value, kind: str) -> Value:
        """`value`, if a parameter of type `kind` takes it."""
        if kind in (ANY, ANYTHING):
            return None if value is NO_VALUE and kind == ANYTHING else value
        if value is NO_VALUE:
            if kind != TEXTS:
                self.fail(f"invalid value; expected {kind}")
            return Slice(nil=True)
        if not FITS[kind](value):
            self.fail(f"wrong type for value; expected {kind}; got {type_name(value)}")
        return value
