"""Values that many options share: truth values, numbers, paths."""

import re

from chub.errors import Invalid

_TRUE = frozenset(("1", "t", "T", "true", "TRUE", "True"))
_FALSE = frozenset(("0", "f", "F", "false", "FALSE", "False"))
LARGEST = 2**63 - 1


def parse_bool(text: str) -> bool:
    """A truth value as docker's flags take it: 1, t, T, true, True, TRUE and their opposites."""
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise Invalid(f'parsing "{text}": invalid syntax', hint="use true or false")


def parse_int(text: str) -> int:
    """A decimal number of 64 bits with an optional sign."""
    digits = text[1:] if text[:1] in ("+", "-") else text
    if not (digits.isascii() and digits.isdigit()):
        raise Invalid(f'parsing "{text}": invalid syntax')
    number = int(text) if len(digits) < 20 else LARGEST + 1
    if abs(number) > LARGEST:
        raise Invalid(f'parsing "{text}": value out of range')
    return number


def parse_integer(text: str) -> int:
    """A number of 64 bits in any of Go's bases: 10, 0x10, 0b10, 0o10 and, in octal too, 010."""
    try:
        number = int(re.sub(r"^([+-]?)0(?=[0-9_])", r"\g<1>0o", text), 0)
    except ValueError as failure:
        raise Invalid(f'parsing "{text}": invalid syntax') from failure
    if not text.isascii() or text != text.strip():  # Python takes such, Go does not
        raise Invalid(f'parsing "{text}": invalid syntax')
    if abs(number) > LARGEST:
        raise Invalid(f'parsing "{text}": value out of range')
    return number


def parse_path(text: str) -> str:
    """An absolute path in the container, without ``.``, ``..`` and doubled slashes; not the root itself."""
    if not text.startswith("/"):
        raise Invalid(f"invalid mount path: '{text}' mount path must be absolute")
    path = clean(text)
    if path == "/":
        raise Invalid("invalid specification: destination can't be '/'")
    return path


def clean(path: str) -> str:
    """An absolute path without ``.``, ``..``, doubled and trailing slashes, going by its words alone."""
    kept: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del kept[-1:]
        elif part not in ("", "."):
            kept.append(part)
    return "/" + "/".join(kept)
