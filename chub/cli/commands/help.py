"""`chub help`."""

from typing import Annotated

import typer
import typer.core

from chub.cli.frame import Commands
from chub.errors import NotFound

app = Commands()


@app.command("help")
def help_(
    context: typer.Context,
    words: Annotated[list[str] | None, typer.Argument(metavar="[COMMAND]", show_default=False)] = None,
) -> None:
    """Show the help of a command."""
    found = context.parent
    assert found is not None
    for word in words or ():
        group = found.command
        command = group.get_command(found, word) if isinstance(group, typer.core.TyperGroup) else None
        if command is None:
            raise NotFound(f"unknown help topic: {word}", hint="chub help shows the commands")
        found = type(context)(command, info_name=word, parent=found)
    print(found.get_help())
