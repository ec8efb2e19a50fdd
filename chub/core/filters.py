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
    """The values of each filter's name. Raises Invalid for a name that is not `known`."""
    values: dict[str, list[str]] = {}
    for text in filters:
        name, equals, value = text.partition("=")
        if not equals:
            raise Invalid(f"invalid argument {text!r}: bad format of filter (expected name=value)")
        if name not in known:
            raise Invalid(f"invalid filter '{name}'", hint=f"there are: {', '.join(known)}")
        values.setdefault(name, []).append(value)
    return values


def labelled(text: str) -> Callable[[Labelled], bool]:
    """Whether something has the label NAME, or NAME=VALUE."""
    name, equals, value = text.partition("=")
    return lambda row: name in row.labels and (not equals or row.labels[name] == value)
