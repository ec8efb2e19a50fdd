"""`chub create`."""

import typer

from chub.cli.context import connect
from chub.cli.flags.container import ContainerFlags, Image, Rootfs, Words
from chub.cli.flags.grouped import grouped
from chub.cli.frame import Commands
from chub.cli.streams import warn

app = Commands()


@app.command("create", context_settings={"allow_interspersed_args": False})
@grouped
def create(
    context: typer.Context,
    image: Image,
    words: Words = None,
    rootfs: Rootfs = False,
    *,
    flags: ContainerFlags,
) -> None:
    """Create a new container, to be started later.

    Examples:
    chub create --name web hello sleep 600
    chub start web
    """
    request = flags.request(image, words, rootfs)
    created = connect(context).containers.create(request)
    warn(image, created.warnings)
    print(created.id)
