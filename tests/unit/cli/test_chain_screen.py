"""A chain on a screen of 80 columns without a terminal."""

from __future__ import annotations

import pytest

from chub.chain.links import Chain, Evidence, Fact, Layer, Link, fact, unread
from chub.cli.render.chain import show_chain
from chub.cli.render.show import width

ID = "ab" * 32
DIGEST = f"sha256:{'0123456789ab' + 'c' * 52}"
BUNDLE = f"/run/containerd/io.containerd.runtime.v2.task/demo/{ID}"
STORE = "/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots"


def _chain(*links: Link) -> Chain:
    """A chain that has these layers, and nothing to say of the others."""
    given = {link.layer: link for link in links}
    return Chain(
        id=ID,
        name="web",
        namespace="demo",
        address="/run/containerd/containerd.sock",
        links=tuple(given.get(layer, Link(layer=layer, missing="none: not in this test")) for layer in Layer),
    )


def _screen(chain: Chain, capsys: pytest.CaptureFixture[str], *, full: bool = False) -> list[str]:
    show_chain(chain, full=full)
    return capsys.readouterr().out.splitlines()


def _snapshots(count: int) -> Link:
    facts = [fact("snapshotter", "overlayfs", "Containers.Get")]
    for number in range(count, 0, -1):
        facts.append(fact("committed", f"sha256:{number:064x}", "Snapshots.Stat"))
        place = f"{STORE}/{number}/fs"
        facts.append(fact("directory", place, "Snapshots.Mounts", of=f"sha256:{number:064x}"))
    return Link(layer=Layer.SNAPSHOT, facts=tuple(facts))


def test_a_line_has_its_source(capsys: pytest.CaptureFixture[str]) -> None:
    """What is known on the left, who says so on the right, further witnesses as a number."""
    pid = fact("pid", "7", "Tasks.Get", Evidence("/proc/7/status", "7"), Evidence(f"{BUNDLE}/init.pid", "7"))

    screen = _screen(_chain(Link(layer=Layer.PROCESS, facts=(pid,))), capsys)

    assert "process    pid          7                                  Tasks.Get +2" in screen
    assert screen[-1] == "1 facts from 3 sources; none contradicts another"


def test_contradictions_are_shown_side_by_side(capsys: pytest.CaptureFixture[str]) -> None:
    """Each witness has a line, and the last line names what they disagree on."""
    root = Fact(label="root", evidence=(Evidence("Containers.Get", "/a"), Evidence("options.json", "/b")))

    screen = _screen(_chain(Link(layer=Layer.RUNC, facts=(root,))), capsys)

    assert [line.split() for line in screen if "≠" in line] == [
        ["runc", "≠", "root", "/a", "Containers.Get"],
        ["≠", "root", "/b", "options.json"],
    ]
    assert screen[-1].endswith("they disagree on: runc root")


def test_ids_are_short_and_known_directories_have_names(capsys: pytest.CaptureFixture[str]) -> None:
    """Twelve digits of an id; the bundle's files are named below `bundle`."""
    spec = fact("spec", DIGEST, f"{BUNDLE}/config.json")
    link = Link(layer=Layer.BUNDLE, facts=(fact("directory", BUNDLE, "/proc/7/cwd"), spec))

    screen = "\n".join(_screen(_chain(link), capsys))

    assert "sha256:0123456789ab " in screen
    assert "bundle/config.json" in screen
    assert ID not in screen


def test_nothing_is_cut_when_asked(capsys: pytest.CaptureFixture[str]) -> None:
    """Whole ids, whole paths, all sources."""
    spec = fact("spec", DIGEST, f"{BUNDLE}/config.json", Evidence("Containers.Get", DIGEST))

    screen = "\n".join(_screen(_chain(Link(layer=Layer.BUNDLE, facts=(spec,))), capsys, full=True))

    assert f"{DIGEST}   [{BUNDLE}/config.json, Containers.Get]" in screen


def test_no_line_is_wider_than_the_screen(capsys: pytest.CaptureFixture[str]) -> None:
    """Long values, long sources, long reasons, and characters that take two columns."""
    facts = (
        fact("arguments", "x" * 300, "/proc/7/cmdline" * 9),
        fact("user", "漢字" * 40, "/proc/7/status"),
        unread("apparmor", "/proc/7/attr/apparmor/current", "because " * 40),
    )
    links = (
        Link(layer=Layer.PROCESS, facts=facts),
        Link(layer=Layer.SHIM, missing="none: " + "no such process " * 20),
        Link(layer=Layer.BUNDLE, facts=(fact("directory", BUNDLE * 3, BUNDLE * 2),)),
        _snapshots(3),
    )

    screen = _screen(_chain(*links), capsys)

    assert max(map(width, screen[1:])) <= 80


@pytest.mark.parametrize("full", [False, True])
def test_the_containers_words_do_not_drive_the_terminal(capsys: pytest.CaptureFixture[str], full: bool) -> None:
    """Escapes in arguments, names, and sources are replaced, whatever the width."""
    evil = "\x1b[31mred\x07\r\n\u202e"
    facts = (fact("arguments", evil, evil), unread("apparmor", "x", evil))
    links = (Link(layer=Layer.PROCESS, facts=facts), Link(layer=Layer.TASK, missing=evil))

    output = "\n".join(_screen(_chain(*links), capsys, full=full))

    assert "�[31mred" in output
    assert not {"\x1b", "\x07", "\r", "\u202e"} & set(output)


def test_deep_images_fit_on_the_screen(capsys: pytest.CaptureFixture[str]) -> None:
    """The top of the stack, and how many are below."""
    screen = _screen(_chain(_snapshots(12)), capsys)

    assert sum("committed" in line for line in screen) == 4
    assert any("… 8 below" in line for line in screen)
    assert any("12/fs  sha256:000000000000" in line for line in screen)
