"""docker's ``--format``: what docker 28 answered, and what no template may do.

`template_cases.json` holds what docker said: JSON that it inspected and rows that it listed, and for each kind of
thing the templates with standard output, exit status and standard error. `inspect` ends its output with one line's
end, which an error is left alone with.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chub.cli.render import template
from chub.cli.render.template import ExecutionError, Map, Row, Template, TemplateError, inspected
from chub.errors import Invalid

RECORDED = json.loads((Path(__file__).parent / "template_cases.json").read_text())
KINDS = {"container": inspected.CONTAINER, "exited": inspected.CONTAINER, "image": inspected.IMAGE}
TITLES = {
    "ps": {
        "ID": "CONTAINER ID",
        "Names": "NAMES",
        "Image": "IMAGE",
        "State": "STATE",
        "Labels": "LABELS",
        "Platform": "PLATFORM",
    },
    "images": {"ID": "IMAGE ID", "Repository": "REPOSITORY", "Tag": "TAG", "Size": "SIZE"},
}
PREFIX = re.compile(r"(template parsing error|failed to (parse|execute) template): ")  # ps has words of its own


def cases(*kinds: str) -> list[Any]:
    """What was recorded, case by case."""
    return [
        pytest.param(kind, *case, id=f"{kind}-{number}")
        for kind in kinds
        for number, case in enumerate(RECORDED["cases"][kind])
    ]


def label_of(labels: dict[str, str]) -> Callable[[str], str]:
    """The method ``Label`` of a row."""
    return lambda name: labels.get(name, "")


def rows(kind: str) -> list[Row]:
    """The rows that docker listed."""
    if kind == "images":
        return [Row(row, "*formatter.imageContext") for row in RECORDED["rows"][kind]]
    return [
        Row({**row, "Platform": template.NIL, "Label": label_of(labels)}, "*formatter.ContainerContext")
        for row, labels in zip(RECORDED["rows"][kind], RECORDED["labels"], strict=True)
    ]


@pytest.mark.parametrize(("kind", "text", "stdout", "status", "stderr"), cases(*KINDS))
def test_inspect_as_docker(kind: str, text: str, stdout: str, status: int, stderr: str) -> None:
    """A template over what docker inspected gives docker's bytes, or docker's words and exit status."""
    if status == 0:
        assert inspected.render(template.compile(text), RECORDED["inspected"][kind], KINDS[kind]) + "\n" == stdout
        return

    with pytest.raises(TemplateError) as failure:
        inspected.render(template.compile(text), RECORDED["inspected"][kind], KINDS[kind])

    assert (str(failure.value), failure.value.exit_code) == (stderr, status)


@pytest.mark.parametrize(("kind", "text", "stdout", "status", "stderr"), cases(*TITLES))
def test_listing_as_docker(kind: str, text: str, stdout: str, status: int, stderr: str) -> None:
    """A template or table over docker's rows gives docker's bytes, or docker's words and exit status."""
    if status == 0:
        assert template.listing(text).render(TITLES[kind], rows(kind)) == stdout
        return

    with pytest.raises(TemplateError) as failure:
        template.listing(text).render(TITLES[kind], rows(kind))

    assert (PREFIX.sub("", str(failure.value)), failure.value.exit_code) == (PREFIX.sub("", stderr), status)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "{{.Nope}}",
            'execute template: template: :1:2: executing "" at <.Nope>: can\'t evaluate field Nope in type T',
        ),
        ("table {{.Nope}}", 'execute template: template: :1:8: executing ""'),
        ("{{slice .ID 0 3}}", 'execute template: template: :1:2: executing "" at <slice .ID 0 3>: error calling slice'),
        ("{{.ID", "parse template: template: :1: unclosed action"),
        ("{{nosuch}}", 'parse template: template: :1: function "nosuch" not defined'),
    ],
)
def test_what_ps_tries_first(text: str, words: str) -> None:
    """27: before it asks for containers `ps` tries a template on a row of nothing, in words of its own: 1."""
    with pytest.raises(TemplateError) as failure:
        template.attempt(text, Row({"ID": ""}, "T"))

    assert str(failure.value).startswith(f"failed to {words}")
    assert failure.value.exit_code == 1
    template.attempt("table {{.ID}}\\t{{json .}}", Row({"ID": ""}, "T"))


def test_functions_for_scripts_and_for_calls() -> None:
    """`js` escapes as Go does; `call` finds no function in what docker tells."""
    assert template.compile("{{js .text}}").render({"text": "a<b'c\"=\n"}) == r"a\u003Cb\'c\"\u003D\u000A"
    with pytest.raises(ExecutionError, match="error calling call: non-function of type string"):
        template.compile("{{call .text}}").render({"text": "x"})


def test_errors_have_docker_s_exit_status() -> None:
    """No template: 64; a template that the value does not bear: 1; both are requests that make no sense."""
    with pytest.raises(Invalid) as unparsed:
        template.compile("{{.State")
    with pytest.raises(ExecutionError) as failed:
        template.compile("{{.State.Foo}}").render({"State": {}})

    assert unparsed.value.exit_code == 64
    assert failed.value.exit_code == 1
    assert str(unparsed.value) == "template parsing error: template: :1: unclosed action"
    assert str(failed.value) == (
        'template parsing error: template: :1:8: executing "" at <.State.Foo>: map has no entry for key "Foo"'
    )


def test_plain_json_keeps_its_numbers() -> None:
    """What is no docker record is rendered as it is: numbers are numbers, and a missing key is an error."""
    document = {"size": 3, "share": 0.5, "none": None, "list": [1, "a", None], "map": {"b": 1, "a": True}}

    text = template.compile("{{if gt .size 2}}{{.share}} {{.none}} {{.list}} {{.map}}{{end}} {{json .}}")

    assert inspected.render(text, document) == (
        '0.5 <no value> [1 a <nil>] map[a:true b:1] {"list":[1,"a",null],"map":{"a":true,"b":1},"none":null,'
        '"share":0.5,"size":3}'
    )


def test_a_map_may_lack_keys() -> None:
    """Where keys are not strict, a missing one is `<no value>`: the attributes of an event."""
    event = {"Actor": Map({"name": "web"})}

    rendered = template.compile("{{.Actor.name}} {{.Actor.image}}").render(event, strict=False)

    assert rendered == "web <no value>"


def test_methods_get_their_arguments() -> None:
    """A function among a row's fields is called with strings, as many as it has parameters."""
    row = Row({"Both": lambda first, second: f"{first}+{second}", "Now": lambda: "now"}, "*some.Context")

    assert template.compile('{{.Both "a" "b"}} {{"b" | .Both "a"}} {{.Now}}').render(row) == "a+b a+b now"
    with pytest.raises(ExecutionError, match="wrong number of args for Both: want 2 got 1"):
        template.compile('{{.Both "a"}}').render(row)


def test_json_of_a_row_is_sorted_and_without_methods() -> None:
    """``{{json .}}`` of a row has its fields by name; ``<`` is escaped there, and nowhere else."""
    row = Row({"Tag": "<none>", "ID": "1", "Label": label_of({})}, "*some.Context")

    assert template.compile("{{json .}}").render(row) == r'{"ID":"1","Tag":"\u003cnone\u003e"}'
    assert template.compile("{{json .Tag}}").render(row) == '"<none>"'


def test_headings() -> None:
    """Headings are titles, whatever the template does to values; a label's is the last part of its name."""
    text = template.compile('{{.ID}}\t{{.Label "com.example.some-own_label"}}\t{{upper .Kind}}\t{{.Other}}')

    assert template.headings(text, {"ID": "ID", "Kind": "Kind"}) == "ID\tsome own label\tKind\t<no value>"


def test_headings_stop_where_titles_do_not_fit() -> None:
    """A template that works on rows but not on titles has as much of a line as came before."""
    text = template.compile("{{.ID}}\t{{index .Ports 0}}\t{{.ID}}")

    assert template.headings(text, {"ID": "ID", "Ports": ""}) == "ID\t"


def test_columns_are_as_wide_as_terminals_show_them() -> None:
    """Wide and combining characters count as the columns they take; a column is 10 wide at least."""
    text = template.compile("{{.Name}}\t{{.ID}}")
    names = ["日本語の名前です", "e\u0301", "plain"]

    table = template.render_table(
        text, {"Name": "NAME", "ID": "ID"}, [Row({"Name": name, "ID": "1"}, "*some.Context") for name in names]
    )

    assert table.splitlines() == [
        "NAME               ID",
        "日本語の名前です   1",
        "e\u0301                  1",
        "plain              1",
    ]


def test_a_listing_without_rows_has_its_headings() -> None:
    """A table without rows is its headings; a template without rows is nothing."""
    titles = {"ID": "ID", "Name": "NAME"}

    assert template.listing(r"table {{.ID}}\t{{.Name}}").render(titles, []) == "ID        NAME\n"
    assert template.listing("{{.ID}}").render(titles, []) == ""


@pytest.mark.parametrize(
    "text",
    [
        "{{(" * 5000,
        "{{" + "(" * 5000 + "1" + ")" * 5000 + "}}",
        "{{if 1}}" * 5000 + "{{end}}" * 5000,
        '{{define "x"}}{{template "x"}}{{end}}{{template "x"}}',
        '{{define "x"}}{{range 1}}{{template "x"}}{{end}}{{end}}{{template "x"}}',
        '{{printf "%99999999999d" 1}}{{printf "%.*f" 9999999 1.5}}{{pad "x" 999999999 999999999}}',
    ],
)
def test_depth_and_size_have_limits(text: str) -> None:
    """Nesting without end, recursion without end and text of any size are errors, not crashes."""
    with pytest.raises(TemplateError):
        template.compile(text).render({})


def test_what_printf_makes_of_too_much() -> None:
    """A width or precision beyond a million is named, and one of eight digits swallows the rest, as in Go."""
    text = template.compile('{{printf "%*d|%.*f|%.*f|%99999999d" 99999999 1 99999999 1.5 -1 1.5 7}}')

    assert text.render({}) == "%!(BADWIDTH)1|%!(BADPREC)1.500000|%!(BADPREC)1.500000|%!(NOVERB)%!(EXTRA int=7)"


PIECES = st.sampled_from(
    "{{ }} {{- \x20-}} {{end}} {{else}} {{if {{range {{with {{define {{template {{block {{break}} . .Args .State $ $x"
    ' := = | ( ) , nil true 1 -2 0.5 \'a\' "a" `b` "%d%s%v" /* */ len index slice eq lt and or not print printf'
    " println json split join title lower upper pad truncate html urlquery .Config.Labels .Mounts .Name é €".split(" ")
)


def answer(text: str) -> str:
    """What a template comes to, be it output or an error's words."""
    try:
        made: Template = template.compile(text)
        return inspected.render(made, RECORDED["inspected"]["container"], inspected.CONTAINER)
    except TemplateError as failure:
        return str(failure)


@settings(max_examples=300, deadline=None)
@given(st.text())
def test_any_text_is_answered(text: str) -> None:
    """Arbitrary text renders or is a template error."""
    assert isinstance(answer(text), str)
    assert isinstance(answer("{{" + text + "}}"), str)


@settings(max_examples=500, deadline=None)
@given(st.lists(st.one_of(PIECES, st.sampled_from([" ", "\n", "}}{{"])), max_size=20).map(" ".join))
def test_any_tokens_are_answered(text: str) -> None:
    """Arbitrary sequences of what templates are made of render or are a template error."""
    assert isinstance(answer(text), str)


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("%[]*.#+- 0123456789dsvqxXtTfgeUcbo!z"), max_size=12), st.data())
def test_any_format_is_answered(form: str, data: st.DataObject) -> None:
    """Every format of ``printf`` takes values of every type."""
    value = data.draw(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()))
    document = {"value": value, "list": [value], "map": {"a": value}}

    text = template.compile(f"{{{{printf `{form}` .value .list .map}}}}")

    assert isinstance(text.render(document), str)
