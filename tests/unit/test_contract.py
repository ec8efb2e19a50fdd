"""What chub generates its messages from must say what every supported containerd says.

`tests/contract/*.binpb` are the descriptors of three containerd versions and of the cgroup metrics. Both
sides are flattened into facts (`field containerd.types.Mount #1` → `type: optional string`) and compared.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
)

import chub._generated

Facts = dict[str, str]

CONTRACT = Path(__file__).parent.parent / "contract"
VERSIONS = ("1.6", "1.7", "2.1", "cgroups")
# One message under three names: containerd 2 merged the two older ones, and the wire does not carry names.
ENVELOPES = {
    ".containerd.services.events.v1.Envelope": ".containerd.types.Envelope",
    ".containerd.services.events.ttrpc.v1.Envelope": ".containerd.types.Envelope",
}


def recorded(version: str) -> FileDescriptorSet:
    """The descriptors of one containerd version."""
    return FileDescriptorSet.FromString((CONTRACT / f"{version}.binpb").read_bytes())


def generated() -> FileDescriptorSet:
    """The descriptors of every module in `chub._generated`."""
    found = FileDescriptorSet()
    for module in pkgutil.walk_packages(chub._generated.__path__, "chub._generated."):
        if module.name.endswith("_pb2"):
            importlib.import_module(module.name).DESCRIPTOR.CopyToProto(found.file.add())
    return found


def facts(described: FileDescriptorSet) -> Facts:
    """Flatten descriptors, without what may differ and do no harm: file names, order, comments."""
    return dict(fact for file in described.file for fact in _file(file))


def _file(file: FileDescriptorProto) -> Iterator[tuple[str, str]]:
    for message in file.message_type:
        yield from _message(file.package, message)
    for enum in file.enum_type:
        yield from _enum(file.package, enum)
    for service in file.service:
        for method in service.method:
            request = ("stream " if method.client_streaming else "") + _referred(method.input_type)
            response = ("stream " if method.server_streaming else "") + _referred(method.output_type)
            yield f"method {file.package}.{service.name}/{method.name}", f"({request}) returns ({response})"


def _message(scope: str, message: DescriptorProto) -> Iterator[tuple[str, str]]:
    name = f"{scope}.{message.name}"
    maps = {f".{name}.{nested.name}": nested for nested in message.nested_type if nested.options.map_entry}
    yield f"message {name}", "exists"
    for field in message.field:
        if entry := maps.get(field.type_name):
            kind = "map<" + ", ".join(_type(side) for side in entry.field) + ">"
        else:
            kind = f"{FieldDescriptorProto.Label.Name(field.label)[6:].lower()} {_type(field)}"
        if field.proto3_optional:
            kind += " with presence"
        elif field.HasField("oneof_index"):
            kind += f" in oneof {message.oneof_decl[field.oneof_index].name}"
        if field.options.HasField("packed"):
            kind += f" packed={field.options.packed}"
        if field.json_name not in ("", _json_name(field.name)):
            kind += f" as {field.json_name}"
        yield f"field {name} #{field.number}", f"{field.name}: {kind}"
    for nested in message.nested_type:
        if not nested.options.map_entry:
            yield from _message(name, nested)
    for enum in message.enum_type:
        yield from _enum(name, enum)


def _enum(scope: str, enum: EnumDescriptorProto) -> Iterator[tuple[str, str]]:
    for value in enum.value:
        yield f"enum value {scope}.{enum.name}.{value.name}", f"= {value.number}"


def _type(field: FieldDescriptorProto) -> str:
    return _referred(field.type_name) or FieldDescriptorProto.Type.Name(field.type)[5:].lower()


def _json_name(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in others)


def _referred(type_name: str) -> str:
    return ENVELOPES.get(type_name, type_name)


def differences(version: str, theirs: Facts, ours: Facts) -> list[str]:
    """One line for each fact of a version that ours lacks or contradicts."""
    return [
        f"{version}: {name}: {said!r}, ours: {ours.get(name, 'missing')!r}"
        for name, said in theirs.items()
        if ours.get(name) != said
    ]


@pytest.fixture(scope="module")
def ours() -> Facts:
    """The facts of what chub has generated."""
    return facts(generated())


@pytest.mark.parametrize("version", VERSIONS)
def test_ours_has_everything_of(version: str, ours: Facts) -> None:
    """Every message, field, enum value and method of a version is in ours, and is the same."""
    theirs = facts(recorded(version))

    assert len(theirs) > 100
    found = differences(version, theirs, ours)
    assert not found, "\n".join(found)


def test_ours_has_nothing_of_its_own(ours: Facts) -> None:
    """What no version has is a mistake of ours."""
    theirs: Facts = {}
    for version in VERSIONS:
        theirs |= facts(recorded(version))

    assert not set(ours) - set(theirs)


def test_what_2_1_dropped_is_still_there(ours: Facts) -> None:
    """1.6 and 1.7 take a `criu_path`, a number which 2.1 reserves."""
    assert ours["field containerd.runc.v1.Options #8"].startswith("criu_path: optional string")


@pytest.mark.parametrize("name", ENVELOPES)
def test_the_envelopes_are_one_type(name: str, ours: Facts) -> None:
    """The three envelopes have the same fields, so that one may be read as the other."""

    def fields(message: str) -> list[tuple[str, str]]:
        start = f"field {message.removeprefix('.')} #"
        return sorted((key.removeprefix(start), said) for key, said in ours.items() if key.startswith(start))

    assert len(fields(name)) == 4
    assert fields(name) == fields(ENVELOPES[name])


def _rename_field(file: FileDescriptorProto) -> None:
    file.message_type[0].field[0].name = "other"


def _renumber_field(file: FileDescriptorProto) -> None:
    file.message_type[0].field[0].number = 99


def _retype_field(file: FileDescriptorProto) -> None:
    file.message_type[0].field[0].type = FieldDescriptorProto.TYPE_BYTES


def _repeat_field(file: FileDescriptorProto) -> None:
    file.message_type[0].field[0].label = FieldDescriptorProto.LABEL_REPEATED


def _refer_elsewhere(file: FileDescriptorProto) -> None:
    file.message_type[0].field[3].type_name = ".google.protobuf.Duration"


def _change_map(file: FileDescriptorProto) -> None:
    file.message_type[0].nested_type[0].field[1].type = FieldDescriptorProto.TYPE_BYTES


def _rename_json(file: FileDescriptorProto) -> None:
    file.message_type[0].field[0].json_name = "other"


def _join_oneof(file: FileDescriptorProto) -> None:
    file.message_type[0].oneof_decl.add(name="either")
    file.message_type[0].field[0].oneof_index = 0


def _drop_message(file: FileDescriptorProto) -> None:
    del file.message_type[0]


def _renumber_enum_value(file: FileDescriptorProto) -> None:
    file.enum_type[0].value[1].number = 99


def _drop_method(file: FileDescriptorProto) -> None:
    del file.service[0].method[0]


def _stream_method(file: FileDescriptorProto) -> None:
    file.service[0].method[0].server_streaming = True


def _change_request(file: FileDescriptorProto) -> None:
    file.service[0].method[0].input_type = ".google.protobuf.Empty"


def _change_response(file: FileDescriptorProto) -> None:
    file.service[0].method[0].output_type = ".google.protobuf.Empty"


@pytest.mark.parametrize(
    ("mutate", "named"),
    [
        (_rename_field, "field containerd.services.content.v1.Info #1"),
        (_renumber_field, "field containerd.services.content.v1.Info #1"),
        (_retype_field, "field containerd.services.content.v1.Info #1"),
        (_repeat_field, "field containerd.services.content.v1.Info #1"),
        (_refer_elsewhere, "field containerd.services.content.v1.Info #4"),
        (_change_map, "field containerd.services.content.v1.Info #5"),
        (_rename_json, "field containerd.services.content.v1.Info #1"),
        (_join_oneof, "field containerd.services.content.v1.Info #1"),
        (_drop_message, "message containerd.services.content.v1.Info"),
        (_renumber_enum_value, "enum value containerd.services.content.v1.WriteAction.WRITE"),
        (_drop_method, "method containerd.services.content.v1.Content/Info"),
        (_stream_method, "method containerd.services.content.v1.Content/Info"),
        (_change_request, "method containerd.services.content.v1.Content/Info"),
        (_change_response, "method containerd.services.content.v1.Content/Info"),
    ],
)
def test_a_difference_is_found_and_named(mutate: Callable[[FileDescriptorProto], None], named: str) -> None:
    """The comparison fails, with version and full name, for one change of each kind."""
    theirs, changed = recorded("1.7"), recorded("1.7")
    mutate(next(file for file in changed.file if file.package == "containerd.services.content.v1"))

    found = differences("1.7", facts(theirs), facts(changed))

    assert any(line.startswith(f"1.7: {named}: ") for line in found), found
