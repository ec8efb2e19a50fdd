"""`chub start` and `restart`."""

from typing import Annotated

import typer

from chub.cli.context import connect
from chub.cli.each import each
from chub.cli.flags.common import Containers
from chub.cli.flags.parsers import parsed
from chub.cli.frame import Commands
from chub.options.values import parse_integer

app = Commands()


@app.command("start")
def start(context: typer.Context, containers: Containers) -> None:
    """Start one or more stopped containers."""
    client = connect(context)
    each(containers, lambda word: client.containers.get(word).start())


@app.command("restart")
def restart(
    context: typer.Context,
    containers: Containers,
    signal: Annotated[
        str | None, typer.Option("--signal", "-s", metavar="SIGNAL", help="Signal to send to the container.")
    ] = None,
    timeout: Annotated[
        int | None,
        typer.Option(
            "--timeout",
            "-t",
            "--time",
            metavar="SECONDS",
            parser=parsed(parse_integer),
            help="Seconds to wait before killing it (its own --stop-timeout, else 10; -1 waits for ever).",
        ),
    ] = None,
) -> None:
    """Stop one or more containers, if they run, and start them again."""
    client = connect(context)
    each(containers, lambda word: client.containers.get(word).restart(timeout=timeout, signal=signal))
