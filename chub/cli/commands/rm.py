"""`chub rm`."""

from typing import Annotated

import typer

from chub.cli.context import connect
from chub.cli.each import each
from chub.cli.flags.common import Containers
from chub.cli.frame import Commands

app = Commands()


@app.command("rm")
def rm(
    context: typer.Context,
    containers: Containers,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            "-f",
            help="Force the removal of a running container (uses SIGKILL);"
            " with --namespace also of docker's and Kubernetes's.",
        ),
    ] = False,
    volumes: Annotated[
        bool,
        typer.Option("--volumes", "-v", help="Remove its anonymous volumes too, of which there are none yet."),
    ] = False,
) -> None:
    """Remove one or more containers.

    Examples:
    chub rm web
    chub rm -f web db
    """
    client = connect(context)
    each(containers, lambda word: client.containers.get(word).remove(force=force), forgiving=force)
