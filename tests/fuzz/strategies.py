"""Inputs that are nearly right."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

HUGE = (2**31, 2**32 - 1, 2**63 - 1, 2**63, -(2**63) - 1, 10**30)
ODD = (
    "",
    " ",
    "\0",
    "\n",
    "\x1b[2J",
    "\udcff",
    "ÿ",
    "٣",
    "①",
    "ﬀ",
    "İ",
    "🐳",
    "\u2028",
    "../..",
    "9" * 5000,
    "a" * 300,
)

any_text = st.text(max_size=12) | st.sampled_from(ODD) | st.text(st.characters(exclude_categories=()), max_size=6)
numbers = st.integers(-3, 300) | st.sampled_from(HUGE) | st.floats()
json_values = st.recursive(
    st.none() | st.booleans() | numbers | any_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(any_text, inner, max_size=3),
    max_leaves=6,
)


def words(*tokens: str, size: int = 12) -> st.SearchStrategy[str]:
    """Texts of these tokens, with a foreign one now and then."""
    token = st.sampled_from(tokens)
    return st.lists(token | token | token | token | any_text, max_size=size).map("".join)


@st.composite
def nearly(draw: st.DrawFn, document: Any) -> Any:
    """A JSON document in which up to three parts are others."""
    for _ in range(draw(st.integers(0, 3))):
        document = draw(_changed(document))
    return document


@st.composite
def _changed(draw: st.DrawFn, document: Any) -> Any:
    if draw(st.integers(0, 5)) == 0 or document in ({}, []):
        return draw(json_values)
    if not isinstance(document, dict | list):
        return draw(any_text if isinstance(document, str) else numbers | json_values)
    if isinstance(document, list):
        place = draw(st.integers(0, len(document) - 1))
        return [*document[:place], draw(_changed(document[place])), *document[place + 1 :]]
    key = draw(st.sampled_from(list(document)))
    kept = {name: value for name, value in document.items() if name != key}
    match draw(st.integers(0, 6)):
        case 0:
            return kept
        case 1:
            return kept | {draw(any_text): document[key]}
    return document | {key: draw(_changed(document[key]))}


def as_json(documents: st.SearchStrategy[Any]) -> st.SearchStrategy[bytes]:
    """These documents as JSON, some of them damaged."""
    written = documents.map(lambda document: json.dumps(document).encode())
    return written | written | written | written.flatmap(lambda data: damaged([data]))


@st.composite
def damaged(draw: st.DrawFn, samples: Sequence[bytes]) -> bytes:
    """One of these with a few bytes changed, taken out, put in, or doubled."""
    data = draw(st.sampled_from(samples))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(data)))
        end = start + draw(st.integers(0, 8) | st.integers(0, 600))
        piece = draw(
            st.binary(max_size=8)
            | st.just(data[start:end] * 2)
            | st.sampled_from([b"\0", b"\xff", b"\x80", b"9" * 11, b"7777777", b"[" * 3000, b'"', b"\n"])
        )
        data = data[:start] + piece + data[end:]
    return data
