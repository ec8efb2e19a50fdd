"""`chub port`."""

from typing import Annotated

import typer

from chub.cli.context import connect
from chub.cli.frame import Commands
from chub.errors import Invalid, NotFound

app = Commands()

LAST = 65535


@app.command("port")
def port(
    context: typer.Context,
    container: Annotated[str, typer.Argument(metavar="CONTAINER", show_default=False)],
    private: Annotated[str, typer.Argument(metavar="[PRIVATE_PORT[/PROTO]]", show_default=False)] = "",
) -> None:
    """List port mappings of a container; none is published yet."""
    connect(context).containers.get(container)
    if not private:
        return
    number = private.partition("/")[0]
    if not (number.isascii() and number.isdigit()):
        raise Invalid(f'invalid port ({number}): strconv.ParseUint: parsing "{number}": invalid syntax')
    if int(number) > LAST:
        raise Invalid(f'invalid port ({number}): strconv.ParseUint: parsing "{number}": value out of range')
    raise NotFound(f"No public port '{private}' published for {container}")
