"""What a template can call: Go's functions, and those that docker adds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from chub.cli.render.template.printf import sprint, sprintf, sprintln
from chub.cli.render.template.values import (
    NIL,
    NO_VALUE,
    Map,
    Slice,
    Struct,
    Value,
    encoded,
    is_nil,
    is_true,
    key_type,
    printed,
    type_name,
)

TEXT, INTEGER, TEXTS, ANYTHING, ANY = "string", "int", "[]string", "interface {}", "reflect.Value"
"""Types of parameters, by Go's names. ANYTHING takes a missing value for nil, ANY as it is."""

HTML = str.maketrans({'"': "&#34;", "'": "&#39;", "&": "&amp;", "<": "&lt;", ">": "&gt;", "\0": "\ufffd"})
LIMIT = 10_000_000  # characters that one call may add


class CallError(Exception):
    """A function cannot do it with these values; the message is Go's."""


class Function(NamedTuple):
    """What can be called."""

    call: Callable[..., Value]
    parameters: tuple[str, ...]  # their types
    rest: str | None = None  # the type of as many more as are given; None: there are no more
    decided_by: bool | None = None  # the truth of an argument that is the result, whatever comes after it


def _index(item: Value, *keys: Value) -> Value:
    if is_nil(item) and not isinstance(item, (Slice, Map)):
        raise CallError("index of untyped nil")
    for key in keys:
        if is_nil(item) and not isinstance(item, (Slice, Map)):
            raise CallError("index of nil pointer")
        if isinstance(item, dict) and not isinstance(item, Struct):
            wanted = key_type(item)
            if type(key) is not str or wanted != TEXT:
                raise CallError(
                    f"value is nil; should be of type {wanted}"
                    if is_nil(key)
                    else f"value has type {type_name(key)}; should be {wanted}"
                )
            item = item.get(key, item.zero if isinstance(item, Map) else None)
        elif isinstance(item, (list, str)):
            values = item.encode(errors="replace") if isinstance(item, str) else item
            place = _place(key, len(values))
            if place == len(values):
                what = "string" if isinstance(item, str) else "slice"
                raise CallError(f"reflect: {what} index out of range")
            item = values[place]
        else:
            raise CallError(f"can't index item of type {type_name(item).removeprefix('*')}")
    return item


def _place(key: Value, size: int) -> int:
    """An index that was checked as Go does, which lets the one behind the last pass."""
    if key is None or key is NO_VALUE:
        raise CallError("cannot index slice/array with nil")
    if isinstance(key, bool) or not isinstance(key, int):
        raise CallError(f"cannot index slice/array with type {type_name(key)}")
    if not 0 <= key <= size:
        raise CallError(f"index out of range: {key}")
    return key


def _slice(item: Value, *keys: Value) -> Value:
    if is_nil(item) and not isinstance(item, Slice):
        raise CallError("slice of untyped nil")
    if len(keys) > 3:
        raise CallError(f"too many slice indexes: {len(keys)}")
    if not isinstance(item, (str, list)):
        raise CallError(f"can't slice item of type {type_name(item)}")
    if isinstance(item, str) and len(keys) == 3:
        raise CallError("cannot 3-index slice a string")
    values = item.encode(errors="replace") if isinstance(item, str) else item
    places = [_place(key, len(values)) for key in keys]
    for before, after in pairwise(places):
        if before > after:
            raise CallError(f"invalid slice index: {before} > {after}")
    cut = values[slice(*(places + [len(values)] * 2)[:2])] if places else values
    if isinstance(cut, bytes):
        return cut.decode(errors="replace")
    return Slice(cut, item.element) if isinstance(item, Slice) else cut


def _length(item: Value) -> int:
    if item is NO_VALUE:
        raise CallError("reflect: call of reflect.Value.Type on zero Value")
    if item is None or item is NIL:
        raise CallError("len of nil pointer")
    if isinstance(item, Struct) or not isinstance(item, (str, list, dict)):
        raise CallError(f"len of type {type_name(item).removeprefix('*')}")
    return len(item.encode(errors="replace") if isinstance(item, str) else item)


def _kind(value: Value) -> str:
    """The kind of a simple value that can be compared; "" for all else."""
    if isinstance(value, bool):
        return "bool"
    return next((kind.__name__ for kind in (int, float, str) if isinstance(value, kind)), "")


def _incompatible(left: Value, right: Value) -> CallError:
    return CallError(f"incompatible types for comparison: {type_name(left)} and {type_name(right)}")


def _equal(left: Value, *others: Value) -> bool:
    if not others:
        raise CallError("missing argument for comparison")
    return any(_same(left, right) for right in others)


def _same(left: Value, right: Value) -> bool:
    if _kind(left) != _kind(right):
        if left in (None, NO_VALUE) or right in (None, NO_VALUE):
            return False
        raise _incompatible(left, right)
    if _kind(left):
        return bool(left == right)
    if is_nil(left) or is_nil(right):
        return is_nil(left) and is_nil(right)
    raise CallError(f"non-comparable type {printed(left)}: {type_name(left)}")


def _less(left: Value, right: Value) -> bool:
    if not _kind(left) or not _kind(right):
        raise CallError("invalid type for comparison")
    if _kind(left) != _kind(right):
        raise _incompatible(left, right)
    if _kind(left) == "bool":
        raise CallError("invalid type for comparison")
    return bool(left < right)


def _pad(text: str, before: int, after: int) -> str:
    if not text:
        return text
    if before < 0 or after < 0:
        raise CallError("strings: negative Repeat count")
    if before + after > LIMIT:
        raise CallError("strings: Repeat output length overflow")
    return " " * before + text + " " * after


def _truncate(text: str, length: int) -> str:
    data = text.encode(errors="replace")
    if length < 0:
        raise CallError(f"runtime error: slice bounds out of range [:{length}]")
    return data[:length].decode(errors="replace")


def _split(text: str, separator: str) -> Slice:
    return Slice(text.split(separator) if separator else text)


def _upper(text: str) -> str:
    """Upper case, letter by letter as Go does: ß has none."""
    return "".join(char.upper() if len(char.upper()) == 1 else char for char in text)


def _lower(text: str) -> str:
    return "".join(char.lower()[0] for char in text)


def _title(text: str) -> str:
    """Each word with a capital; words are letters, digits and underscores."""
    result, before = "", " "
    for char in text:
        starts = not (before.isalpha() or before.isdecimal() or before == "_")
        if not before.isascii():
            starts = before.isspace()
        result += char.title() if starts and len(char.title()) == 1 else char
        before = char
    return result


def _in_script(char: str) -> str:
    """A character as Go writes it into a string of JavaScript."""
    if char in "\\'\"":
        return f"\\{char}"
    if char in "<>&=" or not char.isprintable():
        return f"\\u{ord(char):04X}"
    return char


def _call(function: Value, *_: Value) -> Value:
    """Nothing that docker tells is a function."""
    raise CallError("call of nil" if is_nil(function) else f"non-function of type {type_name(function)}")


def _urlquery(*values: Value) -> str:
    from urllib.parse import quote_plus

    return quote_plus(_shown(values), safe="", errors="replace")


def _shown(values: Sequence[Value]) -> str:
    """Values as ``print`` has them, but for nothing."""
    return sprint(["<no value>" if value is None else value for value in values])


FUNCTIONS: Mapping[str, Function] = {
    "and": Function(lambda *values: values[-1], (ANY,), ANY, decided_by=False),
    "or": Function(lambda *values: values[-1], (ANY,), ANY, decided_by=True),
    "not": Function(lambda value: not is_true(value), (ANY,)),
    "len": Function(_length, (ANY,)),
    "index": Function(_index, (ANY,), ANY),
    "slice": Function(_slice, (ANY,), ANY),
    "eq": Function(_equal, (ANY,), ANY),
    "ne": Function(lambda left, right: not _equal(left, right), (ANY, ANY)),
    "lt": Function(_less, (ANY, ANY)),
    "le": Function(lambda left, right: _less(left, right) or _equal(left, right), (ANY, ANY)),
    "gt": Function(lambda left, right: not (_less(left, right) or _equal(left, right)), (ANY, ANY)),
    "ge": Function(lambda left, right: not _less(left, right), (ANY, ANY)),
    "print": Function(lambda *values: sprint(values), (), ANYTHING),
    "printf": Function(lambda form, *values: sprintf(form, values), (TEXT,), ANYTHING),
    "println": Function(lambda *values: sprintln(values), (), ANYTHING),
    "html": Function(lambda *values: _shown(values).translate(HTML), (), ANYTHING),
    "js": Function(lambda *values: "".join(map(_in_script, _shown(values))), (), ANYTHING),
    "call": Function(_call, (ANY,), ANY),
    "urlquery": Function(_urlquery, (), ANYTHING),
    "json": Function(encoded, (ANYTHING,)),
    "split": Function(_split, (TEXT, TEXT)),
    "join": Function(lambda texts, separator: separator.join(texts), (TEXTS, TEXT)),
    "title": Function(_title, (TEXT,)),
    "lower": Function(_lower, (TEXT,)),
    "upper": Function(_upper, (TEXT,)),
    "pad": Function(_pad, (TEXT, INTEGER, INTEGER)),
    "truncate": Function(_truncate, (TEXT, INTEGER)),
}

HEADINGS: Mapping[str, Function] = {
    "json": Function(lambda text: text, (TEXT,)),
    "split": Function(lambda text, _: text, (TEXT, TEXT)),
    "join": Function(lambda text, _: text, (TEXT, TEXT)),
    "title": Function(lambda text: text, (TEXT,)),
    "lower": Function(lambda text: text, (TEXT,)),
    "upper": Function(lambda text: text, (TEXT,)),
    "truncate": Function(lambda text, _: text, (TEXT, INTEGER)),
}
"""What stands in for the functions that would spoil a heading."""
