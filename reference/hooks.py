"""What MkDocs calls: pages that are made of the program join those that are written."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from reference import markdown, public, tree

ROOT = Path(__file__).parents[1]


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Complete the navigation: a directory stands for the pages that are made in it."""
    paths = [*made(), *(f"design/{file}" for file, _ in _decisions())]

    def completed(below: object) -> object:
        if isinstance(below, str) and below.endswith("/"):
            return sorted((path for path in paths if path.startswith(below)), key=_index_first)
        return below

    config.nav = [{title: completed(below) for title, below in each.items()} for each in config.nav or []]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add what is made."""
    for path, text in made().items():
        files.append(File.generated(config, path, content=text))
    return files


@cache
def made() -> dict[str, str]:
    """Path and text of the pages: the README as the first one, commands, the SDK, examples, a list of decisions."""
    return dict(_made())


def _made() -> Iterator[tuple[str, str]]:
    links = {"examples/": "examples.md"} | {f"docs/{page.name}": page.name for page in (ROOT / "docs").glob("*.md")}
    yield "index.md", markdown.moved((ROOT / "README.md").read_text(), links)
    pages = tree.pages()
    paths = markdown.paths(pages)
    for page in pages:
        yield f"commands/{paths[page.name]}", markdown.command(page, paths)
    for part in public.parts():
        yield f"sdk/{part.file}", markdown.module(part.title, part.about, part.names)
    yield "examples.md", markdown.examples(ROOT / "examples")
    decisions = "\n".join(f"* [{title}]({file})" for file, title in _decisions())
    yield "design/index.md", f"# Design\n\nDecisions that were costly, with what was measured.\n\n{decisions}\n"


def _decisions() -> Iterator[tuple[str, str]]:
    """File and title of each."""
    for file in sorted((ROOT / "docs" / "design").glob("*.md")):
        yield file.name, file.read_text().splitlines()[0].lstrip("# ")


def _index_first(path: str) -> bool:
    return not path.endswith("index.md")
