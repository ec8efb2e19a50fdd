"""The documentation says all of the commands and of the SDK, and nothing of what there is not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import chub
from chub import settings
from reference import man, markdown, public, tree

DOCS = Path(__file__).parents[2] / "docs"
PAGES = tree.pages()
NAMES = {name: page for page in PAGES for name in (page.name, *page.others)}
MACROS = {".TH", ".nh", ".SH", ".TP", ".PP", ".nf", ".fi"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_command_is_documented(page: tree.Page) -> None:
    """Help for the command and for each of its flags, all of it on the site and in the man page."""
    shown = markdown.command(page, markdown.paths(PAGES))
    manual = list(man.lines(page, PAGES))

    assert page.summary
    assert page.about
    assert page.synopsis in shown
    for _, rows in (*page.options, *page.commands):
        for left, about in rows:
            assert about, f"{page.name} {left}"
            assert left.strip().split(" ")[0] in shown
            assert any(left.strip() in line.replace("\\-", "-") for line in manual)
    assert {line.split(" ")[0] for line in manual if line.startswith(".")} <= MACROS


def test_every_public_name_is_documented() -> None:
    """Each is on a page of the SDK, and says what it is."""
    documented = {place for part in public.parts() for _, place in part.names}
    for name in chub.__all__:
        it = getattr(chub, name)
        assert f"{it.__module__}.{name}" in documented
        assert it.__doc__, name


def test_every_setting_is_documented() -> None:
    """Its variable, its flag and its key."""
    said = (DOCS / "settings.md").read_text()

    for field in settings.load(environ={}, files=()).sources:
        assert f"`{field.replace('_', '-')}`" in said
        assert f"`--{field.replace('_', '-')}`" in said


@pytest.mark.parametrize("file", sorted(DOCS.glob("*.md")), ids=lambda file: file.name)
def test_commands_that_are_spoken_of_exist(file: Path) -> None:
    """`chub words` in the documentation is a command of chub's."""
    for spoken in re.findall(r"`chub ([^`]*)`", file.read_text()):
        _exists(spoken, file.name)


def test_the_workflow_calls_what_exists() -> None:
    """The commands in the example of a GitHub workflow are there."""
    text = (DOCS.parent / "examples" / "github-actions.yml").read_text()

    for spoken in re.findall(r'" chub (.*)$', text, re.MULTILINE):
        _exists(spoken, "github-actions.yml")


@pytest.mark.parametrize("page", [page for page in PAGES if page.examples], ids=lambda page: page.name)
def test_examples_exist(page: tree.Page) -> None:
    """The commands and flags of the examples in the help are there."""
    for spoken in re.findall(r"\bchub (.*?)(?: \||$)", page.examples, re.MULTILINE):
        _exists(spoken.rstrip(")"), page.name)


def _exists(spoken: str, where: str) -> None:
    """`chub SPOKEN` names a command, and flags that it has."""
    words = re.sub(r"^(-n|--namespace) \S+ ", "", spoken).split()
    known = [length for length in (1, 2) if " ".join(["chub", *words[:length]]) in NAMES]
    assert known, f"{where}: chub {spoken}"
    page = NAMES[" ".join(["chub", *words[: max(known)]])]
    flags = {flag for _, rows in page.options for left, _ in rows for flag in re.findall(r"--?[\w-]+", left)}
    asked = re.findall(r"(?<!\S)--[\w-]+", spoken.partition(" -- ")[0])
    assert set(asked) <= flags | {"--namespace"}, f"{where}: chub {spoken}"


@pytest.mark.parametrize("file", ["docker-py.md", "ctr.md"])
def test_sdk_names_that_are_spoken_of_exist(file: str) -> None:
    """So are the attributes of clients, containers and images in chub's column, and chub's own names."""
    from chub.api.services import Services
    from chub.sdk.containers import Containers
    from chub.sdk.images import Images

    owners = {
        "chub": chub,
        "client": chub.Client,
        "client.containers": Containers,
        "client.images": Images,
        "client.services": Services,
        "container": chub.Container,
        "image": chub.Image,
    }
    column = [line.split(" | ")[-1] for line in (DOCS / file).read_text().splitlines() if line.startswith("| ")]
    found = re.findall(r"(?<![\w.])((?:client\.)?[a-z]+)\.(\w+)", " ".join(re.findall(r"`([^`]+)`", " ".join(column))))

    assert found
    for owner, name in found:
        if owner in owners and (owner, name) != ("client", "services"):
            assert hasattr(owners[owner], name), f"{file}: {owner}.{name}"
