"""Say what a program did not get, and why not all of its output or input went where it should."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from chub.cli.render.text import plain
from chub.errors import ChubError

if TYPE_CHECKING:
    from chub.core.attach import Attached
    from chub.core.execute import Executed
    from chub.core.run import Finished


def complain(ended: "Finished | Attached | Executed") -> None:
    """Raise ChubError for output that could not be written (but where nobody reads it), or input not read."""
    if ended.output_failure is not None and not isinstance(ended.output_failure, BrokenPipeError):
        raise ChubError(f"the output could not be written: {ended.output_failure.strerror}")
    if ended.input_failure is not None:
        raise ChubError(f"the input could not be read: {ended.input_failure.strerror}")


def warn(image: str, warnings: Sequence[str]) -> None:
    """Print on stderr what was asked for of a container made of `image`, and it lacks."""
    for warning in warnings:
        print(f"chub: {plain(image)}: {plain(warning)}", file=sys.stderr)
