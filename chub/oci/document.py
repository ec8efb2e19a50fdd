"""JSON from outside: limited in size, no name twice, an object at the top."""

import json
from collections.abc import Sequence

from chub.errors import Invalid


def load(data: bytes, what: str, *, limit: int) -> dict[str, object]:
    """The JSON object in these bytes; ``what`` names it in the error (Invalid)."""
    if len(data) > limit:
        raise Invalid(f"{what}: {len(data)} bytes are more than the {limit} allowed")
    try:
        document = json.loads(data, object_pairs_hook=_once)
    except (ValueError, RecursionError) as failure:
        raise Invalid(f"{what}: not JSON: {failure}") from failure
    if not isinstance(document, dict):
        raise Invalid(f"{what}: not a JSON object")
    return document


def _once(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    # Two readers may each take another one of two values: what one checks is not what the other uses.
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return document
