"""Colour on a terminal that wants it."""

import os
import sys

BOLD, DIM, BLUE, MARK = "1", "2", "34", "30;106"
"""SGR; `MARK` is black on cyan."""


def coloured() -> bool:
    """Whether standard output is a terminal that shows colour, and nobody set NO_COLOR (no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def toned(text: str, tone: int | str) -> str:
    """`text` in a tone (SGR), or as it is."""
    return f"\x1b[{tone}m{text}\x1b[0m" if text and coloured() else text
