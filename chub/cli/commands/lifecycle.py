"""`chub stop`, `kill`, `wait`, `pause` and `unpause`."""

from typing import Annotated

import typer

from chub.cli.context import connect
from chub.cli.each import each
from chub.cli.flags.common import Containers
from chub.cli.flags.parsers import parsed
from chub.cli.frame import Commands
from chub.options.values import parse_int

app = Commands()

Signal = Annotated[
    str | None, typer.Option("--signal", "-s", metavar="SIGNAL", help="Signal to send to the container.")
]


@app.command("stop")
def stop(
    context: typer.Context,
    containers: Containers,
    signal: Signal = None,
    timeout: Annotated[
        int | None,
        typer.Option(
            "--timeout",
            "-t",
            "--time",
            metavar="SECONDS",
            parser=parsed(parse_int),
            help="Seconds to wait before killing the container (10; -1 waits for ever).",
        ),
    ] = None,
) -> None:
    """Stop one or more running containers: ask each with its stop signal, and kill it if that does not help.

    Examples:
    chub stop web
    chub stop -t 1 -s INT web
    """
    client = connect(context)
    each(
        containers, lambda word: client.containers.get(word).stop(signal=signal or None, timeout=timeout), at_once=True
    )


@app.command("kill")
def kill(context: typer.Context, containers: Containers, signal: Signal = None) -> None:
    """Kill one or more running containers, or send them a signal."""
    client = connect(context)
    each(containers, lambda word: client.containers.get(word).kill(signal or "KILL"), at_once=True)


@app.command("wait")
def wait(context: typer.Context, containers: Containers) -> None:
    """Block until one or more containers stop, then print their exit codes."""
    client = connect(context)
    each(containers, lambda word: client.containers.get(word).wait(), answers=True)


@app.command("pause")
def pause(context: typer.Context, containers: Containers) -> None:
    """Pause all processes within one or more containers."""
    client = connect(context)
    each(containers, lambda word: client.containers.get(word).pause(), at_once=True)


@app.command("unpause")
def unpause(context: typer.Context, containers: Containers) -> None:
    """Unpause all processes within one or more containers."""
    client = connect(context)
    each(containers, lambda word: client.containers.get(word).unpause(), at_once=True)
