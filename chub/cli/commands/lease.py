"""`chub lease`: ls, create, rm."""

from typing import Annotated

import typer

from chub.cli.context import connect
from chub.cli.each import each
from chub.cli.flags.common import Filters, Format, NoTrunc, Quiet
from chub.cli.flags.objects import AllNamespaces, Force, Label, labels
from chub.cli.flags.parsers import parsed
from chub.cli.frame import Commands
from chub.options.times import parse_span

app = Commands()


@app.command("ls")
def ls(
    context: typer.Context,
    all_namespaces: AllNamespaces = False,
    filter: Filters = None,
    format: Format = None,
    no_trunc: NoTrunc = False,
    quiet: Quiet = False,
) -> None:
    """List the leases, with how much each protects from collection."""
    client = connect(context)
    from chub.cli.render.objects import LEASE_NAMESPACE, LEASES
    from chub.cli.render.show import Form, Kind, show

    rows = client.objects.leases(filters=filter or (), all_namespaces=all_namespaces)
    shown = (*LEASES, LEASE_NAMESPACE) if all_namespaces else LEASES
    show(rows, shown, Form(format=format, quiet=quiet, no_trunc=no_trunc), Kind(name="lease"))


@app.command("create")
def create(
    context: typer.Context,
    lease: Annotated[str, typer.Argument(metavar="[LEASE]", show_default=False)] = "",
    expires: Annotated[
        int | None,
        typer.Option("--expires", metavar="DURATION", parser=parsed(parse_span), help="End by itself: 90m, 24h."),
    ] = None,
    label: Label = None,
    force: Force = False,
) -> None:
    """Create a lease, and print its id: what is made under it is not collected.

    Examples:
    chub lease create --expires 24h
    """
    from datetime import timedelta

    client = connect(context)
    life = None if expires is None else timedelta(microseconds=expires / 1000)
    print(client.objects.create_lease(lease, expires=life, labels=labels(label or []), force=force))


@app.command("rm")
def rm(
    context: typer.Context,
    leases: Annotated[list[str], typer.Argument(metavar="LEASE [LEASE...]", show_default=False)],
    sync: Annotated[bool, typer.Option("--sync", help="Return when what nothing holds any more is collected.")] = False,
    force: Force = False,
) -> None:
    """End one or more leases."""
    client = connect(context)
    each(leases, lambda word: client.objects.remove_lease(word, sync=sync, force=force), answers=True, forgiving=force)
