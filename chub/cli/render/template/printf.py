"""Go's ``printf``, and the ways in which it says that verb and value do not match."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from chub.cli.render.template.values import (
    NIL,
    NO_VALUE,
    Duration,
    Map,
    Row,
    Slice,
    Struct,
    Time,
    Value,
    printed,
    shortest,
    type_name,
)
from chub.cli.render.text import quoted

DIRECTIVE = (
    r"(?s)%(?P<flags>[-+# 0]*)(?:\[(?P<first>\d+)\])?(?P<width>\*|\d{1,7}(?!\d))?"
    r"(?P<dot>\.(?:\[(?P<second>\d+)\])?(?P<precision>\*|\d{1,7}(?!\d))?)?(?:\[(?P<third>\d+)\])?"
    r"(?:\d{8,}.*|(?P<verb>.))?"  # to Go, a number that long has no end
)
LIMIT = 1_000_000  # of a width or precision among the values


class Spec(NamedTuple):
    """One directive: its verb, and how it is to look."""

    verb: str
    flags: str = ""
    width: int = 0
    precision: int | None = None

    def padded(self, text: str) -> str:
        """`text` at the directive's width, with spaces, or zeros where the flags say so."""
        if "-" in self.flags:
            return text.ljust(self.width)
        return text.rjust(self.width, "0" if "0" in self.flags else " ")


def sprint(values: Sequence[Value]) -> str:
    """Go's ``print``: a space between two values where neither is a string."""
    text = ""
    for place, value in enumerate(values):
        if place and not isinstance(value, str) and not isinstance(values[place - 1], str):
            text += " "
        text += _printed(value)
    return text


def sprintln(values: Sequence[Value]) -> str:
    """Go's ``println``: a space between all, a line's end behind."""
    return " ".join(map(_printed, values)) + "\n"


def _printed(value: Value) -> str:
    return "<nil>" if value is NO_VALUE else printed(value)


def sprintf(form: str, values: Sequence[Value]) -> str:
    """Go's ``printf``."""
    return _Formatting(values).text(form)


class _Formatting:
    """One call of printf: which of its values come next."""

    def __init__(self, values: Sequence[Value]) -> None:
        self.values = values
        self.place = 0
        self.reordered = False

    def text(self, form: str) -> str:
        """`form` with its directives replaced; what is left over is named."""
        result = re.sub(DIRECTIVE, self.directive, form)
        if self.reordered or self.place >= len(self.values):
            return result
        return f"{result}%!(EXTRA {', '.join(map(_named, self.values[self.place :]))})"

    def directive(self, match: re.Match[str]) -> str:
        """One directive's text."""
        known = [self.jump(match["first"])]
        complaint, width, flags = self.count(match["width"], "%!(BADWIDTH)")
        flags = match["flags"] + flags
        known.append(self.jump(match["second"]))
        wrong, precision, _ = self.count(match["precision"], "%!(BADPREC)")
        complaint += wrong
        if match["dot"] and precision is None and not wrong:
            precision = 0
        known.append(self.jump(match["third"]))
        verb = match["verb"]
        if not verb:
            return complaint + "%!(NOVERB)"
        if verb == "%":
            return complaint + "%"
        if not all(known) or (match["first"] and match["width"] not in (None, "*")):
            return f"{complaint}%!{verb}(BADINDEX)"
        if self.place >= len(self.values):
            return f"{complaint}%!{verb}(MISSING)"
        self.place += 1
        return complaint + formatted(self.values[self.place - 1], Spec(verb, flags, width or 0, precision))

    def jump(self, number: str | None) -> bool:
        """Go to the value with that number, from 1; False: there is none."""
        if number is None:
            return True
        self.reordered = True
        if not 1 <= int(number[:9]) <= len(self.values):
            return False
        self.place = int(number) - 1
        return True

    def count(self, text: str | None, complaint: str) -> tuple[str, int | None, str]:
        """A width or precision, ``*`` taken from the values, between a complaint and a flag it stands for."""
        if text is None:
            return "", None, ""
        if text != "*":
            return "", int(text), ""
        value = self.values[self.place] if self.place < len(self.values) else None
        self.place += self.place < len(self.values)
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) > LIMIT:
            return complaint, None, ""
        if value < 0:
            return ("", -value, "-") if "WIDTH" in complaint else (complaint, None, "")
        return "", value, ""


def formatted(value: Value, spec: Spec) -> str:
    """A value as a directive wants it; lists and maps element by element."""
    if spec.verb == "T":
        return spec.padded("<nil>" if value is None or value is NO_VALUE else type_name(value))
    if value is None or value is NO_VALUE or value is NIL:
        return spec.padded("<nil>") if spec.verb == "v" else f"%!{spec.verb}(<nil>)"
    if spec.verb == "v" and "#" in spec.flags:
        return spec.padded(_in_go(value))
    if isinstance(value, list):
        return f"[{' '.join(formatted(each, spec) for each in value)}]"
    if isinstance(value, dict):
        return _members(value, spec)
    if (text := _scalar(value, spec)) is not None:
        return text
    return f"%!{spec.verb}({type_name(value)}={formatted(value, spec._replace(verb='v'))})"


def _members(value: dict[str, Value], spec: Spec) -> str:
    if isinstance(value, Struct):
        fields = ((name, each) for name, each in value.items() if not callable(each))
        names = "+" in spec.flags and spec.verb == "v"
        return f"{{{' '.join(f'{name}:' * names + formatted(each, spec) for name, each in fields)}}}"
    members = (f"{formatted(key, spec)}:{formatted(each, spec)}" for key, each in sorted(value.items()))
    return f"map[{' '.join(members)}]"


def _named(value: Value) -> str:
    """A value that is left over, with its type."""
    nothing = value is None or value is NO_VALUE
    return "<nil>" if nothing else f"{type_name(value)}={printed(value)}"


def _scalar(value: Value, spec: Spec) -> str | None:
    """A simple value; None: the verb is not for its type."""
    if isinstance(value, (Time, Duration)) and spec.verb in "vs":
        return spec.padded(str(value))
    if isinstance(value, bool):
        return spec.padded(printed(value)) if spec.verb in "vt" else None
    if isinstance(value, int):
        return _integer(value, spec)
    if isinstance(value, float):
        return _real(value, spec)
    if isinstance(value, str):
        return _string(value, spec)
    return None


def _string(value: str, spec: Spec) -> str | None:
    if spec.verb not in "vsqxX":
        return None
    if spec.verb in "xX":
        data = value.encode(errors="replace")[: spec.precision]
        prefix = "0x" if "#" in spec.flags and data else ""
        text = prefix + (data.hex(" ").replace(" ", f" {prefix}") if " " in spec.flags else data.hex())
        return spec.padded(text.upper() if spec.verb == "X" else text)
    text = value[: spec.precision]
    if spec.verb == "q":
        raw = "#" in spec.flags and "`" not in text and text.replace("\t", "").isprintable()
        return spec.padded(f"`{text}`" if raw else quoted(text, ascii_only="+" in spec.flags))
    return spec.padded(text)


def _integer(value: int, spec: Spec) -> str | None:
    if spec.verb in "cqU":
        code = value if 0 <= value <= 0x10FFFF and not 0xD800 <= value < 0xE000 else 0xFFFD
        if spec.verb == "U":
            name = f" '{chr(code)}'" if "#" in spec.flags and chr(code).isprintable() else ""
            return Spec("U", spec.flags.replace("0", ""), spec.width).padded(f"U+{value:04X}{name}")
        return spec.padded(chr(code) if spec.verb == "c" else _character(code, "+" in spec.flags))
    base = {"v": "d", "d": "d", "b": "b", "o": "o", "O": "o", "x": "x", "X": "X"}.get(spec.verb)
    if base is None:
        return None
    if spec.precision == 0 and value == 0:
        return " " * spec.width
    prefix = {"b": "0b", "o": "0", "O": "0o", "x": "0x", "X": "0X"}.get(spec.verb, "")
    if "#" not in spec.flags and spec.verb != "O":
        prefix = ""
    sign = "-" if value < 0 else "+" if "+" in spec.flags else " " if " " in spec.flags else ""
    digits = format(abs(value), base)
    if spec.precision is not None:
        digits = digits.rjust(spec.precision, "0")
    elif "0" in spec.flags and "-" not in spec.flags:
        digits = digits.rjust(spec.width - len(sign), "0")
    return spec._replace(flags=spec.flags.replace("0", "")).padded(sign + prefix + digits)


def _character(code: int, ascii_only: bool) -> str:
    if code in (0x22, 0x27):
        return "'\"'" if code == 0x22 else r"'\''"
    return f"'{quoted(chr(code), ascii_only=ascii_only)[1:-1]}'"


def _real(value: float, spec: Spec) -> str | None:
    if spec.verb not in "veEfFgG":
        return None
    if spec.verb in "vgG" and spec.precision is None:
        text = shortest(value)
    elif spec.verb in "vgG":
        text = f"{value:.{spec.precision}g}"
    else:
        text = f"{value:.{6 if spec.precision is None else spec.precision}{spec.verb}}"
    text = text.upper() if spec.verb in "EG" else text
    sign = text[0] if text[0] in "+-" else "+" if "+" in spec.flags else " " if " " in spec.flags else ""
    digits = text.lstrip("+-")
    if "0" in spec.flags and "-" not in spec.flags:
        digits = digits.rjust(spec.width - len(sign), "0")
    return spec.padded(sign + digits)


def _in_go(value: Value) -> str:
    """A value as ``%#v`` writes it: in Go."""
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, (Slice, Map)) and value.nil:
        return f"{type_name(value)}(nil)"
    if isinstance(value, list):
        return f"{type_name(value)}{{{', '.join(map(_in_go, value))}}}"
    if isinstance(value, (Struct, Row)):
        return f"{type_name(value)}{{{', '.join(f'{key}:{_in_go(each)}' for key, each in value.items())}}}"
    if isinstance(value, dict):
        members = ", ".join(f"{quoted(key)}:{_in_go(each)}" for key, each in sorted(value.items()))
        return f"{type_name(value)}{{{members}}}"
    return "interface {}(nil)" if value is None else printed(value)
