"""One command, several words: what works is done and printed, what does not is said, and the status tells."""

from collections.abc import Callable, Iterable
from functools import partial

import typer

from chub.cli import boundary
from chub.core.together import together
from chub.errors import ChubError, NotFound


def each(
    words: Iterable[str],
    act: Callable[[str], object],
    *,
    forgiving: bool = False,
    at_once: bool = False,
    answers: bool = False,
) -> None:
    """Call `act` for every word (for all of them `at_once`) and print the word, or with `answers` what `act` gives.

    Failures are said and end with status 1. With `forgiving` a word that names nothing is said and does not count, as
    ``docker rm -f``.
    """
    failed = False
    named = list(words)
    calls = [partial(_attempted, act, word) for word in named]
    for word, outcome in zip(named, together(*calls) if at_once else (call() for call in calls), strict=True):
        if isinstance(outcome, ChubError):
            boundary.say(outcome)
            failed = failed or not (forgiving and isinstance(outcome, NotFound))
        else:
            print(outcome if answers else word, flush=True)
    if failed:
        raise typer.Exit(1)


def _attempted(act: Callable[[str], object], word: str) -> object:
    """What `act` gives, or the error it raised."""
    try:
        return act(word)
    except ChubError as error:
        return error
