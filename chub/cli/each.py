"""One command, several words: what works is done and printed, what does not is said, and the status tells."""

from collections.abc import Callable, Iterable

import typer

from chub.cli import boundary
from chub.errors import ChubError, NotFound


def each(words: Iterable[str], act: Callable[[str], object], *, forgiving: bool = False) -> None:
    """Call `act` for every word and print the word; failures are said and end with status 1.

    With `forgiving` a word that names nothing is said and does not count, as ``docker rm -f``.
    """
    failed = False
    for word in words:
        try:
            act(word)
        except ChubError as error:
            boundary.say(error)
            failed = failed or not (forgiving and isinstance(error, NotFound))
        else:
            print(word, flush=True)
    if failed:
        raise typer.Exit(1)
