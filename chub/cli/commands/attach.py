"""`chub attach`."""

from typing import Annotated

import typer

from chub.cli.context import connect
from chub.cli.flags.common import Keys, SigProxy
from chub.cli.frame import Commands
from chub.cli.preferences import leaving
from chub.cli.streams import complain
from chub.errors import ChubError

app = Commands()


@app.command("attach")
def attach(
    context: typer.Context,
    container: Annotated[str, typer.Argument(metavar="CONTAINER", show_default=False)],
    no_stdin: Annotated[bool, typer.Option("--no-stdin", help="Do not attach its standard input.")] = False,
    sig_proxy: SigProxy = True,
    detach_keys: Keys = "",
) -> None:
    """Attach local standard input, output, and error streams to a running container.

    Examples:
    chub attach web
    chub attach --no-stdin --sig-proxy=false web
    """
    found = connect(context).containers.get(container)
    ended = found.attach_here(stdin=not no_stdin, signals=sig_proxy, leave=leaving(detach_keys))
    complain(ended)
    if ended.exit_code is None:
        raise ChubError("read escape sequence")
    raise typer.Exit(ended.exit_code)
