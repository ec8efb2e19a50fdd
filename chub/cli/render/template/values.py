"""The values of a template: JSON, and what Go knows beyond JSON; how Go names, prints and encodes them.

`None` is an interface that holds nothing: JSON's null where nobody gave it a type. Plain lists and dicts are
what Go calls ``[]interface {}`` and ``map[string]interface {}``. The classes below are values with a type.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

Value: TypeAlias = Any  # JSON-like, or one of the classes below; NO_VALUE where an expression came to nothing

HTML_IN_JSON = str.maketrans({"<": r"\u003c", ">": r"\u003e", "&": r"\u0026"})
TEXT_KEY = "string"
LINE_SEPARATORS = str.maketrans({"\u2028": r"\u2028", "\u2029": r"\u2029"})


class _NoValue:
    """What a key that is missing comes to."""

    def __repr__(self) -> str:
        return "<no value>"


class _NilPointer:
    """A pointer that points nowhere: an optional part that is absent."""

    def __repr__(self) -> str:
        return "<nil>"


NO_VALUE = _NoValue()
NIL = _NilPointer()


class Number(str):
    """A number of untyped JSON: text, of which Go's comparisons and ``%d`` know no number."""

    __slots__ = ()


class Slice(list[Value]):
    """A list whose elements have a type: `element` is Go's name of it. `nil`: never set, null in JSON."""

    def __init__(self, values: Iterable[Value] = (), element: str = "string", *, nil: bool = False) -> None:
        super().__init__(values)
        self.element = element
        self.nil = nil


class Map(dict[str, Value]):
    """A map whose values, and maybe its keys, have a type. `zero` is what a missing key comes to in ``index``."""

    def __init__(
        self,
        values: Mapping[str, Value],
        element: str = "string",
        zero: Value = "",
        *,
        key: str = TEXT_KEY,
        nil: bool = False,
    ) -> None:
        super().__init__(values)
        self.element = element
        self.zero = zero
        self.key = key
        self.nil = nil


def key_type(value: Mapping[str, Value]) -> str:
    """Go's name of the type of a map's keys: no text of a template will do for another than string."""
    return value.key if isinstance(value, Map) else TEXT_KEY


class Struct(dict[str, Value]):
    """A record with fixed fields, in their order: another name is an error.

    A field that is a function is a method: a template calls it with its arguments, which are strings.
    `keys` maps fields to what they are called in JSON, where that differs; "" leaves the field out.
    """

    def __init__(self, fields: Mapping[str, Value], type_name: str, keys: Mapping[str, str] | None = None) -> None:
        super().__init__(fields)
        self.type_name = type_name
        self.keys_in_json = keys or {}


class Row(Struct):
    """A row of a listing, docker's "context": its fields are methods to Go, its JSON is sorted by key."""


class Time:
    """A time: to JSON its RFC 3339 `text`; it prints as ``2026-11-24 08:35:30.05 +0000 UTC``."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        day, _, rest = self.text.partition("T")
        offset = rest.lstrip("0123456789:.")
        clock, offset = rest.removesuffix(offset), offset.replace(":", "")
        return f"{day} {clock} {'+0000 UTC' if offset == 'Z' else f'{offset} {offset}'}"


class Duration(int):
    """Nanoseconds, to JSON too; they print as ``1m30s``, ``1.5s``, ``20ms``."""

    def __str__(self) -> str:
        if 0 < self < 10**9:
            unit, size = next(each for each in (("ms", 10**6), ("µs", 10**3), ("ns", 1)) if self >= each[1])
            return f"{self / size:.6f}".rstrip("0").rstrip(".") + unit
        minutes, nanoseconds = divmod(int(self), 60 * 10**9)
        hours, minutes = divmod(minutes, 60)
        seconds = f"{nanoseconds // 10**9}.{nanoseconds % 10**9:09d}".rstrip("0").rstrip(".")
        return f"{hours}h" * bool(hours) + f"{minutes}m" * bool(hours or minutes) + f"{seconds}s"


def type_name(value: Value) -> str:
    """Go's name of a value's type."""
    if isinstance(value, (Struct, Row)):
        return value.type_name
    if isinstance(value, Slice):
        return f"[]{value.element}"
    if isinstance(value, Map):
        return f"map[{value.key}]{value.element}"
    for kind, name in _TYPE_NAMES:
        if isinstance(value, kind):
            return name
    return "interface {}"


_TYPE_NAMES: tuple[tuple[type, str], ...] = (
    (bool, "bool"),
    (Duration, "time.Duration"),
    (Time, "time.Time"),
    (int, "int"),
    (float, "float64"),
    (Number, "json.Number"),
    (str, "string"),
    (list, "[]interface {}"),
    (dict, "map[string]interface {}"),
)


def is_nil(value: Value) -> bool:
    """Whether a value equals ``nil``."""
    return value is None or value is NO_VALUE or value is NIL or getattr(value, "nil", False)


def is_true(value: Value) -> bool:
    """Whether ``if`` takes a value for true: all but zero, the empty and nothing."""
    return isinstance(value, Struct) or (not is_nil(value) and bool(value))


def printed(value: Value) -> str:
    """A value as Go's ``%v``."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return shortest(value)
    if isinstance(value, list):
        return f"[{' '.join(map(printed, value))}]"
    if isinstance(value, Struct):
        return f"{{{' '.join(printed(each) for each in value.values() if not callable(each))}}}"
    if isinstance(value, dict):
        return f"map[{' '.join(f'{key}:{printed(each)}' for key, each in sorted(value.items()))}]"
    return "<nil>" if value is None else str(value)


def shortest(value: float, *, lowest: int = -4, highest: int = 5) -> str:
    """The shortest digits that give `value` again; with an exponent if that is not `lowest` to `highest`."""
    if value != value or value in (float("inf"), float("-inf")):
        return {"nan": "NaN", "inf": "+Inf", "-inf": "-Inf"}[str(value)]
    sign, digits, exponent = _decimal(value)
    if value != 0 and not lowest <= exponent <= highest:
        fraction = f".{digits[1:]}" if len(digits) > 1 else ""
        return f"{sign}{digits[0]}{fraction}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"
    if exponent < 0:
        return f"{sign}0.{'0' * (-exponent - 1)}{digits}"
    whole, fraction = digits[: exponent + 1].ljust(exponent + 1, "0"), digits[exponent + 1 :]
    return f"{sign}{whole}.{fraction}" if fraction else f"{sign}{whole}"


def _decimal(value: float) -> tuple[str, str, int]:
    """Sign, significant digits, and the exponent of the first of them."""
    mantissa, _, exponent = f"{value!r}".lower().partition("e")
    sign = "-" if mantissa.startswith("-") else ""
    whole, _, fraction = mantissa.lstrip("-").partition(".")
    digits = (whole + fraction).lstrip("0")
    leading = len(whole + fraction) - len(digits)
    return sign, digits.rstrip("0") or "0", int(exponent or 0) + (len(whole) - 1 - leading if digits else 0)


def encoded(value: Value) -> str:
    """A value as docker's ``json``: maps by key, records by field, nothing escaped that need not be."""
    if isinstance(value, Row):
        fields = {key: each for key, each in sorted(value.items()) if not callable(each)}
        return _object((key, encoded(each).translate(HTML_IN_JSON)) for key, each in fields.items())
    if isinstance(value, Struct):
        names = ((value.keys_in_json.get(name, name), each) for name, each in value.items())
        return _object((key, encoded(each)) for key, each in names if key and not callable(each))
    if is_nil(value):
        return "null"
    if isinstance(value, Time):
        return encoded(value.text)
    if isinstance(value, Duration):
        return int.__repr__(value)
    if isinstance(value, dict):
        return _object((key, encoded(each)) for key, each in sorted(value.items()))
    if isinstance(value, list):
        return f"[{','.join(map(encoded, value))}]"
    if isinstance(value, str) and not isinstance(value, Number):
        import json

        return json.dumps(value, ensure_ascii=False).translate(LINE_SEPARATORS)
    if isinstance(value, float):
        return shortest(value, lowest=-6, highest=20).replace("e-0", "e-")
    return printed(value)


def _object(members: Iterable[tuple[str, str]]) -> str:
    return f"{{{','.join(f'{encoded(key)}:{text}' for key, text in members)}}}"
