"""`chub inspect`."""

from collections.abc import Callable
from typing import Annotated, Any

import typer

from chub.cli import boundary
from chub.cli.context import connect
from chub.cli.frame import Commands
from chub.errors import ChubError, Invalid, NotFound

app = Commands()

TYPES = ("container", "image")


@app.command("inspect")
def inspect(
    context: typer.Context,
    words: Annotated[list[str], typer.Argument(metavar="NAME|ID [NAME|ID...]", show_default=False)],
    format: Annotated[
        str | None,
        typer.Option("--format", "-f", metavar="FORMAT", help="Print as json, or by a Go template."),
    ] = None,
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
        raise Invalid(f'unknown type: "{type}": must be one of "container", "image"')
    client = connect(context)

    def look(word: str) -> tuple[str, dict[str, Any]]:
        for kind in TYPES if type is None else (type,):
            try:
                found = (client.containers if kind == "container" else client.images).get(word)
            except NotFound:
                if type is not None:
                    raise
            else:
                return kind, found.inspect()
        raise NotFound(f"No such object: {word}")

    show_all(words, look, format)


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

    if format in (None, "json"):
        documents = [document for _, document in found]
        print(json.dumps(documents, indent=4 if format is None else None, ensure_ascii=False))
        return
    from chub.cli.render import template
    from chub.cli.render.template import inspected

    made = template.compile(format)
    records = {"container": inspected.CONTAINER, "image": inspected.IMAGE}
    for kind, document in found:
        print(inspected.render(made, document, records.get(kind, "")))
