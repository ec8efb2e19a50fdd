"""`chub chain`."""

from typing import Annotated

import typer

from chub.cli.context import connect
from chub.cli.flags.common import NoTrunc
from chub.cli.frame import Commands
from chub.errors import Invalid

app = Commands()


@app.command("chain")
def chain(
    context: typer.Context,
    container: Annotated[str, typer.Argument(metavar="CONTAINER", show_default=False)] = "",
    all_namespaces: Annotated[
        bool, typer.Option("--all-namespaces", "-A", help="Look in all namespaces, and among docker's names.")
    ] = False,
    pid: Annotated[
        int | None, typer.Option("--pid", metavar="PID", help="Show the container that this process is in.")
    ] = None,
    format: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help="Print as a screen (table) or as json.")
    ] = "table",
    no_trunc: NoTrunc = False,
) -> None:
    """Show every layer between a container and the kernel, with evidence.

    Examples:
    chub chain web
    chub chain -A dockers-container
    chub chain --pid 4242
    chub chain --format json web
    """
    if bool(container) == (pid is not None):
        raise Invalid("name a container, or a process with --pid", hint="chub chain CONTAINER, chub chain --pid PID")
    if format not in ("table", "json"):
        raise Invalid(f"{format!r} is no format of chain", hint="table or json")
    client = connect(context)
    found = client.chain(container, pid=pid, everywhere=all_namespaces)
    if format == "json":
        import json

        print(json.dumps(found.as_json(), indent=2))
        return
    from chub.cli.render.chain import show_chain

    show_chain(found, full=no_trunc)
