"""JSON from outside: limited in size, UTF-8 with whole characters, no name twice, an object at the top."""

import json
from collections.abc import Sequence

from chub.errors import Invalid


def load(data: bytes, what: str, *, limit: int) -> dict[str, object]:
    """The JSON object in these bytes; ``what`` names it in the error (Invalid)."""
    if len(data) > limit:
        raise Invalid(f"{what}: {len(data)} bytes are more than the {limit} allowed")
    try:
        document = json.loads(data.decode(), object_pairs_hook=_once, parse_constant=_no_json)
        if b"\\u" in data:  # half a surrogate pair, which could not be written again
            json.dumps(document, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as failure:
        raise Invalid(f"{what}: not JSON: {failure}") from failure
    if not isinstance(document, dict):
        raise Invalid(f"{what}: not a JSON object")
    return document


def _no_json(word: str) -> object:
    raise ValueError(f"{word} is no number")


def _once(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    # Two readers may each take another one of two values: what one checks is not what the other uses.
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return document
