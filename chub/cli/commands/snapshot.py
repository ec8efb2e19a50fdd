"""`chub snapshot`: ls, tree, info, mounts, usage, diff, rm."""

from typing import Annotated

import typer

from chub.cli.context import connect
from chub.cli.each import each
from chub.cli.flags.common import Filters, Format, NoTrunc, Quiet, Template
from chub.cli.flags.objects import AllNamespaces, Force
from chub.cli.frame import Commands

app = Commands()

Snapshot = Annotated[str, typer.Argument(metavar="SNAPSHOT", show_default=False)]
Snapshots = Annotated[list[str], typer.Argument(metavar="SNAPSHOT [SNAPSHOT...]", show_default=False)]


@app.command("ls")
def ls(
    context: typer.Context,
    all_namespaces: AllNamespaces = False,
    filter: Filters = None,
    format: Format = None,
    no_trunc: NoTrunc = False,
    quiet: Quiet = False,
) -> None:
    """List the snapshots of all snapshotters, with the images and containers that they are for.

    Filters: kind=active|committed|view, label=NAME[=VALUE], parent=SNAPSHOT, snapshotter=NAME.

    Examples:
    chub snapshot ls
    chub snapshot ls --filter kind=active --no-trunc
    """
    client = connect(context)
    from chub.cli.render.objects import snapshot_columns
    from chub.cli.render.show import Form, Kind, show

    rows = client.objects.snapshots(filters=filter or (), all_namespaces=all_namespaces)
    shown = snapshot_columns(rows, namespaces=all_namespaces)
    show(rows, shown, Form(format=format, quiet=quiet, no_trunc=no_trunc), Kind(name="snapshot"))


@app.command("tree")
def tree(
    context: typer.Context, all_namespaces: AllNamespaces = False, filter: Filters = None, no_trunc: NoTrunc = False
) -> None:
    """Show the snapshots as trees: each below its parent, with the images and containers that they are for."""
    client = connect(context)
    from chub.cli.render.tree import show_tree

    rows = client.objects.snapshots(filters=filter or (), all_namespaces=all_namespaces)
    show_tree(client.objects.usage(rows), full=no_trunc)


@app.command("info")
def info(
    context: typer.Context,
    snapshots: Snapshots,
    format: Template = None,
) -> None:
    """Display detailed information on one or more snapshots."""
    client = connect(context)
    from chub.cli.commands.inspect import show_all
    from chub.cli.render.documents import snapshot

    show_all(snapshots, lambda word: ("snapshot", snapshot(client.objects.snapshot(word))), format)


@app.command("mounts")
def mounts(
    context: typer.Context,
    snapshot: Snapshot,
    target: Annotated[str, typer.Argument(metavar="[TARGET]", show_default=False)] = "",
    format: Format = None,
) -> None:
    """Print the commands that would mount a snapshot at TARGET; a committed one is seen by a view.

    Examples:
    chub snapshot mounts web
    """
    client = connect(context)
    from chub.cli.render.documents import mount, mount_command

    found = client.objects.mounts(snapshot).mounts
    if format == "json":
        import json

        print(json.dumps([mount(each) for each in found], indent=4))
    elif format is None:
        for each in found:
            print(mount_command(each, target or "TARGET"))
    else:
        from chub.errors import Invalid

        raise Invalid(f"{format!r} is no format of mounts", hint="json")


@app.command("usage")
def usage(
    context: typer.Context,
    snapshots: Annotated[list[str] | None, typer.Argument(metavar="[SNAPSHOT...]", show_default=False)] = None,
    all_namespaces: AllNamespaces = False,
    filter: Filters = None,
    format: Format = None,
    no_trunc: NoTrunc = False,
    quiet: Quiet = False,
) -> None:
    """Show what snapshots take on the disk, alone and with their parents."""
    client = connect(context)
    from chub.cli.render.objects import usage_columns
    from chub.cli.render.show import Form, Kind, show

    if snapshots:
        rows = tuple(client.objects.snapshot(word) for word in snapshots)
    else:
        rows = client.objects.snapshots(filters=filter or (), all_namespaces=all_namespaces)
    shown = usage_columns(rows, namespaces=all_namespaces)
    form = Form(format=format, quiet=quiet, no_trunc=no_trunc)
    show(client.objects.usage(rows), shown, form, Kind(name="usage"))


@app.command("diff")
def diff(
    context: typer.Context,
    snapshot: Snapshot,
    other: Annotated[str, typer.Argument(metavar="[OTHER]", show_default=False)] = "",
    format: Format = None,
) -> None:
    """List what a snapshot added (A), changed (C) or deleted (D) on its parent, or differs from OTHER.

    Examples:
    chub snapshot diff 2f5b
    """
    client = connect(context)
    from chub.cli.render.objects import CHANGES
    from chub.cli.render.show import Form, Kind, show
    from chub.cli.render.tree import show_changes

    found = client.objects.diff(snapshot, other)
    if format is None:
        show_changes(found)
    else:
        show(found, CHANGES, Form(format=format), Kind(name="change"))


@app.command("rm")
def rm(context: typer.Context, snapshots: Snapshots, force: Force = False) -> None:
    """Remove one or more snapshots that no image and no container uses."""
    client = connect(context)
    each(snapshots, lambda word: client.objects.remove_snapshot(word, force=force), answers=True, forgiving=force)
