"""Pages of the site: commands, the SDK, examples."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from reference.tree import Page, Rows

LINKS = re.compile(r"\]\((?!\w+:|#)([^)]+)\)")


def command(page: Page, paths: Mapping[str, str]) -> str:
    """The page of a command; `paths` are those of all commands, by their names, to link to."""
    parts = [f"# {page.name}", page.about, f"```\n{page.synopsis}\n```"]
    if page.others:
        parts.append("Also: " + ", ".join(f"`{other}`" for other in page.others))
    if page.examples:
        parts.append(f"## Examples\n\n```sh\n{page.examples}\n```")
    for title, rows in page.commands:
        linked = ((_linked(f"{page.name} {name}", paths), about) for name, about in rows)
        parts.append(f"## {title}\n\n" + _table("command", linked))
    for title, rows in page.options:
        parts.append(f"## {title}\n\n" + _table("flag", ((f"`{flag.strip()}`", about) for flag, about in rows)))
    return "\n\n".join(parts) + "\n"


def _linked(name: str, paths: Mapping[str, str]) -> str:
    return f"[`{name}`]({paths[name]})" if name in paths else f"`{name}`"


def _table(title: str, rows: Iterable[tuple[str, str]]) -> str:
    lines = [f"| {title} | |", "|---|---|"]
    lines += [f"| {left} | {_text(right)} |" for left, right in rows]
    return "\n".join(lines)


def _text(help: str) -> str:
    """Plain text as Markdown shows it unchanged, in a table."""
    return re.sub(r"([\\*_<>|`\[\]])", r"\\\1", help)


def paths(pages: Iterable[Page]) -> dict[str, str]:
    """Every name of a command, and the file of its page."""
    return {
        name: "index.md" if page.words == ("chub",) else f"{page.file.removeprefix('chub-')}.md"
        for page in pages
        for name in (page.name, *page.others)
    }


def module(title: str, about: str, names: Rows) -> str:
    """A page of the SDK: the names, and where each is defined, for mkdocstrings."""
    parts = [f"# {title}", about]
    parts += [f"::: {place}" for _, place in names]
    return "\n\n".join(parts) + "\n"


def examples(directory: Path) -> str:
    """All programs of `examples/`, each with what its first lines say."""
    parts = ["# Examples", "Each of them is run by chub's own tests."]
    for file in sorted(directory.iterdir()):
        if file.suffix in LANGUAGES:
            parts.append(f"## {file.name}\n\n{_lead(file)}```{LANGUAGES[file.suffix]}\n{file.read_text().strip()}\n```")
    return "\n\n".join(parts) + "\n"


LANGUAGES = {".py": "python", ".yml": "yaml", ".sh": "sh"}


def _lead(file: Path) -> str:
    """The first sentence of a Python file's docstring."""
    said = ast.get_docstring(ast.parse(file.read_text())) if file.suffix == ".py" else None
    return said.partition("\n\n")[0] + "\n\n" if said else ""


def moved(text: str, links: Mapping[str, str]) -> str:
    """A page with its links to other files turned to where these are on the site."""
    return LINKS.sub(lambda found: f"]({links.get(found[1], found[1])})", text)
