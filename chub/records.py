"""Records: frozen, keyword-only dataclasses that cost next to nothing to define.

``@dataclass`` writes and compiles six functions for every class: 0.4 ms each on Python 3.11, and ``chub run`` has
seventy records on its way. A record's functions are written once, here, and work from the list of its fields. In all
else a record is a dataclass: `dataclasses.fields`, ``replace`` and ``asdict`` take it, and type checkers see one
(docs/design/0004-records.md).
"""

from __future__ import annotations

import dataclasses
from dataclasses import MISSING, Field, FrozenInstanceError
from typing import Any, TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(dataclasses.field,))
def record(cls: type[T]) -> type[T]:
    """Make a class with annotated fields a record. Its fields follow those of the record it derives from."""
    fields: dict[str, Field[Any]] = dict(getattr(cls, "__dataclass_fields__", {}))
    for name, annotation in cls.__annotations__.items():
        fields[name] = _field(name, annotation, cls.__dict__.get(name, MISSING))
        if isinstance(cls.__dict__.get(name), Field):
            delattr(cls, name)
    members = {
        "__dataclass_fields__": fields,
        "_defaults": {name: each.default for name, each in fields.items() if each.default is not MISSING},
        "_factories": {
            name: each.default_factory for name, each in fields.items() if each.default_factory is not MISSING
        },
        "__init__": _init,
        "__repr__": _repr,
        "__eq__": _eq,
        "__hash__": _hash,
        "__setattr__": _setattr,
        "__delattr__": _delattr,
    }
    for name, member in members.items():
        setattr(cls, name, member)
    return cls


def _field(name: str, annotation: Any, default: Any) -> Field[Any]:
    """What `dataclasses` knows of a field."""
    made: Any = default if isinstance(default, Field) else dataclasses.field(default=default)
    made.name, made.type, made.kw_only = name, annotation, True
    made._field_type = dataclasses._FIELD  # type: ignore[attr-defined]  # an ordinary one, to `dataclasses.fields`
    return made  # type: ignore[no-any-return]


def _init(self: Any, **given: Any) -> None:
    values = {**self._defaults, **given}
    for name, factory in self._factories.items():
        if name not in given:
            values[name] = factory()
    if values.keys() != self.__dataclass_fields__.keys():
        wrong = ", ".join(sorted(values.keys() ^ self.__dataclass_fields__.keys()))
        raise TypeError(f"{type(self).__name__}: missing or unknown: {wrong}")
    self.__dict__.update(values)


def _values(self: Any) -> tuple[Any, ...]:
    return tuple(map(self.__dict__.__getitem__, self.__dataclass_fields__))


def _repr(self: Any) -> str:
    shown = ", ".join(
        f"{name}={self.__dict__[name]!r}" for name, each in self.__dataclass_fields__.items() if each.repr
    )
    return f"{type(self).__qualname__}({shown})"


def _eq(self: Any, other: object) -> bool:
    return _values(self) == _values(other) if type(other) is type(self) else NotImplemented


def _hash(self: Any) -> int:
    return hash(_values(self))


def _setattr(self: Any, name: str, _: Any) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _delattr(self: Any, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")
