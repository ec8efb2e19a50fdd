"""`chub version` and `chub info`."""

from typing import Any

import typer

from chub.cli import boundary
from chub.cli.context import connect
from chub.cli.flags.common import Template
from chub.cli.frame import Commands

app = Commands()


@app.command("version")
def version(context: typer.Context, format: Template = None) -> None:
    """Show the version of chub and of the engine."""
    client = connect(context)
    from chub.cli.render.about import version_text
    from chub.objects.about import whole

    ours, theirs, failure = whole(client.workspace, info=False)
    _print({"Client": ours, "Server": theirs}, version_text(ours, theirs), format)
    if failure is not None:
        boundary.say(failure)
        raise typer.Exit(1)


@app.command("info")
def info(context: typer.Context, format: Template = None) -> None:
    """Display what the engine and its host are, and what is in the namespace."""
    client = connect(context)
    from chub.cli.render.about import info_text
    from chub.objects.about import whole

    ours, theirs, failure = whole(client.workspace, info=True)
    _print({**(theirs or {}), "ClientInfo": ours}, info_text(ours, theirs), format)
    if failure is not None:
        boundary.say(failure)
        raise typer.Exit(1)


def _print(document: dict[str, Any], text: str, format: str | None) -> None:
    if format is None:
        print(text)
    elif format == "json":
        import json

        print(json.dumps(document, ensure_ascii=False, separators=(",", ":")))
    else:
        from chub.cli.render import template
        from chub.cli.render.template import inspected

        print(inspected.render(template.compile(format), document))
