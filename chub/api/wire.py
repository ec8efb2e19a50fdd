"""What protobuf says in its own way, as Python says it: `Any`, timestamps, field masks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from google.protobuf import any_pb2, field_mask_pb2, timestamp_pb2

from chub.errors import DataLoss
from chub.records import record

if TYPE_CHECKING:
    from google.protobuf.internal.containers import MessageMap

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NEVER = -62135596800  # Go's zero time in seconds since the epoch: what containerd sends for "not yet"


@record
class TypedValue:
    """Bytes and the name of their type: protobuf's `Any`, in which containerd keeps JSON too."""

    type_url: str  # without a host: "types.containerd.io/opencontainers/runtime-spec/1/Spec"
    value: bytes

    @classmethod
    def of_json(cls, type_url: str, content: object) -> TypedValue:
        """A value that is JSON, as the OCI spec of a container is."""
        import json  # not for who lists names

        return cls(type_url=type_url, value=json.dumps(content, separators=(",", ":")).encode())

    def json(self) -> Any:
        """The value read as JSON."""
        import json

        try:
            return json.loads(self.value)
        except ValueError as failure:
            raise DataLoss(f"the value of type {self.type_url!r} is not JSON: {failure}") from failure


def typed(message: any_pb2.Any) -> TypedValue | None:
    """The record of an `Any`; None for one that was not set."""
    if not message.type_url and not message.value:
        return None
    return TypedValue(type_url=message.type_url, value=message.value)


def untyped(value: TypedValue | None) -> any_pb2.Any | None:
    """The `Any` of a record."""
    return None if value is None else any_pb2.Any(type_url=value.type_url, value=value.value)


def typed_map(messages: MessageMap[str, any_pb2.Any]) -> dict[str, TypedValue]:
    """The records of a map of `Any`."""
    return {name: TypedValue(type_url=found.type_url, value=found.value) for name, found in messages.items()}


def untyped_map(values: Mapping[str, TypedValue]) -> dict[str, any_pb2.Any]:
    """The `Any` messages of a map of records."""
    return {name: any_pb2.Any(type_url=value.type_url, value=value.value) for name, value in values.items()}


def moment(message: timestamp_pb2.Timestamp) -> datetime | None:
    """An aware time, cut to microseconds; None for one that was not set, or that Go had not set."""
    if message.seconds == NEVER or (not message.seconds and not message.nanos):
        return None
    return EPOCH + timedelta(seconds=message.seconds, microseconds=message.nanos // 1000)


def timestamp(when: datetime | None) -> timestamp_pb2.Timestamp | None:
    """The message of an aware time."""
    if when is None:
        return None
    since = when - EPOCH
    return timestamp_pb2.Timestamp(seconds=since.days * 86400 + since.seconds, nanos=since.microseconds * 1000)


def mask(fields: tuple[str, ...]) -> field_mask_pb2.FieldMask | None:
    """The message that names what an update changes; None (all that may change) for no field."""
    return field_mask_pb2.FieldMask(paths=fields) if fields else None
