"""`chub images` and `chub image …`: ls, inspect, history, rm, tag."""

from typing import Annotated

import typer

from chub.cli import boundary
from chub.cli.context import connect
from chub.cli.flags.common import Filters, Format, NoTrunc, Quiet, Template
from chub.cli.frame import Commands
from chub.cli.preferences import preferred
from chub.errors import ChubError, Invalid, NotFound

app = Commands()

Images = Annotated[list[str], typer.Argument(metavar="IMAGE [IMAGE...]", show_default=False)]


@app.command("ls")
def ls(
    context: typer.Context,
    reference: Annotated[str, typer.Argument(metavar="[REPOSITORY[:TAG]]", show_default=False)] = "",
    all: Annotated[
        bool, typer.Option("--all", "-a", help="Show all images (there are no intermediate ones to hide).")
    ] = False,
    all_namespaces: Annotated[
        bool, typer.Option("--all-namespaces", "-A", help="Look in all namespaces of the engine.")
    ] = False,
    digests: Annotated[bool, typer.Option("--digests", help="Show digests.")] = False,
    filter: Filters = None,
    format: Format = None,
    no_trunc: NoTrunc = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only show image IDs.")] = False,
    tree: Annotated[
        bool, typer.Option("--tree", help="Show each image with all its names and platforms, and what they take.")
    ] = False,
) -> None:
    """List images.

    Examples:
    chub images
    chub images -q --filter label=team=blue
    chub images --format '{{.Repository}} {{.Size}}'
    """
    client = connect(context)
    if tree:
        for flag, given in {"quiet": quiet, "no-trunc": no_trunc, "show-digest": digests, "format": format}.items():
            if given:
                raise Invalid(f"--{flag} is not yet supported with --tree")
        from chub.cli.render import image_tree

        found = client.images.usage(reference, filters=filter or (), all_namespaces=all_namespaces)
        image_tree.show(found, everywhere=all_namespaces)
        return
    if not (quiet or all_namespaces):  # docker has no word for that
        format = preferred("imagesFormat", format)
    from chub.cli.render.images import columns, kind
    from chub.cli.render.show import Form, show

    form = Form(format=format, quiet=quiet, no_trunc=no_trunc)
    rows = client.images.list(reference, filters=filter or (), all_namespaces=all_namespaces)
    users = client.images.users(all_namespaces=all_namespaces) if format and not form.plain else None
    show(rows, columns(users, quiet=quiet, digests=digests, namespaces=all_namespaces), form, kind(digests))


@app.command("inspect")
def inspect(
    context: typer.Context,
    images: Images,
    format: Template = None,
) -> None:
    """Display detailed information on one or more images."""
    client = connect(context)
    from chub.cli.commands.inspect import show_all

    show_all(images, lambda word: ("image", client.images.get(word).inspect()), format)


@app.command("history")
def history(
    context: typer.Context,
    image: Annotated[str, typer.Argument(metavar="IMAGE", show_default=False)],
    format: Format = None,
    human: Annotated[
        bool, typer.Option("--human/--no-human", "-H", help="Print sizes and dates in human readable format.")
    ] = True,
    no_trunc: NoTrunc = False,
    quiet: Quiet = False,
) -> None:
    """Show the history of an image."""
    client = connect(context)
    from chub.cli.render.images import EXACT_HISTORY, HISTORY
    from chub.cli.render.show import Form, Kind, show

    form = Form(format=format, quiet=quiet, no_trunc=no_trunc)
    columns = HISTORY if human else EXACT_HISTORY
    show(client.images.get(image).history(), columns, form, Kind(name="*formatter.historyContext"))


@app.command("rm")
def rm(
    context: typer.Context,
    images: Images,
    force: Annotated[bool, typer.Option("--force", "-f", help="Force removal of the image.")] = False,
) -> None:
    """Remove one or more images.

    Examples:
    chub rmi hello
    chub rmi -f 0123456789ab
    """
    client = connect(context)
    failed = False
    for word in images:
        try:
            removed = client.images.remove(word, force=force)
        except ChubError as error:
            boundary.say(error)
            failed = failed or not (force and isinstance(error, NotFound))
        else:
            for name in removed.untagged:
                print(f"Untagged: {name}", flush=True)
            for digest in removed.deleted:
                print(f"Deleted: {digest}", flush=True)
    if failed:
        raise typer.Exit(1)


@app.command("tag")
def tag(
    context: typer.Context,
    source: Annotated[str, typer.Argument(metavar="SOURCE_IMAGE[:TAG]", show_default=False)],
    target: Annotated[str, typer.Argument(metavar="TARGET_IMAGE[:TAG]", show_default=False)],
) -> None:
    """Create a tag TARGET_IMAGE that refers to SOURCE_IMAGE."""
    connect(context).images.tag(source, target)
