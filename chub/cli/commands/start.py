"""`chub start` and `restart`."""

from typing import Annotated

import typer

from chub.cli.context import connect
from chub.cli.each import each
from chub.cli.flags.common import Containers, Keys
from chub.cli.flags.parsers import parsed
from chub.cli.frame import Commands
from chub.cli.preferences import leaving
from chub.cli.streams import complain
from chub.errors import ChubError
from chub.options.values import parse_integer

app = Commands()


@app.command("start")
def start(
    context: typer.Context,
    containers: Containers,
    attach: Annotated[
        bool, typer.Option("--attach", "-a", help="Attach its output, pass signals on, and wait for its end.")
    ] = False,
    interactive: Annotated[bool, typer.Option("--interactive", "-i", help="Attach its standard input too.")] = False,
    detach_keys: Keys = "",
) -> None:
    """Start one or more stopped containers.

    Examples:
    chub start web
    chub start -ai shell
    """
    client = connect(context)
    if not attach and not interactive:
        each(containers, lambda word: client.containers.get(word).start())
        return
    if len(containers) > 1:
        raise ChubError("you cannot start and attach multiple containers at once")
    container = client.containers.get(containers[0])
    ended = container.start_here(stdin=interactive, leave=leaving(detach_keys))
    complain(ended)
    raise typer.Exit(ended.exit_code or 0)


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
