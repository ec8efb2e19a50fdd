"""`chub rootfs`: import, ls, rm."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, BinaryIO

import typer

from chub.cli.context import connect
from chub.cli.each import each
from chub.cli.flags.common import Format, NoTrunc, Quiet
from chub.cli.frame import Commands
from chub.cli.render.text import plain
from chub.errors import Invalid, Unsupported

app = Commands()


@app.command("import")
def import_(
    context: typer.Context,
    source: Annotated[str, typer.Argument(metavar="DIRECTORY|ARCHIVE|-", show_default=False)],
    name: Annotated[str | None, typer.Argument(metavar="[NAME[:TAG]]", show_default=False)] = None,
    change: Annotated[
        list[str] | None,
        typer.Option("--change", "-c", metavar="INSTRUCTION", help="Apply a Dockerfile's instruction to the image."),
    ] = None,
    message: Annotated[
        str, typer.Option("--message", "-m", metavar="TEXT", help="Set the comment in the image's history.")
    ] = "",
    platform: Annotated[
        str | None,
        typer.Option("--platform", metavar="PLATFORM", help="What it is for (found in its programs), as linux/arm64."),
    ] = None,
) -> None:
    """Make an image of a root filesystem, or without NAME a snapshot that stays.

    DIRECTORY is read and nothing in it is changed, not even access times; the same tree gives the same
    image on any machine. ARCHIVE is a tar archive, plain or compressed with gzip, bzip2, xz or zstd; - is
    standard input.

    Examples:
    chub rootfs import ./rootfs hello
    chub rootfs import -c 'CMD ["sh"]' -c 'ENV A=b' ./rootfs hello
    curl -s https://example.com/rootfs.tar.gz | chub rootfs import - hello:1
    """
    client = connect(context)
    from chub.cli.render.progress import importing

    with _opened(source) as opened, importing() as progress:
        imported = client.rootfs.add(
            opened, name=name, changes=change or (), message=message, platform=platform, progress=progress
        )
    for warning in imported.warnings:
        print(f"chub: {plain(source)}: {plain(warning)}", file=sys.stderr)
    print(imported.config_digest or imported.chain_id)


@app.command("ls")
def ls(context: typer.Context, format: Format = None, no_trunc: NoTrunc = False, quiet: Quiet = False) -> None:
    """List imported root filesystems that are no images."""
    client = connect(context)
    from chub.cli.render.images import ROOTFS
    from chub.cli.render.show import Form, show

    show(client.rootfs.list(), ROOTFS, Form(format=format, quiet=quiet, no_trunc=no_trunc))


@app.command("rm")
def rm(
    context: typer.Context,
    words: Annotated[list[str], typer.Argument(metavar="ROOTFS [ROOTFS...]", show_default=False)],
) -> None:
    """Remove imported root filesystems, by their ID or directory."""
    client = connect(context)
    each(words, client.rootfs.remove)


@contextmanager
def _opened(source: str) -> Iterator[str | BinaryIO]:
    """The path, or standard input, unbuffered."""
    if source.startswith(("http://", "https://")):
        raise Unsupported("a URL is not supported yet", hint=f"curl -sSL {source} | chub import - NAME")
    if source != "-":
        yield source
        return
    if sys.stdin.isatty():
        raise Invalid("an archive is not read from a terminal", hint="tar -C DIR -c . | chub rootfs import - NAME")
    with open(0, "rb", buffering=0, closefd=False) as stream:
        yield stream
