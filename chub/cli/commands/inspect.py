"""`chub inspect`."""

import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer

from chub.cli import boundary
from chub.cli.context import connect
from chub.cli.flags.common import Template
from chub.cli.frame import Commands
from chub.errors import ChubError, Invalid, NotFound

app = Commands()

TYPES = ("container", "image")
Words = Annotated[list[str], typer.Argument(metavar="NAME|ID [NAME|ID...]", show_default=False)]
Size = Annotated[bool, typer.Option("--size", "-s", help="Display total file sizes of containers.")]


@app.command("inspect")
def inspect(
    context: typer.Context,
    words: Words,
    format: Template = None,
    size: Size = False,
    type: Annotated[
        str | None, typer.Option("--type", metavar="TYPE", help="Only look for this: container or image.")
    ] = None,
) -> None:
    """Return low-level information on containers and images.

    Examples:
    chub inspect web
    chub inspect -f '{{.State.Pid}}' web
    """
    if type is not None and type not in TYPES:
        problem = f'unknown type: "{type}"' if type else "type is empty"
        raise Invalid(f'{problem}: must be one of "container", "image"')
    client = connect(context)
    if size and type == "image":
        print("WARNING: --size ignored for image", file=sys.stderr)

    def look(word: str) -> tuple[str, dict[str, Any]]:
        if not word:
            raise Invalid("invalid container name or ID: value is empty")
        for kind in TYPES if type is None else (type,):
            try:
                if kind == "container":
                    return kind, client.containers.get(word).inspect(size=size)
                return kind, client.images.get(word).inspect()
            except NotFound:
                if type is not None:
                    raise
        raise NotFound(f"No such object: {word}")

    show_all(words, look, format)


@app.command("container")
def container(context: typer.Context, words: Words, format: Template = None, size: Size = False) -> None:
    """Display detailed information on one or more containers."""
    client = connect(context)
    show_all(words, lambda word: ("container", client.containers.get(word).inspect(size=size)), format)


def show_all(words: list[str], look: Callable[[str], tuple[str, dict[str, Any]]], format: str | None) -> None:
    """Print what `look` says of every word: one JSON list, or a template's line for each; 1 if one was not found.

    `look` gives the kind of thing that it found ("container", "image"), and its description.
    """
    found: list[tuple[str, dict[str, Any]]] = []
    failures: list[ChubError] = []
    for word in words:
        try:
            found.append(look(word))
        except ChubError as error:
            failures.append(error)
    _print(found, format)
    for failure in failures:
        boundary.say(failure)
    if failures:
        raise typer.Exit(1)


def _print(found: list[tuple[str, dict[str, Any]]], format: str | None) -> None:
    import json

    if format in (None, "", "json"):
        layout: dict[str, Any] = {"separators": (",", ":")} if format == "json" else {"indent": 4}
        print(json.dumps([document for _, document in found], ensure_ascii=False, **layout))
        return
    from chub.cli.render import template
    from chub.cli.render.template import inspected

    made = template.compile(format)
    records = {"container": inspected.CONTAINER, "image": inspected.IMAGE}
    lines = []
    try:
        for kind, document in found:
            lines.append(inspected.render(made, document, records.get(kind, "")))
    finally:  # a line's end stands where nothing could be rendered
        print("\n".join(lines))
