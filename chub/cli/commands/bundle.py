"""`chub bundle` and `chub run-line`: a container again, without chub or with it."""

import sys
from typing import Annotated

import typer

from chub.cli.context import connect
from chub.cli.frame import Commands

app = Commands()

Container = Annotated[str, typer.Argument(metavar="CONTAINER", show_default=False)]


@app.command("bundle")
def bundle(
    context: typer.Context,
    container: Container,
    directory: Annotated[str, typer.Argument(metavar="DIR", show_default=False)],
    mount: Annotated[
        bool, typer.Option("--mount", help="Copy no files: print the command that mounts them, read-only.")
    ] = False,
) -> None:
    """Write a container out as an OCI bundle, which plain runc runs.

    Examples:
    chub bundle web ./web && cd ./web && runc run web-again
    """
    written = connect(context).containers.get(container).bundle(directory, mount=mount)
    for left in written.left_out:
        print(f"chub: left out: {left}", file=sys.stderr)
    if written.mount_line:
        print(written.mount_line)


@app.command("run_line")
def run_line(context: typer.Context, container: Container) -> None:
    """Print the chub run line that makes a container again, whoever made it; defaults are not in it."""
    print(connect(context).containers.get(container).run_line())
