"""Man pages: ``python -m reference.man DIRECTORY`` writes chub.1, chub-run.1 and all the others."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from reference.tree import Page, pages

ROOT = Path(__file__).parents[1]
SETTINGS = ROOT / "docs" / "settings.md"


def main(directory: Path) -> None:
    """Write all pages."""
    directory.mkdir(parents=True, exist_ok=True)
    made = pages()
    for page in made:
        (directory / f"{page.file}.1").write_text("\n".join(lines(page, made)) + "\n")


def lines(page: Page, made: tuple[Page, ...]) -> Iterator[str]:
    """The page of one command, in man(7)'s macros."""
    yield f'.TH "{page.file.upper()}" 1 "" "chub {_version()}" "chub"'
    yield from (".nh", ".SH NAME", f"{_text(page.file)} \\- {_text(page.summary)}")
    yield from (".SH SYNOPSIS", f"\\fB{_text(page.synopsis)}\\fR")
    yield from (".SH DESCRIPTION", _text(page.about))
    for title, rows in (*page.commands, *page.options):
        yield f'.SH "{title.upper()}"'
        for left, right in rows:
            yield from (".TP", f"\\fB{_text(left.strip())}\\fR", _text(right))
    if page.examples:
        yield from (".SH EXAMPLES", ".nf", _text(page.examples), ".fi")
    if page.others:
        yield from (".SH ALIASES", _text(", ".join(page.others)))
    if page.words == ("chub",):
        yield from converted(SETTINGS.read_text())
    yield ".SH SEE ALSO"
    yield ",\n".join(f"\\fB{_text(other.file)}\\fR(1)" for other in _related(page, made))


@cache
def _version() -> str:
    """As it stands in the sources: where a wheel is built of them, chub is not installed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return str(project["version"])


def _related(page: Page, made: tuple[Page, ...]) -> list[Page]:
    """The group of a command, and the commands of a group."""
    return [
        other
        for other in made
        if other is not page and (other.words == page.words[:-1] or other.words[:-1] == page.words)
    ]


def converted(text: str) -> Iterator[str]:
    """A page of ours in Markdown, its title left out: headings, paragraphs, and tables as lists."""
    for block in re.split(r"\n{2,}", text.strip()):
        if block.startswith("# "):
            continue
        if block.startswith("#"):
            yield f'.SH "{block.lstrip("# ").upper()}"'
        elif block.startswith("|"):
            for row in block.splitlines()[2:]:
                first, *rest = (_marked(cell.strip()) for cell in re.split(r"(?<!\\)\|", row.strip("|")))
                yield from (".TP", first, "; ".join(filter(None, rest)))
        else:
            yield from (".PP", _marked(block.replace("\n", " ")))


def _marked(text: str) -> str:
    """Markdown's `code` in bold."""
    return re.sub(r"`([^`]+)`", r"\\fB\1\\fR", _text(text.replace("\\|", "|")))


def _text(text: str) -> str:
    """Plain text, of which troff takes nothing for its own."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    return re.sub(r"^([.\\(])", r"\\&\1", escaped, flags=re.MULTILINE)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
