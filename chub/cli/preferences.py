"""What is taken from docker's ``config.json`` where the command line does not say it."""

import os
import sys

from chub.errors import Invalid


def preferred(key: str, given: str | None) -> str | None:
    """What was `given`, else what docker's configuration has under `key`. One that cannot be read is a warning."""
    if given:
        return given
    from chub.docker import config

    try:
        return config.text(key) or given
    except Invalid as failure:
        print(f"WARNING: {failure}", file=sys.stderr)
        return given


def leaving(given: str) -> bytes:
    """The keys that leave a program, as `preferred`. Raises Invalid for what is no key."""
    from chub.options.terminal import parse_keys

    if not given and os.isatty(0):  # nobody types them elsewhere
        given = preferred("detachKeys", given) or ""
    return parse_keys(given)
