"""docker's ``--filter NAME=VALUE``: sorted by name, and the tests that several listings share."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Protocol

from chub.errors import Invalid


class Labelled(Protocol):
    """What has labels."""

    @property
    def labels(self) -> Mapping[str, str]:
        """Its labels."""
        ...


def by_name(filters: Iterable[str], known: Collection[str]) -> dict[str, list[str]]:
    """The values of each filter's name. Raises Invalid for a name that is not `known`.

    As docker reads them: capitals and blanks around a name do not count, nor blanks around a value, nor an empty text.
    """
    values: dict[str, list[str]] = {}
    for text in filter(None, filters):
        name, equals, value = text.partition("=")
        if not equals:
            raise Invalid(f"invalid argument {text!r}: bad format of filter (expected name=value)")
        name, value = name.strip().lower(), value.strip()
        if name not in known:
            raise Invalid(
                f"invalid filter '{name}'" if name else "invalid filter", hint=f"there are: {', '.join(known)}"
            )
        values.setdefault(name, []).append(value)
    return values


def truth(name: str, values: list[str]) -> bool | None:
    """What a filter that is true or false says; None where it is not given. Raises Invalid in docker's words."""
    said = {value in ("1", "true") for value in values if value in ("0", "1", "false", "true")}
    if len(said) > 1 or len(set(values) - {"0", "1", "false", "true"}):
        raise Invalid(f"invalid filter '{name}=[{' '.join(sorted(values))}]'")
    return said.pop() if said else None


def labelled(text: str) -> Callable[[Labelled], bool]:
    """Whether something has the label NAME, or NAME=VALUE."""
    name, equals, value = text.partition("=")
    return lambda row: name in row.labels and (not equals or row.labels[name] == value)
