"""`chub layers`."""

from typing import Annotated

import typer

from chub.cli.context import connect
from chub.cli.flags.common import NoTrunc
from chub.cli.frame import Commands
from chub.errors import Invalid

app = Commands()


@app.command("layers")
def layers(
    context: typer.Context,
    image: Annotated[str, typer.Argument(metavar="IMAGE", show_default=False)],
    docker: Annotated[
        bool, typer.Option("--docker", help="Show docker's layers of the same diff IDs beside them.")
    ] = False,
    format: Annotated[str, typer.Option("--format", metavar="FORMAT", help="Print as table or json.")] = "table",
    no_trunc: NoTrunc = False,
) -> None:
    """Show an image's layers and where they are, beside docker's.

    Examples:
    chub layers hello
    chub layers --docker hello
    """
    if format not in ("table", "json"):
        raise Invalid(f"{format!r} is no format of layers", hint="table or json")
    client = connect(context)
    found = client.layers(image, docker=docker)
    if format == "json":
        import json

        print(json.dumps(found.as_json(), indent=2))
        return
    from chub.cli.render.layers import show_layers

    show_layers(found, docker=docker, full=no_trunc)
