"""Records as plain dictionaries and lists, and back: for frozen dataclasses of simple fields."""

import dataclasses
from collections.abc import Mapping
from enum import StrEnum
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin

from chub.errors import Invalid

Record = TypeVar("Record")


def to_document(value: Any) -> Any:
    """`value` as JSON has it: a record is a dictionary of all its fields, a tuple a list."""
    if dataclasses.is_dataclass(value):
        return {field.name: to_document(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, tuple):
        return [to_document(item) for item in value]
    return str(value) if isinstance(value, StrEnum) else value


def from_document(kind: type[Record], document: object, where: str) -> Record:
    """The record of class `kind` in a dictionary; what is missing has its default, the unknown is ignored.

    `where` names it in the message of Invalid, which says that a value has the wrong type. The fields of
    `kind` are records, enumerations, strings, numbers, truth values, tuples of one of them, or any of these
    and None.
    """
    if not isinstance(document, Mapping):
        raise Invalid(f"{where}: expected an object, found {document!r}")
    given = {}
    for field in dataclasses.fields(kind):  # type: ignore[arg-type]
        if field.name in document:
            given[field.name] = _value(field.type, document[field.name], f"{where}.{field.name}")
        elif field.default is field.default_factory is dataclasses.MISSING:
            raise Invalid(f"{where}: {field.name} is missing")
    return kind(**given)


def _value(kind: Any, value: object, where: str) -> Any:
    """`value` as a field of type `kind`."""
    if isinstance(kind, UnionType):
        (kind,) = (option for option in get_args(kind) if option is not type(None))
        return None if value is None else _value(kind, value, where)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return from_document(kind, value, where)
    if get_origin(kind) is tuple and isinstance(value, list | tuple):
        return tuple(_value(get_args(kind)[0], item, f"{where}[{at}]") for at, item in enumerate(value))
    if isinstance(kind, type) and issubclass(kind, StrEnum) and isinstance(value, str) and value in tuple(kind):
        return kind(value)
    if type(value) is kind:
        return value
    raise Invalid(f"{where}: expected {getattr(kind, '__name__', kind)}, found {value!r}")
