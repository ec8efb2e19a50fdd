"""Images beside docker: the same tree in both, the same commands."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command import Command


@pytest.fixture
def both(docker: Command, chub: Command, busybox: Path) -> Iterator[tuple[Command, Command]]:
    """Docker and chub with an image `same` and a second name of it in each."""
    tar = subprocess.run(["tar", "-C", busybox, "-c", "."], check=True, capture_output=True).stdout
    for program, words in ((docker, ("import", "-")), (chub, ("rootfs", "import", "-"))):
        program.ok(*words, "same", input=tar)
        program.ok("tag", "same", "other/name:1")
    yield docker, chub
    for program in (docker, chub):
        program("rmi", "-f", "same", "other/name:1")


def shape(text: str) -> str:
    """A text without what must differ: ids, ages, sizes, the program's name."""
    text = re.sub(r"(sha256:)?\b[0-9a-f]{64}\b", "<digest>", text)
    text = re.sub(r"\b[0-9a-f]{12}\b", "<id>", text)
    return re.sub(r"\d[\d.]*[kM]B", "<size>", text)


def test_tables_have_the_same_columns(both: tuple[Command, Command]) -> None:
    """Images with its options, and history: the same headings, in the same order."""
    for words in (["images"], ["image", "ls", "--digests"], ["images", "--no-trunc"], ["history", "same"]):
        theirs, ours = (program.ok(*words).splitlines()[0].split() for program in both)
        assert ours == theirs


def test_rows_say_the_same(both: tuple[Command, Command]) -> None:
    """Names and tags, the same filters, quiet ids of the same length."""
    for words in (
        ["images", "--format", "{{.Repository}}:{{.Tag}}", "same"],
        ["images", "--format", "{{.Repository}}:{{.Tag}}", "other/*"],
        ["images", "--format", "{{.Repository}}:{{.Tag}}", "other/name:1"],
        ["images", "-q", "--filter", "reference=same"],
        ["images", "-q", "--no-trunc", "same"],
        ["images", "nosuch"],
    ):
        theirs, ours = (dict.fromkeys(shape(program.ok(*words)).splitlines()) for program in both)
        assert list(ours) == list(theirs)  # how many layers go depends on docker's other images


def test_json_has_the_same_keys(both: tuple[Command, Command]) -> None:
    """Lines of images and history, and all that image inspect says."""
    for words in (["images", "--format", "json", "same"], ["history", "--format", "json", "same"]):
        theirs, ours = (json.loads(program.ok(*words).splitlines()[0]) for program in both)
        assert list(ours) == list(theirs)
    theirs, ours = (json.loads(program.ok("image", "inspect", "same"))[0] for program in both)
    assert [key for key in ours if key != "Descriptor"] == list(theirs)
    for key in ("Config", "RootFS", "Metadata", "GraphDriver"):
        assert list(ours[key]) == list(theirs[key])
    assert sorted(ours["RepoTags"]) == sorted(theirs["RepoTags"])
    assert ours["Config"] == theirs["Config"]


@pytest.mark.parametrize(
    "words",
    [
        ["rmi", "nosuch"],
        ["rmi", "-f", "nosuch"],
        ["tag", "nosuch", "x"],
        ["tag", "same", "BAD:x"],
        ["history", "nosuch"],
        ["image", "inspect", "nosuch"],
        ["rmi", "BAD:x"],
        ["images", "--filter", "bogus=1"],
        ["images", "--filter", "bogus"],
        ["rmi"],
        ["images", "--bogus"],
    ],
)
def test_errors_are_dockers(both: tuple[Command, Command], words: list[str]) -> None:
    """The exit status, what stdout has, and the words that scripts look for."""
    theirs, ours = (program(*words) for program in both)
    said = theirs.stderr.splitlines()[0].removeprefix("Error response from daemon: ").replace("docker", "chub")

    assert (ours.exit_status, ours.stdout) == (theirs.exit_status, theirs.stdout)
    assert said.removeprefix("chub: ") in ours.stderr


def test_removal_says_the_same(both: tuple[Command, Command]) -> None:
    """By id with two names: refused; then name by name, untagged before deleted."""
    refused = []
    for program in both:
        id = program.ok("images", "-q", "same").strip()
        ended = program("rmi", id)
        refused.append((ended.exit_status, shape(ended.stderr).removeprefix("Error response from daemon: ")))
    assert refused[1] == (refused[0][0], f"chub: {refused[0][1]}")
    for words in (["rmi", "same"], ["rmi", "other/name:1"]):
        theirs, ours = (dict.fromkeys(shape(program.ok(*words)).splitlines()) for program in both)
        assert list(ours) == list(theirs)  # how many layers go depends on docker's other images


CHANGES = [
    ['CMD ["sh", "-c", "echo hi"]', "ENV A=b", "WORKDIR /tmp"],
    ["CMD echo $HOME", "ENTRYPOINT /bin/sh", 'ENTRYPOINT ["/bin/echo"]'],
    ["ENV A=1 B='two words' C=\"x y\"", "ENV D the rest of it", "env A=${A}2 E=$C", "LABEL a=b c=$A", "LABEL d e"],
    ["EXPOSE 80 443/udp 90-91", "VOLUME /a /b", 'VOLUME ["/c d"]', "USER 1000:1000", "STOPSIGNAL SIGINT"],
    ["WORKDIR a", "WORKDIR b/../c", "ONBUILD RUN true", "HEALTHCHECK --interval=5s --retries=3 CMD true"],
    ["HEALTHCHECK NONE"],
    ['HEALTHCHECK CMD ["true"]'],
]
WRONG_CHANGES = ["RUN true", "ENV A", "LABEL a=b c", "nope", "EXPOSE x"]


def test_changes_of_an_import(docker: Command, chub: Command, busybox: Path) -> None:
    """The configuration is docker's after each list of instructions; what is no instruction is refused by both."""
    tar = subprocess.run(["tar", "-C", busybox, "-c", "etc"], check=True, capture_output=True).stdout
    shown = "{{json .Config}}"
    for changes in CHANGES:
        flags = [word for change in changes for word in ("-c", change)]
        said = []
        for program in (docker, chub):
            program.ok("import", *flags, "-m", "why", "-", "changed", input=tar)
            config = json.loads(program.ok("image", "inspect", "-f", shown, "changed"))
            said.append({name: value for name, value in config.items() if value})
            assert program.ok("history", "--format", "{{.Comment}}", "changed").strip() == "why"
            program.ok("rmi", "changed")
        assert said[1] == said[0], changes
    for change in WRONG_CHANGES:
        theirs, ours = (program("import", "-c", change, "-", "changed", input=tar) for program in (docker, chub))
        assert ours.exit_status == theirs.exit_status == 1, (change, theirs, ours)
        assert not ours.stdout, change
    assert not chub.ok("images", "-q", "changed")
