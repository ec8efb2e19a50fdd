"""`chub ps`."""

from typing import Annotated

import typer

from chub.cli.context import connect
from chub.cli.flags.common import Filters, Format, NoTrunc, Quiet
from chub.cli.flags.parsers import parsed
from chub.cli.frame import Commands
from chub.cli.preferences import preferred
from chub.errors import Invalid
from chub.options.values import parse_integer

app = Commands()


def _count(text: str | int) -> int:
    """A number, as typer's default or as it was written."""
    try:
        return text if isinstance(text, int) else parse_integer(text)
    except Invalid as failure:
        raise Invalid(f"strconv.ParseInt: {failure}") from failure


@app.command("ps")
def ps(
    context: typer.Context,
    all: Annotated[bool, typer.Option("--all", "-a", help="Show all containers (default shows just running).")] = False,
    filter: Filters = None,
    last: Annotated[
        int,
        typer.Option(
            "--last",
            "-n",
            metavar="N",
            parser=parsed(_count),
            help="Show the N last created containers (all states).",
        ),
    ] = -1,
    latest: Annotated[
        bool, typer.Option("--latest", "-l", help="Show the latest created container (all states).")
    ] = False,
    size: Annotated[bool, typer.Option("--size", "-s", help="Display total file sizes.")] = False,
    ns: Annotated[
        bool, typer.Option("--ns", help="Show whose namespaces each has: its own, the host's, another container's.")
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
    from chub.cli.render.containers import KIND, Extra, columns
    from chub.cli.render.show import Form, attempt, show

    if not (quiet or ns or all_namespaces):  # docker has no words for these
        format = preferred("psFormat", format)
    form = Form(format=format, quiet=quiet, no_trunc=no_trunc)
    asked = attempt(columns(Extra()), form, KIND)
    found = client.containers.list(
        all=all, all_namespaces=all_namespaces, filters=filter or (), last=1 if latest else last
    )
    rows = [each.summary for each in found]
    shared = ns or asked & {"Shim", "Namespaces"}
    extra = Extra(
        sizes=client.containers.sizes(rows) if size or "Size" in asked else None,
        sharing=client.containers.sharing(all_namespaces=all_namespaces) if shared else {},
    )
    show(rows, columns(extra, sized=size, namespaced=ns, everywhere=all_namespaces), form, KIND)
