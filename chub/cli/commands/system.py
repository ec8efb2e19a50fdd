"""`chub system`."""

from typing import Annotated

import typer

from chub.cli.confirm import confirmed
from chub.cli.context import connect
from chub.cli.flags.common import Format
from chub.cli.frame import Commands
from chub.errors import Invalid

app = Commands()


@app.command("doctor")
def doctor(
    context: typer.Context,
    fix: Annotated[bool, typer.Option("--fix", help="Remove what is chub's own.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not prompt for confirmation.")] = False,
    all_namespaces: Annotated[
        bool, typer.Option("--all-namespaces", "-A", help="Look in all namespaces of the engine.")
    ] = False,
    format: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help="Print as text (table) or as json.")
    ] = "table",
) -> None:
    """Find what is left over or broken; the exit status is 1 where something is.

    Examples:
    chub system doctor
    chub system doctor --fix
    chub system doctor -A --format json
    """
    if format not in ("table", "json"):
        raise Invalid(f"{format!r} is no format of doctor", hint="table or json")
    if fix and format == "json" and not yes:
        raise Invalid("--fix asks, which is no JSON", hint="add --yes")
    client = connect(context)
    from chub.cli.render import doctor as render
    from chub.doctor.findings import Mended

    found = client.doctor(everywhere=all_namespaces)
    done = Mended(left=found)
    mendable = sum(finding.mendable for finding in found)
    if format == "table":
        render.show(found, everywhere=all_namespaces)
    if fix and mendable and (yes or confirmed(render.warning(mendable))):
        done = client.mend(found)
        if format == "table":
            render.show_mended(done, everywhere=all_namespaces)
    if format == "json":
        render.show_json(found, done)
    if done.left:
        raise typer.Exit(1)


@app.command("df")
def df(
    context: typer.Context,
    all_namespaces: Annotated[
        bool, typer.Option("--all-namespaces", "-A", help="Look in all namespaces of the engine.")
    ] = False,
    format: Format = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show detailed information on space usage.")] = False,
) -> None:
    """Show disk usage: of images what is shared counts once, of containers their logs too.

    Examples:
    chub system df
    chub system df -v
    chub system df --format '{{.Type}} {{.Reclaimable}}'
    """
    client = connect(context)
    from chub.cli.render import disk

    usage = client.df(all_namespaces=all_namespaces)
    if verbose:
        disk.show_all(usage, format, everywhere=all_namespaces)
    else:
        disk.show_groups(usage, format)
