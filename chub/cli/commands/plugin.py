"""`chub plugin ls` and `chub config show`: what the engine is made of."""

from typing import Annotated

import typer

from chub.cli.context import connect
from chub.cli.flags.common import Filters, Format, NoTrunc, Quiet
from chub.cli.frame import Commands
from chub.errors import Invalid

app = Commands()


@app.command("ls")
def ls(
    context: typer.Context,
    filter: Filters = None,
    format: Format = None,
    no_trunc: NoTrunc = False,
    quiet: Quiet = False,
) -> None:
    """List the plugins of the engine, and why some do not work.

    Filters: type=NAME (snapshotter, or io.containerd.snapshotter.v1), id=NAME, status=ok|skip|error.
    """
    client = connect(context)
    from chub.cli.render.objects import PLUGINS
    from chub.cli.render.show import Form, Kind, show

    rows = client.objects.plugins(filters=filter or ())
    show(rows, PLUGINS, Form(format=format, quiet=quiet, no_trunc=no_trunc), Kind(name="plugin"))


@app.command("show")
def show_config(
    context: typer.Context,
    format: Annotated[str, typer.Option("--format", metavar="FORMAT", help="Print as toml or json.")] = "toml",
) -> None:
    """Show the configuration that the engine runs with, and the file it comes from."""
    if format not in ("toml", "json"):
        raise Invalid(f"{format!r} is no format of config", hint="toml or json")
    found = connect(context).objects.configuration()
    from chub.cli.render.text import plain

    if format == "json":
        import json
        import tomllib

        print(json.dumps({"File": found.file, "Pid": found.pid, "Config": tomllib.loads(found.text)}, indent=4))
        return
    print(f"# file: {plain(found.file)}{'' if found.exists else ' (there is none: these are the defaults)'}")
    print(f"# process: {found.pid}, {plain(' '.join(found.command))}")
    print("\n".join(map(plain, found.text.rstrip().splitlines())))
