"""`chub events`."""

import sys
import time
from datetime import UTC, datetime
from typing import Annotated

import typer

from chub.cli.context import connect
from chub.cli.flags.common import Filters, Format
from chub.cli.frame import Commands

app = Commands()


@app.command("events")
def events(
    context: typer.Context,
    filter: Filters = None,
    format: Format = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="TIME", help="Show all events created since a time, or an age.")
    ] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="TIME", help="Stream events until this time.")] = None,
) -> None:
    """Get real time events from containerd, in docker's words.

    Of the past only that is known which containers and images that are still there prove.
    """
    begin, end = _moment(since), _moment(until)
    from chub.cli.render.events import line, wanted

    form = wanted(format)
    client = connect(context)
    from chub.core.events import Happening

    now = datetime.now(UTC)
    with client.happenings(since=begin, until=end, filters=filter or ()) as happenings:
        if end is not None or (begin is not None and begin < now):
            _note(f"before {now:%Y-%m-%dT%H:%M:%SZ} only what containers and images that are there now prove is known")
        for happened in happenings:
            if isinstance(happened, Happening):
                print(line(happened, form), flush=True)
            else:
                _note(f"between {happened.since} and {happened.until} events may be missing: {happened.why}")


def _moment(text: str | None) -> datetime | None:
    if not text:
        return None
    from chub.options.times import SECOND, parse_moment

    return datetime.fromtimestamp(parse_moment(text, time.time_ns()) / SECOND, UTC)


def _note(text: str) -> None:
    print(f"chub: {text}", file=sys.stderr, flush=True)
