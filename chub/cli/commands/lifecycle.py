"""`chub stop`, `kill`, `wait`, `pause`, `unpause`, `rename`, `top` and `container prune`."""

import sys
from typing import Annotated

import typer

from chub.cli.confirm import confirmed
from chub.cli.context import connect
from chub.cli.each import each
from chub.cli.flags.common import Containers, Force
from chub.cli.flags.parsers import condition, parsed
from chub.cli.frame import Commands
from chub.options.values import parse_integer

app = Commands()

TOP_WIDTH = 20  # docker's columns of `top` are no narrower
Container = Annotated[str, typer.Argument(metavar="CONTAINER", show_default=False)]

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
            parser=parsed(parse_integer),
            help="Seconds to wait before killing the container (its own --stop-timeout, else 10; -1 waits for ever).",
        ),
    ] = None,
    force: Force = False,
) -> None:
    """Stop one or more running containers: ask each with its stop signal, and kill it if that does not help.

    Examples:
    chub stop web
    chub stop -t 1 -s INT web
    """
    client = connect(context)
    each(
        containers,
        lambda word: client.containers.get(word).stop(signal=signal or None, timeout=timeout, force=force),
        at_once=True,
    )


@app.command("kill")
def kill(context: typer.Context, containers: Containers, signal: Signal = None, force: Force = False) -> None:
    """Kill one or more running containers, or send them a signal."""
    client = connect(context)
    each(containers, lambda word: client.containers.get(word).kill(signal or "KILL", force=force), at_once=True)


@app.command("wait")
def wait(context: typer.Context, containers: Containers) -> None:
    """Block until one or more containers stop, then print their exit codes."""
    client = connect(context)
    each(containers, lambda word: client.containers.get(word).wait(), answers=True)


@app.command("pause")
def pause(context: typer.Context, containers: Containers, force: Force = False) -> None:
    """Pause all processes within one or more containers."""
    client = connect(context)
    each(containers, lambda word: client.containers.get(word).pause(force=force), at_once=True)


@app.command("unpause")
def unpause(context: typer.Context, containers: Containers, force: Force = False) -> None:
    """Unpause all processes within one or more containers."""
    client = connect(context)
    each(containers, lambda word: client.containers.get(word).unpause(force=force), at_once=True)


@app.command("rename")
def rename(
    context: typer.Context,
    container: Container,
    name: Annotated[str, typer.Argument(metavar="NEW_NAME", show_default=False)],
    force: Force = False,
) -> None:
    """Rename a container."""
    connect(context).containers.get(container).rename(name, force=force)


@app.command("top", context_settings={"allow_interspersed_args": False})
def top(
    context: typer.Context,
    container: Container,
    options: Annotated[list[str] | None, typer.Argument(metavar="[ps OPTIONS]", show_default=False)] = None,
) -> None:
    """Display the running processes of a container, as the host's ps shows them.

    Examples:
    chub top web
    chub top web -o pid,user,args
    """
    client = connect(context)
    from chub.cli.render.show import aligned
    from chub.cli.render.text import plain

    found = client.containers.get(container).top(" ".join(options or ()) or "-ef")
    print(aligned([[plain(cell) for cell in row] for row in (found.titles, *found.rows)], TOP_WIDTH))


@app.command("prune")
def prune(
    context: typer.Context,
    filter: Annotated[
        list[str] | None,
        typer.Option(
            "--filter",
            metavar="FILTER",
            parser=parsed(condition),
            help="Only those with until=TIME, label=NAME[=VALUE].",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", "-f", help="Do not prompt for confirmation.")] = False,
) -> None:
    """Remove all stopped containers."""
    containers = connect(context).containers
    from chub.cli.render.text import size, some

    if not force:
        doomed = containers.prunable(filters=filter or ()) if sys.stdin.isatty() else ()  # a script gets docker's words
        names = some([each.name or each.id[:12] for each in doomed])
        lost = f"Their files and output will be lost: {names}" if doomed else ""
        if not confirmed("This will remove all stopped containers.", lost):
            return
    pruned = containers.prune(filters=filter or ())

    if pruned.ids:
        print("Deleted Containers:", *pruned.ids, "", sep="\n")
    print(f"Total reclaimed space: {size(pruned.reclaimed)}")
