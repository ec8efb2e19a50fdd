"""Records are dataclasses to everybody, and cost little to define."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import FrozenInstanceError, field

import pytest

from chub.records import record


@record
class Point:
    """A record for these tests."""

    x: int
    y: int = 0
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def sum(self) -> int:
        """A record may have properties."""
        return self.x + self.y


@record
class Named(Point):
    """A record that adds a field to another."""

    name: str = ""


def test_a_record_is_a_dataclass() -> None:
    """`dataclasses` knows its fields, copies it with changes, and makes a dictionary of it."""
    point = Point(x=1)

    assert dataclasses.is_dataclass(point)
    assert [each.name for each in dataclasses.fields(Point)] == ["x", "y", "tags"]
    assert dataclasses.replace(point, y=2) == Point(x=1, y=2)
    assert dataclasses.asdict(Named(x=1, name="a")) == {"x": 1, "y": 0, "tags": {}, "name": "a"}


def test_defaults_are_not_shared() -> None:
    """A factory makes a new value for every record."""
    assert Point(x=1).tags is not Point(x=1).tags
    assert Point(x=1, y=2).sum == 3


def test_equal_by_value() -> None:
    """And by class; what holds a dictionary cannot be hashed, as usual."""
    assert Point(x=1) == Point(x=1)
    assert Point(x=1) != Point(x=2)
    assert Point(x=1) != Named(x=1)
    with pytest.raises(TypeError):
        hash(Point(x=1))


def test_it_cannot_be_changed() -> None:
    """Neither set nor deleted."""
    point = Point(x=1)

    with pytest.raises(FrozenInstanceError):
        point.x = 2  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        del point.x


def test_wrong_fields_are_named() -> None:
    """One that is missing, and one that does not exist."""
    with pytest.raises(TypeError, match="Point: missing or unknown: x"):
        Point()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="Point: missing or unknown: z"):
        Point(x=1, z=2)  # type: ignore[call-arg]


def test_it_says_what_it_is() -> None:
    """As a dataclass does."""
    assert repr(Named(x=1, name="a")) == "Named(x=1, y=0, tags={}, name='a')"


def test_defining_one_is_cheap() -> None:
    """At least five times cheaper than a dataclass: the reason why records exist."""

    def cost(decorate: object) -> float:
        best = 1.0
        for _ in range(20):
            made = type(
                "Made", (), {"__annotations__": {f"f{n}": "int" for n in range(6)}, **{f"f{n}": 0 for n in range(6)}}
            )
            start = time.perf_counter()
            decorate(made)  # type: ignore[operator]
            best = min(best, time.perf_counter() - start)
        return best

    assert cost(record) * 5 < cost(dataclasses.dataclass(frozen=True, kw_only=True))
