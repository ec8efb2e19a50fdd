"""A Go template as tokens: text, and what stands between ``{{`` and ``}}``."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from enum import StrEnum
from typing import NamedTuple

from chub.cli.render.text import quoted
from chub.errors import Invalid

LEFT, RIGHT = "{{", "}}"
SPACE = " \t\r\n"
TRIM = re.compile(r"-[ \t\r\n]")
KEYWORDS = frozenset(["block", "break", "continue", "define", "else", "end", "if", "nil", "range", "template", "with"])
NUMBER = re.compile(
    r"[+-]?(?:0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]*)?|0[oO][0-7_]*|0[bB][01_]*"
    r"|[0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]*)?)i?"
)
QUOTES = {
    '"': (re.compile(r'"(?:[^"\\\n]|\\[^\n])*"'), "unterminated quoted string"),
    "'": (re.compile(r"'(?:[^'\\\n]|\\[^\n])*'"), "unterminated character constant"),
    "`": (re.compile(r"`[^`]*`"), "unterminated raw quoted string"),
}


class TemplateError(Invalid):
    """A template that cannot be parsed; the message is docker's."""

    exit_code = 64


class Kind(StrEnum):
    """What a token is."""

    TEXT = "text"
    LEFT = "left delimiter"
    RIGHT = "right delimiter"
    SPACE = "space"
    FIELD = "field"  # .Name
    VARIABLE = "variable"  # $ or $name
    NAME = "name"  # of a function
    KEYWORD = "keyword"
    DOT = "dot"
    BOOL = "bool"
    NUMBER = "number"
    CHARACTER = "character"
    STRING = "string"
    OPEN = "("
    CLOSE = ")"
    PIPE = "|"
    DECLARE = ":="
    ASSIGN = "="
    OTHER = "other"  # a character that no rule of the language takes
    ERROR = "error"  # its text is the message
    END = "end"


class Token(NamedTuple):
    """A piece of a template and where it starts (in characters)."""

    kind: Kind
    text: str
    at: int

    def __str__(self) -> str:
        if self.kind is Kind.END:
            return "EOF"
        if self.kind is Kind.ERROR:
            return self.text
        if self.kind in (Kind.KEYWORD, Kind.DOT):
            return f"<{self.text}>"
        return quoted(self.text[:10]) + "..." if len(self.text) > 10 else quoted(self.text)


class Fault(Exception):
    """Text that is no token."""

    def __init__(self, text: str, at: int) -> None:
        super().__init__(text)
        self.text = text
        self.at = at


def tokens(text: str) -> Iterator[Token]:
    """The tokens of a template; the last one is an END or an ERROR."""
    start = 0
    while (left := text.find(LEFT, start)) >= 0:
        at = left + len(LEFT)
        trims = TRIM.match(text, at)
        before = text[start:left].rstrip(SPACE) if trims else text[start:left]
        if before:
            yield Token(Kind.TEXT, before, start)
        at = trims.end() if trims else at
        try:
            if text.startswith("/*", at):
                at = _comment(text, at)
            else:
                yield Token(Kind.LEFT, LEFT, left)
                at = yield from _action(text, at)
        except Fault as fault:
            yield Token(Kind.ERROR, fault.text, fault.at)
            return
        start = at + _closing(text, at)
        if text[at] in SPACE:  # a trim marker
            start += len(text) - start - len(text[start:].lstrip(SPACE))
    if text[start:]:
        yield Token(Kind.TEXT, text[start:], start)
    yield Token(Kind.END, "", len(text))


def _action(text: str, at: int) -> Generator[Token, None, int]:
    """The tokens of an action, its closing delimiter among them; then where that starts."""
    depth = 0
    while not _closing(text, at):
        token = _token(text, at)
        depth += {Kind.OPEN: 1, Kind.CLOSE: -1}.get(token.kind, 0)
        if depth < 0:
            raise Fault("unexpected right paren", at)
        yield token
        at += len(token.text)
    if depth:
        raise Fault("unclosed left paren", at)
    yield Token(Kind.RIGHT, RIGHT, at)
    return at


def _closing(text: str, at: int) -> int:
    """The length of the closing delimiter, with its trim marker, if there is one at `at`; else 0."""
    if text.startswith(RIGHT, at):
        return len(RIGHT)
    return len(" -}}") if text[at : at + 1] in SPACE and text.startswith("-}}", at + 1) else 0


def _comment(text: str, at: int) -> int:
    """Where the delimiter that closes a comment starts."""
    end = text.find("*/", at + 2)
    if end < 0:
        raise Fault("unclosed comment", at)
    if not _closing(text, end + 2):
        raise Fault("comment ends before closing delimiter", at)
    return end + 2


def _token(text: str, at: int) -> Token:
    """The token of an action that starts at `at`."""
    first = text[at : at + 1]
    if not first:
        raise Fault("unclosed action", at)
    if first in SPACE:
        end = at + 1
        while text[end : end + 1] and text[end] in SPACE and not _closing(text, end):
            end += 1
        return Token(Kind.SPACE, text[at:end], at)
    if first in QUOTES:
        pattern, fault = QUOTES[first]
        if not (match := pattern.match(text, at)):
            raise Fault(fault, at)
        return Token(Kind.CHARACTER if first == "'" else Kind.STRING, match[0], at)
    if first in "$." and not (first == "." and text[at + 1 : at + 2] in set("0123456789") | {""}):
        name = _word(text, at + 1)
        kind = Kind.VARIABLE if first == "$" else Kind.FIELD if name else Kind.DOT
        return Token(kind, first + name, at)
    if first in "+-.0123456789":
        return _number(text, at)
    if _is_wordy(first):
        word = _word(text, at)
        kind = Kind.BOOL if word in ("true", "false") else Kind.KEYWORD if word in KEYWORDS else Kind.NAME
        return Token(kind, word, at)
    if first == ":":
        if not text.startswith(":=", at):
            raise Fault("expected :=", at)
        return Token(Kind.DECLARE, ":=", at)
    if first in "()|=":
        return Token(Kind(first), first, at)
    if first.isascii() and first.isprintable():
        return Token(Kind.OTHER, first, at)
    raise Fault(f"unrecognized character in action: {_named(first)}", at)


def _number(text: str, at: int) -> Token:
    """A number, or what begins like one; whether it is one shows when it is converted."""
    end = _end(NUMBER, text, at)
    after = text[end : end + 1]
    if after and after in "+-":  # Go has complex numbers; docker's templates have no use for them
        raise Fault(f"bad number syntax: {quoted(text[at : _end(NUMBER, text, end)])}", at)
    if _is_wordy(after):
        raise Fault(f"bad number syntax: {quoted(text[at : end + 1])}", at)
    return Token(Kind.NUMBER, text[at:end], at)


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at


def _word(text: str, at: int) -> str:
    """The letters, digits and underscores at `at`, which something that may follow a name has to follow."""
    end = at
    while _is_wordy(text[end : end + 1]):
        end += 1
    after = text[end : end + 1]
    if after and after not in " \t\r\n.,|:)(" and not text.startswith(RIGHT, end):
        raise Fault(f"bad character {_named(after)}", at)
    return text[at:end]


def _is_wordy(character: str) -> bool:
    return character == "_" or character.isalpha() or character.isdecimal()


def _named(character: str) -> str:
    """A character as Go's ``%#U``: ``U+20AC '€'``."""
    code = f"U+{ord(character):04X}"
    return f"{code} '{character}'" if character.isprintable() else code
