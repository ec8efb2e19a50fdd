"""From a template's tokens to its syntax tree, with the messages of Go's parser."""

from __future__ import annotations

from chub.cli.render.template import literals
from chub.cli.render.template.lexer import Kind, TemplateError, Token, tokens
from chub.cli.render.template.nodes import (
    LITERALS,
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
from chub.cli.render.text import quoted

ELSE, END = "{{else}}", "{{end}}"  # how a block ended


def parse(text: str, functions: frozenset[str]) -> dict[str, Block]:
    """The templates that `text` defines, by name; the text itself is the one named ""."""
    parser = _Parser(text, functions)
    try:
        parser.whole()
    except RecursionError:
        raise TemplateError("template parsing error: template: max expression depth exceeded") from None
    return parser.defined


class _Parser:
    """Recursive descent, with Go's order of checks, so that of several faults the same one is reported."""

    def __init__(self, text: str, functions: frozenset[str]) -> None:
        self.text = text
        self.functions = functions
        self.defined: dict[str, Block] = {}
        self.tokens: list[Token] = []
        self.source = tokens(text)
        self.place = 0  # of the next token
        self.variables = ["$"]
        self.ranges = 0  # that surround us
        self.action_line = 0  # where the action began that we are in; 0: in none

    # Tokens

    def next(self) -> Token:
        """The next token, taken."""
        if self.place == len(self.tokens):
            self.tokens.append(next(self.source))
        self.place += 1
        return self.tokens[self.place - 1]

    def peek(self) -> Token:
        """The next token, left in place."""
        token = self.next()
        self.place -= 1
        return token

    def skip(self) -> Token:
        """The next token that is no space, taken."""
        while (token := self.next()).kind is Kind.SPACE:
            pass
        return token

    def look(self) -> Token:
        """The next token that is no space, left in place."""
        token = self.skip()
        self.place -= 1
        return token

    def line(self, at: int) -> int:
        """The line of a place in the text, from 1."""
        return 1 + self.text.count("\n", 0, at)

    def fault(self, message: str) -> TemplateError:
        """The error, in docker's words."""
        line = self.line(self.tokens[-1].at)
        return TemplateError(f"template parsing error: template: :{line}: {message}")

    def unexpected(self, token: Token, context: str) -> TemplateError:
        """The error for a token that is out of place."""
        if token.kind is not Kind.ERROR:
            return self.fault(f"unexpected {token} in {context}")
        if self.action_line in (0, self.line(token.at)):
            return self.fault(token.text)
        within = " started" if token.text.endswith(" action") else " in action started"
        return self.fault(f"{token.text}{within} at :{self.action_line}")

    def expect(self, kind: Kind, context: str) -> Token:
        """The next token, which has to be of `kind`."""
        token = self.skip()
        if token.kind is not kind:
            raise self.unexpected(token, context)
        return token

    # Statements

    def whole(self) -> None:
        """Everything; the result is in `defined`."""
        body: list[Statement] = []
        while self.peek().kind is not Kind.END:
            start = self.place
            if self.next().kind is Kind.LEFT and self.skip()[:2] == (Kind.KEYWORD, "define"):
                self.definition()
                continue
            self.place = start
            statement = self.statement()
            if isinstance(statement, str):
                raise self.fault(f"unexpected {statement}")
            body.append(statement)
        self.define("", tuple(body))

    def definition(self) -> None:
        """``define``, whose keyword has been taken."""
        context = "define clause"
        name = self.string(self.expect(Kind.STRING, context))
        self.expect(Kind.RIGHT, context)
        self.define(name, self.own_block(context))

    def own_block(self, context: str) -> Block:
        """The block of a template within the template: it knows none of our variables."""
        outer, self.variables, self.ranges = (self.variables, self.ranges), ["$"], 0
        body, ended = self.block()
        if ended is not END:
            raise self.fault(f"unexpected {ended} in {context}")
        self.variables, self.ranges = outer
        return body

    def define(self, name: str, body: Block) -> None:
        """Keep a template. One that is blank neither replaces another nor stands in its way."""
        blank = all(isinstance(each, Text) and not each.text.strip() for each in body)
        known = self.defined.get(name, ())
        if all(isinstance(each, Text) and not each.text.strip() for each in known):
            self.defined[name] = body
        elif not blank:
            raise self.fault(f"template: multiple definition of template {quoted(name)}")

    def block(self) -> tuple[Block, str]:
        """Statements up to an ``end`` or ``else``, and which of the two."""
        body: list[Statement] = []
        while self.look().kind is not Kind.END:
            statement = self.statement()
            if isinstance(statement, str):
                return tuple(body), statement
            body.append(statement)
        raise self.fault("unexpected EOF")

    def statement(self) -> Statement | str:
        """A text or an action; ELSE or END where the action is one of those."""
        token = self.skip()
        if token.kind is Kind.TEXT:
            return Text(token.at, token.text)
        if token.kind is not Kind.LEFT:
            raise self.unexpected(token, "input")
        self.action_line = self.line(token.at)
        statement = self.action()
        self.action_line = 0
        return statement

    def action(self) -> Statement | str:
        """What follows a left delimiter, with the right one."""
        token = self.skip()
        match token.text if token.kind is Kind.KEYWORD else "":
            case "if" | "with" | "range" as keyword:
                return self.branch(token.at, keyword)
            case "else":
                if self.look()[:2] not in ((Kind.KEYWORD, "if"), (Kind.KEYWORD, "with")):
                    self.expect(Kind.RIGHT, "else")
                return ELSE
            case "end":
                self.expect(Kind.RIGHT, "end")
                return END
            case "break" | "continue" as keyword:
                self.expect(Kind.RIGHT, f"{{{{{keyword}}}}}")
                if not self.ranges:
                    raise self.fault(f"{{{{{keyword}}}}} outside {{{{range}}}}")
                return Jump(token.at, keyword)
            case "template" | "block" as keyword:
                return self.invoke(keyword)
        self.place -= 1
        return Action(token.at, self.pipe("command", Kind.RIGHT))

    def branch(self, at: int, keyword: str) -> Branch:
        """``if``, ``with`` or ``range``, whose keyword has been taken."""
        known = len(self.variables)
        pipe = self.pipe(keyword, Kind.RIGHT)
        self.ranges += keyword == "range"
        body, ended = self.block()
        self.ranges -= keyword == "range"
        otherwise: Block | None = None
        if ended is ELSE:
            chained = keyword != "range" and self.peek()[:2] == (Kind.KEYWORD, keyword)
            if chained:  # `else if` shares our `end`
                otherwise = (self.branch(self.next().at, keyword),)
            else:
                otherwise, ended = self.block()
                if ended is not END:
                    raise self.fault(f"expected end; found {ended}")
        del self.variables[known:]
        return Branch(at, keyword, pipe, body, otherwise)

    def invoke(self, keyword: str) -> Invoke:
        """``template``, or ``block``, which defines what it invokes; the keyword has been taken."""
        context = f"{keyword} clause"
        token = self.expect(Kind.STRING, context)
        name = self.string(token)
        if keyword == "block":
            pipe = self.pipe(context, Kind.RIGHT)
            self.define(name, self.own_block(context))
            return Invoke(token.at, name, pipe)
        if self.skip().kind is Kind.RIGHT:
            return Invoke(token.at, name, None)
        self.place -= 1
        return Invoke(token.at, name, self.pipe(context, Kind.RIGHT))

    # Pipelines

    def pipe(self, context: str, end: Kind) -> Pipe:
        """A pipeline, with the token that ends it."""
        at = self.look().at
        variables, assigns = self.declared(context)
        commands: list[Command] = []
        while (token := self.skip()).kind is not end:
            if token.kind in (Kind.RIGHT, Kind.CLOSE, Kind.PIPE):
                raise self.unexpected(token, context)
            self.place -= 1
            commands.append(self.command(context))
        if not commands:
            raise self.fault(f"missing value for {context}")
        for stage, command in enumerate(commands[1:], 2):
            if isinstance(command.words[0], LITERALS):
                raise self.fault(f"non executable command in pipeline stage {stage}")
        return Pipe(at, variables, assigns, tuple(commands))

    def declared(self, context: str) -> tuple[tuple[str, ...], bool]:
        """The variables at the start of a pipeline that it sets, and whether they exist already."""
        names: list[str] = []
        while self.look().kind is Kind.VARIABLE:
            start = self.place
            name = self.next().text
            token = self.look()
            comma = token[:2] == (Kind.OTHER, ",")
            if not comma and token.kind not in (Kind.ASSIGN, Kind.DECLARE):
                self.place = start
                break
            self.next()
            names.append(name)
            self.variables.append(name)
            if not comma:
                return tuple(names), token.kind is Kind.ASSIGN
            if context != "range" or len(names) == 2:
                raise self.fault(f"too many declarations in {context}")
            if self.look().kind not in (Kind.VARIABLE, Kind.RIGHT, Kind.CLOSE):
                raise self.fault("range can only initialize variables")
        return tuple(names), False

    def command(self, context: str) -> Command:
        """Operands up to a pipe, which is taken, or to the end of the pipeline, which is not."""
        at = self.look().at
        words: list[Operand] = []
        while True:
            self.look()
            if (word := self.operand()) is not None:
                words.append(word)
            token = self.next()
            if token.kind is Kind.SPACE:
                continue
            if token.kind in (Kind.RIGHT, Kind.CLOSE):
                self.place -= 1
            elif token.kind is not Kind.PIPE:
                raise self.unexpected(token, context if not words else "operand")
            return Command(at, tuple(words))

    def operand(self) -> Operand | None:
        """A term with the fields that follow it; None where none begins."""
        term = self.term()
        if term is None or self.peek().kind is not Kind.FIELD:
            return term
        at = self.peek().at
        names: list[str] = []
        while self.peek().kind is Kind.FIELD:
            names.append(self.next().text[1:])
        match term:
            case Field():
                return Field(at, (*term.names, *names))
            case Variable():
                return Variable(at, term.name, tuple(names))
            case Name() | Pipe():
                return Chain(at, term, tuple(names))
        raise self.fault(f"unexpected . after term {quoted(str(term))}")

    def term(self) -> Operand | None:
        """A literal, a name, or a pipeline in parentheses; None where none begins."""
        token = self.skip()
        match token.kind:
            case Kind.NAME:
                if token.text not in self.functions:
                    raise self.fault(f"function {quoted(token.text)} not defined")
                return Name(token.at, token.text)
            case Kind.DOT:
                return Dot(token.at)
            case Kind.KEYWORD if token.text == "nil":
                return Nil(token.at)
            case Kind.VARIABLE:
                if token.text not in self.variables:
                    raise self.fault(f"undefined variable {quoted(token.text)}")
                return Variable(token.at, token.text, ())
            case Kind.FIELD:
                return Field(token.at, (token.text[1:],))
            case Kind.BOOL | Kind.STRING | Kind.NUMBER | Kind.CHARACTER:
                return self.literal(token)
            case Kind.OPEN:
                return self.pipe("parenthesized pipeline", Kind.CLOSE)
        self.place -= 1
        return None

    def literal(self, token: Token) -> Operand:
        """The node of a literal."""
        at, text = token.at, token.text
        if token.kind is Kind.BOOL:
            return Constant(at, text, text == "true")
        if token.kind is Kind.STRING:
            return Constant(at, text, self.string(token))
        try:
            if token.kind is Kind.CHARACTER:
                code = literals.character(text)
                return Numeral(at, text, code, code)
            return Numeral(at, text, *literals.number(text))
        except ValueError as malformed:
            raise self.fault(str(malformed)) from None

    def string(self, token: Token) -> str:
        """The value of a string literal."""
        try:
            return literals.string(token.text)
        except ValueError as malformed:
            raise self.fault(str(malformed)) from None
