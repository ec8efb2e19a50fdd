"""`chub update`."""

import typer

from chub.cli.context import connect
from chub.cli.each import each
from chub.cli.flags.common import Containers, Force
from chub.cli.flags.grouped import grouped
from chub.cli.flags.limits import UpdateFlags
from chub.cli.frame import Commands
from chub.cli.render.text import plain
from chub.errors import ChubError

app = Commands()


@app.command("update")
@grouped
def update(context: typer.Context, containers: Containers, force: Force = False, *, flags: UpdateFlags) -> None:
    """Change the limits of one or more containers, also while they run.

    Examples:
    chub update -m 512m --memory-swap 1g web
    chub update --cpus 1.5 --pids-limit 200 web shop
    """
    if not flags.changes():
        raise ChubError("you must provide one or more flags when using this command")
    client, limits = connect(context), flags.record()
    warnings: list[str] = []
    try:
        each(containers, lambda word: warnings.extend(client.containers.get(word).update(limits, force=force)))
    finally:
        for warning in warnings:
            print(plain(warning))  # docker's go to stdout too
