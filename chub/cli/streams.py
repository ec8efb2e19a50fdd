"""Say why not all of a program's output or input went where it should."""

from typing import TYPE_CHECKING

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
