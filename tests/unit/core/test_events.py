"""Events: how they are filtered and written."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from chub.cli.render.events import line, wanted
from chub.cli.render.template import TemplateError
from chub.core.events import Happening, accepting
from chub.errors import Invalid

TIME = datetime(2026, 11, 24, 7, 0, 34, 836899, tzinfo=UTC)
NANOSECONDS = 1795503634836899000
WEB = "f6" * 32
BUSYBOX = f"sha256:{'83' * 32}"
DIED = Happening(
    time=TIME,
    type="container",
    action="die",
    id=WEB,
    attributes={"x": "y", "image": "busybox", "name": "web", "exitCode": "3"},
)
TAGGED = Happening(time=TIME, type="image", action="tag", id=BUSYBOX, attributes={"name": "reg:5000/foo:1"})


def passed(*filters: str) -> str:
    """Which of the two events get through, by type."""
    accept = accepting(filters, lambda: ("uuid", "here"))
    return " ".join(each.type for each in (DIED, TAGGED) if accept(each))


@pytest.mark.parametrize(
    ("filters", "types"),
    [
        ([], "container image"),
        (["type=image"], "image"),
        (["type=image", "type=container"], "container image"),
        (["type=image", "event=die"], ""),
        (["event=start", "event=die"], "container"),
        (["container=web"], "container"),
        (["container=we"], "container"),
        ([f"container={WEB[:5]}"], "container"),
        (["container=other"], ""),
        (["image=busybox"], "container"),
        (["image=busybox:latest"], ""),
        (["image=reg:5000/foo"], "image"),
        (["image=reg:5000/foo:1"], "image"),
        (["image=reg"], ""),
        ([f"image={BUSYBOX}"], "image"),
        (["label=x"], "container"),
        (["label=x=y"], "container"),
        (["label=x=z"], ""),
        (["label=x", "label=nope"], ""),
        (["scope=local"], "container image"),
        (["scope=swarm"], ""),
        (["daemon=uuid"], "container image"),
        (["daemon=other", "daemon=here"], "container image"),
        (["daemon=other"], ""),
        (["network=none"], ""),
    ],
)
def test_filters(filters: list[str], types: str) -> None:
    """Values of one name are alternatives, but labels."""
    assert passed(*filters) == types


def test_a_filter_that_there_is_not() -> None:
    """It is not ignored."""
    with pytest.raises(Invalid, match="invalid filter 'bogus'"):
        accepting(["bogus=1"], tuple)


def test_a_line() -> None:
    """The time has nine digits, the attributes are sorted."""
    text = line(DIED, None)

    assert text.endswith(f" container die {WEB} (exitCode=3, image=busybox, name=web, x=y)")
    assert datetime.fromisoformat(text[:26]).replace(tzinfo=None).microsecond == TIME.microsecond
    assert text[26:29] == "000"


def test_a_label_does_not_drive_the_terminal() -> None:
    """Its control characters are replaced."""
    assert "\x1b" not in line(Happening(time=TIME, type="image", action="tag", id="", attributes={"a": "\x1b[H"}), None)


def test_json() -> None:
    """The keys are docker's, in docker's order; an image's event comes from no image."""
    form = wanted("json")

    assert list(json.loads(line(DIED, form)).items()) == [
        ("status", "die"),
        ("id", WEB),
        ("from", "busybox"),
        ("Type", "container"),
        ("Action", "die"),
        ("Actor", {"ID": WEB, "Attributes": {"exitCode": "3", "image": "busybox", "name": "web", "x": "y"}}),
        ("scope", "local"),
        ("time", NANOSECONDS // 10**9),
        ("timeNano", NANOSECONDS),
    ]
    assert "from" not in json.loads(line(TAGGED, form))


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{.Action}} {{.Status}} {{.From}} {{.Scope}}", "die die busybox local"),
        ("{{.Time}} {{.TimeNano}}", f"{NANOSECONDS // 10**9} {NANOSECONDS}"),
        ("{{.Actor.Attributes.name}} {{.Actor.Attributes.nope}}", "web <no value>"),
        ("table {{.Type}}", "table container"),
    ],
)
def test_a_template(template: str, text: str) -> None:
    """56: an attribute that is absent has no value; there are no tables."""
    assert line(DIED, wanted(template)) == text


@pytest.mark.parametrize("template", ["{{.Bogus}}", "{{.Bogus"])
def test_a_template_that_is_wrong(template: str) -> None:
    """26: it is before anything happens."""
    with pytest.raises(TemplateError, match=r"^Error parsing format: template: :1") as failure:
        wanted(template)

    assert failure.value.exit_code == 64
