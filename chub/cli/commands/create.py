"""`chub create`."""

import typer

from chub.cli.context import connect
from chub.cli.flags.container import (
    IdentityFlags,
    Image,
    MountFlags,
    NetworkFlags,
    ProcessFlags,
    ResourceFlags,
    Rootfs,
    SecurityFlags,
    TerminalFlags,
    Words,
    requested,
)
from chub.cli.flags.grouped import grouped
from chub.cli.frame import Commands

app = Commands()


@app.command("create", context_settings={"allow_interspersed_args": False})
@grouped
def create(
    context: typer.Context,
    image: Image,
    words: Words = None,
    rootfs: Rootfs = False,
    *,
    identity: IdentityFlags,
    process: ProcessFlags,
    terminal: TerminalFlags,
    security: SecurityFlags,
    mounts: MountFlags,
    resources: ResourceFlags,
    network: NetworkFlags,
) -> None:
    """Create a new container, to be started later."""
    request = requested(
        image,
        words,
        rootfs,
        identity=identity,
        process=process,
        terminal=terminal,
        security=security,
        mounts=mounts,
        resources=resources,
        network=network,
    )
    print(connect(context).containers.create(request).id)
