"""What is read off the wire, and what is put on it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from google.protobuf import any_pb2, timestamp_pb2

from chub._generated.cgroups.v1 import metrics_pb2
from chub._generated.events import task_pb2
from chub._generated.types import mount_pb2
from chub.api.payloads import MODULES, decoded
from chub.api.runc import RuncOptions
from chub.api.version import Version
from chub.api.wire import NEVER, TypedValue, moment, timestamp, typed, untyped
from chub.errors import DataLoss, Invalid

if TYPE_CHECKING:
    from google.protobuf.message import Message


def value_of(message: Message) -> TypedValue:
    """A message as containerd would send it."""
    return TypedValue(type_url=message.DESCRIPTOR.full_name, value=message.SerializeToString())


def test_times_are_aware_and_cut_to_microseconds() -> None:
    """Nanoseconds go, the rest is exact, before 1970 too."""
    assert moment(timestamp_pb2.Timestamp(seconds=1, nanos=123456789)) == datetime(
        1970, 1, 1, 0, 0, 1, 123456, tzinfo=UTC
    )
    assert moment(timestamp_pb2.Timestamp(seconds=-1)) == datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize("message", [timestamp_pb2.Timestamp(), timestamp_pb2.Timestamp(seconds=NEVER)])
def test_times_that_were_not_set_are_none(message: timestamp_pb2.Timestamp) -> None:
    """An unset time, and Go's zero time, are None."""
    assert moment(message) is None


@pytest.mark.parametrize(
    "when",
    [
        datetime(2026, 11, 24, 8, 0, 0, 1, tzinfo=UTC),
        datetime(1950, 1, 1, 0, 0, 0, 999999, tzinfo=UTC),
        datetime(2026, 11, 24, 10, tzinfo=timezone(timedelta(hours=2))),
    ],
)
def test_times_survive_the_wire(when: datetime) -> None:
    """What is written is read again, in UTC."""
    message = timestamp(when)

    assert message is not None
    assert moment(message) == when


def test_values_survive_the_wire() -> None:
    """An Any is a TypedValue and the other way round; an unset one is None."""
    value = TypedValue(type_url="t", value=b"\0\1")
    message = untyped(value)

    assert message is not None
    assert typed(message) == value
    assert typed(any_pb2.Any()) is None
    assert untyped(None) is None


def test_json_values() -> None:
    """JSON goes in and comes out; what is no JSON is DataLoss."""
    value = TypedValue.of_json("spec", {"a": ["é", None]})

    assert value.json() == {"a": ["é", None]}
    with pytest.raises(DataLoss, match="'spec' is not JSON"):
        TypedValue(type_url="spec", value=b"\xff").json()


def test_an_event_is_decoded() -> None:
    """All fields, times as datetimes, unset messages as None."""
    exit = task_pb2.TaskExit(
        container_id="web", id="web", pid=7, exit_status=137, exited_at=timestamp_pb2.Timestamp(seconds=1)
    )

    assert decoded(value_of(exit)) == {
        "container_id": "web",
        "id": "web",
        "pid": 7,
        "exit_status": 137,
        "exited_at": datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC),
    }
    assert decoded(value_of(task_pb2.TaskExit()))["exited_at"] is None


def test_messages_lists_and_maps_are_decoded() -> None:
    """Messages in messages are mappings, lists tuples."""
    create = task_pb2.TaskCreate(
        rootfs=[mount_pb2.Mount(type="bind", options=["ro"])], io=task_pb2.TaskIO(stdout="/out")
    )
    read = decoded(value_of(create))

    assert read["rootfs"] == ({"type": "bind", "source": "", "target": "", "options": ("ro",)},)
    assert read["io"] == {"stdin": "", "stdout": "/out", "stderr": "", "terminal": False}
    assert decoded(value_of(task_pb2.TaskCreate()))["io"] is None


def test_metrics_are_decoded() -> None:
    """Cgroup metrics are, too; what the kernel did not tell is None."""
    metrics = metrics_pb2.Metrics(pids=metrics_pb2.PidsStat(current=3, limit=9))
    read = decoded(value_of(metrics))

    assert read["pids"] == {"current": 3, "limit": 9}
    assert read["memory"] is None


def test_json_of_known_types_is_decoded() -> None:
    """A Go type that containerd keeps as JSON is read as JSON."""
    url = "types.containerd.io/opencontainers/runtime-spec/1/Spec"

    assert decoded(TypedValue.of_json(url, {"ociVersion": "1.0.2"})) == {"ociVersion": "1.0.2"}


@pytest.mark.parametrize(
    "value",
    [
        TypedValue(type_url="containerd.events.NoSuchThing", value=b""),
        TypedValue(type_url="example.com/x", value=b"x"),
        TypedValue(type_url="containerd.events.TaskExit", value=b"\xff\xff"),
    ],
)
def test_what_is_not_known_is_empty(value: TypedValue) -> None:
    """An unknown type and bytes that are none of a known type have no fields; a reader goes on."""
    assert decoded(value) == {}


def test_every_package_of_payloads_is_there() -> None:
    """Each known package has the modules that are named for it, and they are of that package."""
    from importlib import import_module

    for package, modules in MODULES.items():
        for module in modules:
            assert import_module(f"chub._generated.{module}").DESCRIPTOR.package == package


def test_runc_options_survive_the_wire() -> None:
    """What is packed is unpacked; other options are refused."""
    options = RuncOptions(root="/run/x/runc", binary_name="crun", systemd_cgroup=True, io_uid=7)

    assert RuncOptions.unpacked(options.packed()) == options
    assert options.packed().type_url == "containerd.runc.v1.Options"
    with pytest.raises(Invalid, match="not options of the runc shim"):
        RuncOptions.unpacked(TypedValue(type_url="runtimeoptions.v1.Options", value=b""))


@pytest.mark.parametrize(
    ("version", "than", "older"),
    [
        ("1.6.20~ds1", "1.7", True),
        ("v1.6.20", "1.6", False),
        ("1.7.24~ds1", "1.7", False),
        ("v2.1.9", "2.1", False),
        ("2.0.0-beta.1", "2.1", True),
        ("2.10.0", "2.9", False),
        ("abcdef0.m", "2.1", False),
        ("", "1.7", False),
    ],
)
def test_versions_compare_by_their_numbers(version: str, than: str, older: bool) -> None:
    """A version without a number is taken for a new one."""
    assert Version(version=version).older_than(than) is older
