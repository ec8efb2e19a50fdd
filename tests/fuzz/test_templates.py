"""Go templates, as ``--format`` takes them."""

from __future__ import annotations

import json

from hypothesis import strategies as st

from chub.cli.render import template
from chub.cli.render.template import Row, TemplateError, functions, inspected
from tests.fuzz.conftest import Fuzz
from tests.fuzz.strategies import json_values, nearly, words

DOCUMENT = {
    "Id": "ab",
    "State": {"Running": True, "Pid": 7},
    "Args": ["a", "b"],
    "Config": {"Labels": {"a": "b"}},
    "N": None,
}
ROW = {"ID": "ab", "Names": "web", "Size": "1kB", "Labels": "a=b"}
NAMES = [*functions.FUNCTIONS, "if", "else", "end", "range", "with", "define", "template", "block", "break", "continue"]
FIELDS = [".", ".Id", ".State.Pid", ".Args", ".Config.Labels", ".N", ".Nope", ".Names", ".Label", "$", "$x", "$x.y"]
LITERALS = [
    '"a"',
    '"%v%d%s|%[2]*.[1]*f%q%x%T"',
    '"%"',
    "`a`",
    "'a'",
    "0",
    "1",
    "2",
    "-1",
    "0x1p4",
    "1e400",
    "1i",
    "true",
    "nil",
]
SIGNS = ["{{", "}}", "{{- ", " -}}", "(", ")", "|", ":=", "=", ",", " ", "/*", "*/", "text", "table ", r"\t", "\n", '"']
ACTION = words(*FIELDS, *LITERALS, *NAMES, " ", " ", "(", ")", "|", " | ", ":=", "$x := ", size=8).map(
    "{{{{{}}}}}".format
)
TEXTS = words(*SIGNS, *NAMES, *FIELDS, *LITERALS, size=20) | st.lists(ACTION | st.sampled_from(NAMES), max_size=8).map(
    "".join
)
VALUES = st.just(json.loads(json.dumps(DOCUMENT))).flatmap(nearly) | json_values


def test_templates(fuzz: Fuzz) -> None:
    """A template is refused, fails on the value, or gives a text, whatever it is for."""

    @fuzz(TEXTS, VALUES)
    def _(text: str, value: object) -> None:
        attempts = (
            lambda: template.compile(text).render(value, strict=False),
            lambda: inspected.render(template.compile(text), DOCUMENT, inspected.CONTAINER),
            lambda: inspected.render(template.compile(text), value),
            lambda: template.listing(text).render({}, [Row(ROW, "*formatter.ContainerContext")]),
            lambda: template.attempt(text, Row(ROW, "*formatter.ContainerContext")),
        )
        for attempt in attempts:
            try:
                attempt()
            except TemplateError as error:
                str(error).encode(errors="surrogateescape")
