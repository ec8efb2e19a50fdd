"""`chub content`: ls, get, info, rm, ingests."""

from typing import Annotated

import typer

from chub.cli.context import connect
from chub.cli.each import each
from chub.cli.flags.common import Filters, Format, NoTrunc, Quiet, Template
from chub.cli.flags.objects import AllNamespaces, Force
from chub.cli.frame import Commands

app = Commands()

Digest = Annotated[str, typer.Argument(metavar="DIGEST", show_default=False)]
Digests = Annotated[list[str], typer.Argument(metavar="DIGEST [DIGEST...]", show_default=False)]


@app.command("ls")
def ls(
    context: typer.Context,
    all_namespaces: AllNamespaces = False,
    filter: Filters = None,
    format: Format = None,
    no_trunc: NoTrunc = False,
    quiet: Quiet = False,
) -> None:
    """List the blobs of the content store, with the images that need them."""
    client = connect(context)
    from chub.cli.render.objects import BLOB_NAMESPACE, BLOBS
    from chub.cli.render.show import Form, Kind, show

    rows = client.objects.blobs(filters=filter or (), all_namespaces=all_namespaces)
    shown = (*BLOBS, BLOB_NAMESPACE) if all_namespaces else BLOBS
    show(rows, shown, Form(format=format, quiet=quiet, no_trunc=no_trunc), Kind(name="content"))


@app.command("get")
def get(context: typer.Context, digest: Digest) -> None:
    """Write the bytes of a blob to standard output.

    Examples:
    chub content get 4f53cda18c2b
    """
    import sys

    client = connect(context)
    found = client.objects.blob(digest).blob.digest
    sys.stdout.flush()
    for piece in client.content.read(found):
        sys.stdout.buffer.write(piece)


@app.command("info")
def info(
    context: typer.Context,
    digests: Digests,
    format: Template = None,
) -> None:
    """Display detailed information on one or more blobs."""
    client = connect(context)
    from chub.cli.commands.inspect import show_all
    from chub.cli.render.documents import blob

    show_all(digests, lambda word: ("content", blob(client.objects.blob(word))), format)


@app.command("rm")
def rm(context: typer.Context, digests: Digests, force: Force = False) -> None:
    """Remove one or more blobs that no image needs."""
    client = connect(context)
    each(digests, lambda word: client.objects.remove_blob(word, force=force), answers=True, forgiving=force)


@app.command("ingests")
def ingests(
    context: typer.Context,
    all_namespaces: AllNamespaces = False,
    format: Format = None,
    quiet: Quiet = False,
) -> None:
    """List what is being written to the content store, or was when its writer went away."""
    client = connect(context)
    from chub.cli.render.objects import INGEST_NAMESPACE, INGESTS
    from chub.cli.render.show import Form, Kind, show

    rows = client.objects.ingests(all_namespaces=all_namespaces)
    shown = (*INGESTS, INGEST_NAMESPACE) if all_namespaces else INGESTS
    show(rows, shown, Form(format=format, quiet=quiet), Kind(name="ingest"))
