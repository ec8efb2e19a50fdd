"""Values of types that chub knows, as plain mappings: events, metrics, options, progress."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import Any, Final

from google.protobuf import any_pb2, timestamp_pb2
from google.protobuf.message import DecodeError, Message

from chub.api.wire import TypedValue, moment, typed

MODULES: Final[Mapping[str, tuple[str, ...]]] = {  # of chub._generated, by the package of the type
    "containerd.events": (
        "events.container_pb2",
        "events.content_pb2",
        "events.namespace_pb2",
        "events.sandbox_pb2",
        "events.snapshot_pb2",
        "events.task_pb2",
    ),
    "containerd.services.images.v1": ("events.image_pb2",),
    "io.containerd.cgroups.v1": ("cgroups.v1.metrics_pb2",),
    "io.containerd.cgroups.v2": ("cgroups.v2.metrics_pb2",),
    "containerd.runc.v1": ("types.runc.options.oci_pb2",),
    "runtimeoptions.v1": ("types.runtimeoptions.v1.api_pb2",),
    "containerd.types": ("types.introspection_pb2",),
    "containerd.types.transfer": (
        "types.transfer.imagestore_pb2",
        "types.transfer.importexport_pb2",
        "types.transfer.progress_pb2",
        "types.transfer.registry_pb2",
        "types.transfer.streaming_pb2",
    ),
}
JSON_TYPES = "types.containerd.io/"  # containerd's prefix of Go types that it keeps as JSON


def decoded(value: TypedValue) -> Mapping[str, object]:
    """The fields of a value by name (snake_case); {} for a type that is not known, or bytes that are not it.

    Times are aware datetimes, lists tuples, enums their names in lower case, an unset time or message is
    None, and values inside values stay a `TypedValue`.
    """
    if value.type_url.startswith(JSON_TYPES):
        content = value.json()
        return content if isinstance(content, dict) else {}
    kind = _message_class(value.type_url.rpartition("/")[2])
    if kind is None:
        return {}
    try:
        return _fields(kind.FromString(value.value))
    except DecodeError:
        return {}


@cache
def _message_class(name: str) -> type[Message] | None:
    package, _, own = name.rpartition(".")
    for path in MODULES.get(package, ()):
        found: type[Message] | None = getattr(import_module(f"chub._generated.{path}"), own, None)
        if found is not None:
            return found
    return None


def _fields(message: Message) -> dict[str, object]:
    found = {}
    for field in message.DESCRIPTOR.fields:
        value = getattr(message, field.name)
        unset = isinstance(value, Message) and not message.HasField(field.name)
        found[field.name] = None if unset else _plain(value, field.enum_type)
    return found


def _plain(value: object, enum: Any) -> object:
    match value:
        case timestamp_pb2.Timestamp():
            return moment(value)
        case any_pb2.Any():
            return typed(value)
        case Message():
            return _fields(value)
        case str() | bytes():
            return value
        case Mapping():
            return {key: _plain(value[key], None) for key in value}
        case Sequence():
            return tuple(_plain(item, enum) for item in value)
        case int() if enum is not None:
            known = enum.values_by_number.get(value)
            return value if known is None else known.name.lower()
        case _:
            return value
