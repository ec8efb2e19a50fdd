"""`chub run`."""

from dataclasses import replace
from typing import Annotated

import typer

from chub.cli.context import connect
from chub.cli.flags.common import Keys, SigProxy
from chub.cli.flags.container import ContainerFlags, Image, Rootfs, Words
from chub.cli.flags.grouped import grouped
from chub.cli.frame import Commands
from chub.cli.preferences import leaving
from chub.cli.streams import complain, warn
from chub.errors import ChubError, Contradiction

app = Commands()


@app.command("run", context_settings={"allow_interspersed_args": False})
@grouped
def run(
    context: typer.Context,
    image: Image,
    words: Words = None,
    rootfs: Rootfs = False,
    detach: Annotated[
        bool, typer.Option("--detach", "-d", help="Let the container run by itself, and print its id.")
    ] = False,
    detach_keys: Keys = "",
    sig_proxy: SigProxy = True,
    *,
    flags: ContainerFlags,
) -> None:
    """Create and run a new container from an image, or from a directory.

    Examples:
    chub run --rm hello echo hi
    chub run --rm -it --rootfs ./rootfs sh
    chub run --rm -v $PWD:/src:ro -u 1000 hello ls /src
    """
    request = flags.request(image, words, rootfs)
    containers = connect(context).containers
    if detach:
        if flags.terminal.attach:
            raise Contradiction("conflicting options: cannot specify both --attach and --detach")
        request = replace(request, terminal=replace(request.terminal, attached=()))
        launched = containers.launch(request, announce=lambda id: print(id, flush=True))
        warn(image, launched.warnings)
        return
    finished = containers.run_here(
        request,
        signals=sig_proxy,
        leave=leaving(detach_keys),
        announce=lambda id: print(id, flush=True) if flags.terminal.attach == ("stdin",) else None,
    )
    warn(image, finished.warnings)
    if finished.error:
        raise ChubError(f"container {finished.name}: {finished.error}")
    complain(finished)
    raise typer.Exit(finished.exit_code)
