"""`chub namespace`: ls, create, rm, label."""

from typing import Annotated

import typer

from chub.cli.context import connect
from chub.cli.each import each
from chub.cli.flags.common import Filters, Format, Quiet
from chub.cli.flags.objects import Label, labels
from chub.cli.flags.parsers import condition, parsed
from chub.cli.frame import Commands

app = Commands()

Name = Annotated[str, typer.Argument(metavar="NAME", show_default=False)]
Force = Annotated[bool, typer.Option("--force", "-f", help="Also with leases in it; also docker's and Kubernetes's.")]


@app.command("ls")
def ls(context: typer.Context, filter: Filters = None, format: Format = None, quiet: Quiet = False) -> None:
    """List the namespaces of the engine, with how much is in each."""
    client = connect(context)
    from chub.cli.render.objects import NAMESPACES
    from chub.cli.render.show import Form, Kind, show

    rows = client.objects.namespaces(filters=filter or ())
    show(rows, NAMESPACES, Form(format=format, quiet=quiet), Kind(name="namespace"))


@app.command("create")
def create(context: typer.Context, name: Name, label: Label = None) -> None:
    """Create a namespace; one is made without asking, too, when something is first made in it."""
    print(connect(context).objects.create_namespace(name, labels(label or [])))


@app.command("rm")
def rm(
    context: typer.Context,
    names: Annotated[list[str], typer.Argument(metavar="NAME [NAME...]", show_default=False)],
    force: Force = False,
) -> None:
    """Remove one or more empty namespaces."""
    client = connect(context)
    each(names, lambda word: client.objects.remove_namespace(word, force=force), answers=True, forgiving=force)


@app.command("label")
def label(
    context: typer.Context,
    name: Name,
    words: Annotated[
        list[str], typer.Argument(metavar="LABEL=VALUE [LABEL=VALUE...]", parser=parsed(condition), show_default=False)
    ],
    force: Force = False,
) -> None:
    """Set labels of a namespace; an empty value removes one.

    Examples:
    chub namespace label default containerd.io/defaults/snapshotter=native
    """
    print(connect(context).objects.label_namespace(name, labels(words), force=force))
