"""Flags and words that many commands take."""

from typing import Annotated

import typer

from chub.cli.flags.parsers import condition, parsed

Format = Annotated[
    str | None, typer.Option("--format", metavar="FORMAT", help="Print as table, json, or by a Go template.")
]
Template = Annotated[
    str | None, typer.Option("--format", "-f", metavar="FORMAT", help="Print as json, or by a Go template.")
]
NoTrunc = Annotated[bool, typer.Option("--no-trunc", help="Don't truncate output.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Only display IDs.")]
Force = Annotated[
    bool,
    typer.Option("--force", help="Also containers of docker and Kubernetes, in the namespace that --namespace names."),
]
Filters = Annotated[
    list[str] | None,
    typer.Option(
        "--filter", "-f", metavar="FILTER", parser=parsed(condition), help="Filter output based on conditions provided."
    ),
]
Containers = Annotated[list[str], typer.Argument(metavar="CONTAINER [CONTAINER...]", show_default=False)]
Keys = Annotated[str, typer.Option("--detach-keys", metavar="KEYS", help="Keys that leave it (ctrl-p,ctrl-q).")]
SigProxy = Annotated[bool, typer.Option("--sig-proxy/--no-sig-proxy", help="Pass signals on to the program.")]
