"""`chub logs`."""

import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from chub.cli.context import connect
from chub.cli.frame import Commands
from chub.errors import ChubError, Invalid

if TYPE_CHECKING:
    from chub.output.read import Line

app = Commands()


@app.command("logs")
def logs(
    context: typer.Context,
    container: Annotated[str, typer.Argument(metavar="CONTAINER", show_default=False)],
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Follow log output.")] = False,
    tail: Annotated[
        str, typer.Option("--tail", "-n", metavar="N", help="Number of lines to show from the end of the logs.")
    ] = "all",
    since: Annotated[
        str | None, typer.Option("--since", metavar="TIME", help="Show logs since a time, or an age such as 42m.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="TIME", help="Show logs before a time, or an age such as 42m.")
    ] = None,
    timestamps: Annotated[bool, typer.Option("--timestamps", "-t", help="Show timestamps.")] = False,
    details: Annotated[bool, typer.Option("--details", help="Show extra details provided to logs.")] = False,
) -> None:
    """Fetch the logs of a container: chub's, docker's, nerdctl's or Kubernetes's.

    Examples:
    chub logs --tail 20 --follow web
    chub logs --since 5m --timestamps web
    chub -n k8s.io logs 0123456789ab
    """
    begin, end = _moment("since", since), _moment("until", until)
    count = int(tail) if tail.isdecimal() else None
    found = connect(context).containers.get(container)
    if timestamps or details or count is not None or begin or end is not None:
        pieces: Iterator[tuple[int, bytes]] = (
            (line.stream, (_stamp(line) if timestamps else b"") + line.data)
            for line in found.logs(tail=count, since=begin or 0, until=end, follow=follow, details=details)
        )
    else:
        pieces = ((chunk.stream, chunk.data) for chunk in found.output(follow=follow))
    streams = {1: sys.stdout.buffer, 2: sys.stderr.buffer}
    for stream, data in pieces:
        streams[stream].write(data)
        streams[stream].flush()


def _moment(flag: str, text: str | None) -> int | None:
    if text is None:
        return None
    from chub.options.times import parse_moment

    try:
        return parse_moment(text, time.time_ns())
    except Invalid as failure:
        raise ChubError(f'invalid value for "{flag}": {failure}', hint=failure.hint) from failure


def _stamp(line: "Line") -> bytes:
    """The time as docker writes it: always nine digits."""
    seconds, rest = divmod(line.time, 10**9)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)).encode() + b".%09dZ " % rest
