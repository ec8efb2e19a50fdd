"""`chub stats`."""

import sys
from functools import partial
from typing import Annotated

import typer

from chub.cli.context import connect
from chub.cli.flags.common import Format, NoTrunc
from chub.cli.frame import Commands
from chub.cli.preferences import preferred

app = Commands()


@app.command("stats")
def stats(
    context: typer.Context,
    containers: Annotated[list[str] | None, typer.Argument(metavar="CONTAINER", show_default=False)] = None,
    all: Annotated[bool, typer.Option("--all", "-a", help="Show all containers (default shows just running).")] = False,
    format: Format = None,
    no_stream: Annotated[
        bool, typer.Option("--no-stream", help="Disable streaming stats and only pull the first result.")
    ] = False,
    no_trunc: NoTrunc = False,
) -> None:
    """Display a live stream of container(s) resource usage statistics."""
    client = connect(context)
    from chub.cli.render.show import Form, show
    from chub.cli.render.stats import COLUMNS, KIND, redraw

    form = Form(format=preferred("statsFormat", format) or None, no_trunc=no_trunc)
    live = not no_stream and sys.stdout.isatty()
    for readings in client.containers.stats(containers or (), all=all):
        draw = partial(show, readings, COLUMNS, form, kind=KIND)
        if live:
            redraw(draw)
        else:
            draw()
            sys.stdout.flush()
        if no_stream:
            break
