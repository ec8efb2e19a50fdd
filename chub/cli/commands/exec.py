"""`chub exec`."""

from typing import Annotated

import typer

from chub.cli.context import connect
from chub.cli.flags.common import Force, Keys
from chub.cli.flags.parsers import parsed
from chub.cli.frame import Commands
from chub.cli.preferences import leaving
from chub.cli.streams import complain
from chub.errors import ChubError, ProgramNotStarted
from chub.options.execution import Execution
from chub.options.process import parse_env, read_env_file

app = Commands()


@app.command("exec", context_settings={"allow_interspersed_args": False})
def exec(
    context: typer.Context,
    container: Annotated[str, typer.Argument(metavar="CONTAINER", show_default=False)],
    words: Annotated[list[str], typer.Argument(metavar="COMMAND [ARG...]", show_default=False)],
    detach: Annotated[bool, typer.Option("--detach", "-d", help="Let the command run by itself.")] = False,
    detach_keys: Keys = "",
    env: Annotated[
        list[str] | None,
        typer.Option(
            "--env", "-e", metavar="NAME[=VALUE]", parser=parsed(parse_env), help="Set a variable; NAME alone: as here."
        ),
    ] = None,
    env_file: Annotated[
        list[str] | None, typer.Option("--env-file", metavar="FILE", help="Read variables from a file.")
    ] = None,
    interactive: Annotated[bool, typer.Option("--interactive", "-i", help="Pass standard input on.")] = False,
    privileged: Annotated[bool, typer.Option("--privileged", help="Give it all capabilities.")] = False,
    tty: Annotated[bool, typer.Option("--tty", "-t", help="Give it a terminal.")] = False,
    user: Annotated[
        str | None, typer.Option("--user", "-u", metavar="USER[:GROUP]", help="User, by name or id.")
    ] = None,
    workdir: Annotated[str | None, typer.Option("--workdir", "-w", metavar="DIR", help="Working directory.")] = None,
    force: Force = False,
) -> None:
    """Execute a command in a running container.

    Examples:
    chub exec web id
    chub exec -it -u nobody -w /srv web sh
    """
    files = [variable for file in env_file or () for variable in read_env_file(file)]
    execution = Execution(
        words=tuple(words),
        env=tuple(filter(None, [*files, *(env or ())])),
        workdir=workdir,
        user=user,
        privileged=privileged,
        interactive=interactive and not detach,
        tty=tty,
    )
    keys = leaving(detach_keys)
    found = connect(context).containers.get(container)
    if detach:
        try:
            found.exec_detached(execution, force=force)
        except ProgramNotStarted as failure:  # nobody waits for its status
            raise ChubError(str(failure), hint=failure.hint) from failure
        return
    try:
        ended = found.exec_here(execution, leave=keys, force=force)
    except ProgramNotStarted as failure:
        print(failure)  # docker's place for it
        raise typer.Exit(failure.exit_code or 1) from failure
    complain(ended)
    if ended.exit_code is None:
        raise ChubError("read escape sequence")
    raise typer.Exit(ended.exit_code)
