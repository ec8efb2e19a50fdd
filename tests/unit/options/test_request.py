"""A request as JSON: it comes back as it went, also through other versions of chub."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import Any, get_args, get_origin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chub.errors import Invalid
from chub.options.mounts import Mounts
from chub.options.request import VERSION, Request, from_json, to_json


def records(kind: type[Any]) -> st.SearchStrategy[Any]:
    """Records of a class, with anything in their fields."""
    return st.builds(kind, **{each.name: values(each.type) for each in dataclasses.fields(kind)})


def values(kind: Any) -> st.SearchStrategy[Any]:
    """What a field of this type may hold."""
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return records(kind)
    if get_origin(kind) is tuple:
        return st.lists(values(get_args(kind)[0]), max_size=3).map(tuple)
    return st.from_type(kind)


@given(records(Request))
def test_round_trip(request_: Request) -> None:
    """Every request is the same after it was text."""
    assert from_json(json.loads(json.dumps(to_json(request_)))) == request_


def test_all_is_spelled_out() -> None:
    """A reader of the JSON sees defaults too, and the version of its form."""
    document = to_json(Request(image="x"))

    assert document["version"] == VERSION
    assert document["mounts"] == {"mounts": [], "shm_size": None}
    assert document["process"]["env"] == []


def test_fields_of_other_versions() -> None:
    """A newer chub's fields are ignored, an older one's missing ones have their defaults."""
    document: dict[str, Any] = {"version": VERSION, "image": "x", "new": 1, "mounts": {"new": [1], "shm_size": 5}}

    assert from_json(document) == Request(image="x", mounts=Mounts(shm_size=5))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": VERSION + 1}, f"request of version {VERSION + 1}"),
        ({"version": None}, "request of version None"),
        ({"image": 5}, "request.image: expected str, found 5"),
        ({"rootfs": 1}, "request.rootfs: expected bool, found 1"),
        ({"words": "a"}, "request.words: expected tuple"),
        ({"words": [1]}, "request.words[0]: expected str"),
        ({"mounts": []}, "request.mounts: expected an object"),
        ({"mounts": {"shm_size": True}}, "request.mounts.shm_size: expected int, found True"),
        ({"mounts": {"mounts": [{"kind": "ufs"}]}}, "request.mounts.mounts[0].kind: expected MountKind, found 'ufs'"),
        ({"mounts": {"mounts": [{"kind": "bind"}]}}, "request.mounts.mounts[0]: target is missing"),
    ],
)
def test_broken_documents(change: dict[str, Any], message: str) -> None:
    """What is wrong is named with its place."""
    with pytest.raises(Invalid, match=re.escape(message)):
        from_json({**to_json(Request(image="x")), **change})


@pytest.mark.parametrize("document", [None, [], "x", {}])
def test_no_request(document: object) -> None:
    """Anything else than a request is refused."""
    with pytest.raises(Invalid, match="request of version None"):
        from_json(document)
