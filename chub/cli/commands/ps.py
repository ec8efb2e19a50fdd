"""`chub ps`."""

from typing import Annotated

import typer

from chub.cli.context import connect
from chub.cli.flags.common import Format, NoTrunc, Quiet
from chub.cli.frame import Commands

app = Commands()


@app.command("ps")
def ps(
    context: typer.Context,
    all: Annotated[bool, typer.Option("--all", "-a", help="Show all containers (default shows just running).")] = False,
    last: Annotated[
        int,
        typer.Option("--last", "-n", metavar="N", help="Show the N last created containers (all states)."),
    ] = -1,
    latest: Annotated[
        bool, typer.Option("--latest", "-l", help="Show the latest created container (all states).")
    ] = False,
    all_namespaces: Annotated[
        bool, typer.Option("--all-namespaces", "-A", help="Look in all namespaces of the engine.")
    ] = False,
    format: Format = None,
    no_trunc: NoTrunc = False,
    quiet: Quiet = False,
) -> None:
    """List containers.

    Examples:
    chub ps -a
    chub ps -aq
    chub ps --format '{{.Names}} {{.Status}}'
    """
    client = connect(context)
    from chub.cli.render.containers import COLUMNS, KIND, METHODS, NAMESPACE, OWNER
    from chub.cli.render.show import Form, attempt, show

    columns = (*COLUMNS, NAMESPACE, OWNER) if all_namespaces else COLUMNS
    form = Form(format=format, quiet=quiet, no_trunc=no_trunc)
    attempt(columns, form, kind=KIND, methods=METHODS)
    count = 1 if latest else last
    found = client.containers.list(all=all or count > 0, all_namespaces=all_namespaces)
    rows = [each.summary for each in found[: count if count > 0 else None]]
    show(rows, columns, form, kind=KIND, methods=METHODS)
