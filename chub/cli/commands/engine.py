"""`chub engine`: a private containerd, made of the host's programs."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from chub.cli.context import settings
from chub.cli.flags.common import Format
from chub.cli.frame import Commands

if TYPE_CHECKING:
    from chub.sdk.engine import Engine

app = Commands()

Timeout = Annotated[float, typer.Option("--timeout", "-t", metavar="SECONDS", help="Seconds to wait for it.")]


def _engine(context: typer.Context) -> "Engine":
    from chub.cli import deferred

    deferred.install()
    from chub.sdk.engine import Engine

    return Engine(settings(context))


@app.command("start")
def start(context: typer.Context, timeout: Timeout = 30.0) -> None:
    """Start a private containerd, or find that it runs."""
    engine = _engine(context)
    started = engine.start(timeout=timeout)
    found = started.engine
    done = "runs already" if started.was_running else "started"
    print(f"containerd {found.version} {done}: process {found.pid}")
    print(engine.address)
    if found.remark:
        print(f"chub: {found.remark}: using {found.snapshotter}", file=sys.stderr)
    if settings(context).address != engine.address:
        print(
            f"hint: another engine is the default here: export CONTAINERD_ADDRESS={engine.address}",
            file=sys.stderr,
        )


@app.command("stop")
def stop(context: typer.Context, timeout: Timeout = 30.0) -> None:
    """Stop the private containerd and the containers that run on it."""
    stopped = _engine(context).stop(timeout=timeout)
    ended = stopped.tasks + stopped.shims
    if stopped.was_running or ended:
        print(f"stopped, with {ended} running container{'' if ended == 1 else 's'}")
    else:
        print("not running")


@app.command("status")
def status(context: typer.Context, format: Format = None) -> None:
    """Show the private containerd; the exit status is 1 where it does not serve."""
    found = _engine(context).status()
    from chub.cli.render.engine import COLUMNS
    from chub.cli.render.show import Form, show

    show([found], COLUMNS, Form(format=format))
    for fault in found.faults:
        print(f"chub: {fault}", file=sys.stderr)
    if found.state != "running":
        raise typer.Exit(1)


@app.command("logs")
def logs(
    context: typer.Context,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Follow until the engine ends.")] = False,
) -> None:
    """Print what the private containerd itself said."""
    for line in _engine(context).logs(follow=follow):
        print(line, flush=follow)
