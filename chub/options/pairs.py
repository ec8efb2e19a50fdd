"""Files of NAME=VALUE lines, as ``--env-file`` and ``--label-file`` take them."""

from collections.abc import Callable

from chub.errors import Invalid


def read_pairs(path: str, alone: Callable[[str], str]) -> tuple[str, ...]:
    """The pairs in a file, as NAME=VALUE.

    A line is ``NAME=VALUE``, taken as it is without quotes or escapes, or ``NAME``, for which `alone` gives the pair,
    or "" for nothing. Blank lines and those that start with ``#`` are skipped. Raises Invalid in docker's words, which
    call either kind an env file.
    """
    try:
        with open(path, "rb") as file:
            data = file.read()
    except IsADirectoryError as failure:
        raise Invalid(f"invalid env file ({path}): read {path}: is a directory") from failure
    except OSError as failure:
        raise Invalid(f"open {path}: {(failure.strerror or '').lower()}") from failure
    found = []
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        try:
            pair = _pair(line.removesuffix(b"\r").decode(), alone)
        except UnicodeDecodeError as failure:
            octets = " ".join(map(str, line.removesuffix(b"\r")))
            raise Invalid(f"invalid env file ({path}): invalid utf8 bytes at line {number}: [{octets}]") from failure
        except Invalid as failure:
            raise Invalid(f"invalid env file ({path}): {failure}") from failure
        if pair:
            found.append(pair)
    return tuple(found)


def _pair(line: str, alone: Callable[[str], str]) -> str:
    """One line as NAME=VALUE; empty if it says nothing."""
    line = line.lstrip()
    if not line or line.startswith("#"):
        return ""
    name, equals, _ = line.partition("=")
    if not name:
        raise Invalid(f"no variable name on line '{line}'")
    if any(letter.isspace() for letter in name):
        raise Invalid(f"variable '{name}' contains whitespaces")
    if "\0" in line:
        raise Invalid(f"variable '{name.rstrip(chr(0))}' contains a NUL byte")
    return line if equals else alone(name)
