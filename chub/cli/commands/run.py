"""`chub run`."""

import sys
from typing import Annotated

import typer

from chub.cli.context import connect
from chub.cli.flags.container import ContainerFlags, Image, Rootfs, Words
from chub.cli.flags.grouped import grouped
from chub.cli.frame import Commands
from chub.cli.render.text import plain
from chub.errors import ChubError

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
        containers.launch(request, announce=lambda id: print(id, flush=True))
        return
    finished = containers.run_here(request)
    for warning in finished.warnings:
        print(f"chub: {plain(image)}: {plain(warning)}", file=sys.stderr)
    if finished.error:
        raise ChubError(f"container {finished.name}: {finished.error}")
    if finished.output_failure is not None and not isinstance(finished.output_failure, BrokenPipeError):
        raise ChubError(f"the output could not be written: {finished.output_failure.strerror}")
    if finished.input_failure is not None:
        raise ChubError(f"the input could not be read: {finished.input_failure.strerror}")
    raise typer.Exit(finished.exit_code)
