"""Flags of the commands for containerd's own objects."""

from typing import Annotated

import typer

from chub.cli.flags.parsers import condition, parsed

AllNamespaces = Annotated[bool, typer.Option("--all-namespaces", "-A", help="Look in all namespaces of the engine.")]
Force = Annotated[
    bool,
    typer.Option("--force", "-f", help="Also what is used; with --namespace also docker's and Kubernetes's."),
]
Label = Annotated[
    list[str] | None, typer.Option("--label", "-l", metavar="NAME=VALUE", parser=parsed(condition), help="Set a label.")
]


def labels(words: list[str]) -> dict[str, str]:
    """Names and values of NAME=VALUE; the last one of a name counts."""
    return {name: value for name, _, value in (word.partition("=") for word in words)}
