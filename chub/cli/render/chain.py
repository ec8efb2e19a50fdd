"""A chain on one screen: a line for a thing or two that are known, with the sources on its right."""

import os
import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace

from chub.chain.links import Chain, Evidence, Fact, Layer, Link
from chub.cli.render.show import width
from chub.cli.render.text import plain
from chub.records import record

TITLE, LABEL = 11, 13  # columns of a layer's name, of a line's name
PIPE = 80  # columns where there is no terminal
DEEPEST = 4  # snapshots that are shown; JSON has them all
CALLS = (  # sources that are commands, without what is the same on the whole screen
    (r"^(docker(?: image)? inspect) .*", r"\1"),
    (r"^(runc|crun) --root .* state .*", r"\1 state"),
    (r"^SO_PEERCRED of .*", "SO_PEERCRED"),
)

Parts = tuple[tuple[str, str], ...]
"""What a line says: labels of facts, each with what stands before it."""

LINES: dict[Layer, tuple[tuple[str, Parts], ...]] = {
    Layer.DOCKER: (
        ("container", (("", "name"), (", ", "status"))),
        ("image", (("", "image"), (" ", "image id"))),
        ("daemon", (("", "version"), (", pid ", "daemon pid"))),
        ("socket", (("", "socket"),)),
    ),
    Layer.CONTAINERD: (
        ("container", (("", "namespace"), ("/", "id"))),
        ("runtime", (("", "runtime"),)),
        ("created", (("", "created"),)),
        ("daemon", (("", "version"), (", pid ", "daemon pid"))),
        ("socket", (("", "socket"),)),
    ),
    Layer.IMAGE: (
        ("name", (("", "name"),)),
        ("manifest", (("", "manifest"),)),
        ("config", (("", "config"),)),
        ("chain ID", (("", "chain ID"), (", layers: ", "layers"))),
    ),
    Layer.TASK: (
        ("status", (("", "status"), (", pid ", "pid"), (", exit status ", "exit status"))),
        ("exited", (("", "exited"),)),
        ("stdout", (("", "stdout"),)),
    ),
    Layer.SHIM: (
        ("process", (("pid ", "pid"), (", ", "version"))),
        ("program", (("", "binary"),)),
        ("socket", (("", "socket"),)),
    ),
    Layer.BUNDLE: (
        ("directory", (("", "directory"),)),
        ("spec", (("", "spec"),)),
        ("files", (("", "files"),)),
    ),
    Layer.RUNC: (
        ("program", (("", "binary"), (", ", "version"))),
        ("status", (("", "status"), (", pid ", "pid"))),
        ("root", (("", "root"),)),
    ),
    Layer.PROCESS: (
        ("pid", (("", "pid"), (", inside ", "pid inside"))),
        ("arguments", (("", "arguments"),)),
        ("started", (("", "started"),)),
        ("user", (("", "user"), (" groups ", "groups"))),
        ("capabilities", (("", "capabilities"),)),
        ("seccomp", (("", "seccomp"), ("; no_new_privs: ", "no_new_privs"))),
        ("AppArmor", (("", "apparmor"),)),
        ("exit code", (("", "exit code"), (", ended ", "ended"))),
    ),
}


@record
class Line:
    """One line: what is known, and who says so."""

    label: str = ""
    text: str = ""
    sources: tuple[str, ...] = ()
    wrong: bool = False  # a witness that contradicts another
    missing: bool = False  # nothing is known, and the text says why


def show_chain(chain: Chain, *, full: bool = False) -> None:
    """Print a chain on stdout: styled on a terminal, plain elsewhere. ``full``: nothing is cut short."""
    terminal = sys.stdout.isatty()
    columns = shutil.get_terminal_size((PIPE, 0)).columns if terminal else PIPE
    names = _names(chain, full)
    drawn: list[tuple[Link, str, Line]] = []
    for link in chain.links:
        title = str(link.layer)
        for line in _of_link(link, full):
            for piece in _fitted(_shortened(line, names, full), columns - 2 * terminal, full):
                drawn.append((link, title, piece))
                title = ""
    named = f"{chain.name}  {chain.id}" if chain.name else chain.id
    head = [f"{named}  in namespace {chain.namespace}"]
    head += [f"found by {found.source}: {found.said}" for found in chain.found]
    if terminal:
        _print_styled([plain(_short(text)) for text in head], drawn, _summary(chain))
    else:
        _print_plain([plain(_short(text)) for text in head], drawn, _summary(chain))


def _print_plain(head: Sequence[str], drawn: Sequence[tuple[Link, str, Line]], summary: str) -> None:
    print("\n".join((*head, "")))
    for _, title, line in drawn:
        print(f"{title:<{TITLE}}{line.label:<{LABEL}}{line.text}{''.join(line.sources)}".rstrip())
    print(f"\n{summary}")


def _print_styled(head: Sequence[str], drawn: Sequence[tuple[Link, str, Line]], summary: str) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
    console.print(Text(head[0], style="bold"), *(Text(f"\n{more}", style="dim") for more in head[1:]), sep="")
    last = drawn[-1][0]
    for link, title, line in drawn:
        bullet = ("○ " if link.missing else "● ") if title else ("│ " if link is not last else "  ")
        tone = "red" if line.wrong else "yellow" if line.missing else ""
        console.print(
            Text.assemble(
                (bullet, "cyan"),
                (f"{title:<{TITLE}}", "bold cyan"),
                (f"{line.label:<{LABEL}}", "dim"),
                (line.text, tone),
                ("".join(line.sources), "dim italic"),
            )
        )
    console.print(Text(summary, style="dim"))


def _of_link(link: Link, full: bool) -> Iterator[Line]:
    """The lines of one layer."""
    if link.missing and link.layer is Layer.CONTAINERD:
        yield Line(label="container", text=link.missing, missing=True)
    if link.layer is Layer.SNAPSHOT:
        yield from _snapshots(link, full)
    elif link.layer is Layer.NAMESPACES:
        yield from _namespaces(link)
    elif link.layer is Layer.CGROUPS:
        for found in (*link.labelled("v2"), *link.labelled("v1")):
            yield from _of_facts(found.label, (("", found),))
            if found.of:
                yield Line(text=found.of.replace(",", " "))
    else:
        for label, parts in LINES[link.layer]:
            known = tuple((before, fact) for before, name in parts if (fact := link.fact(name)))
            yield from _of_facts(label, known)
    if link.missing and link.layer is not Layer.CONTAINERD:
        yield Line(text=link.missing, missing=True)


def _of_facts(label: str, known: Sequence[tuple[str, Fact]]) -> Iterator[Line]:
    """A line for what is agreed on, then one for each witness of what is not."""
    agreed = [(before, fact) for before, fact in known if fact.agreed]
    if agreed:
        text = "".join(f"{before}{_said(fact)}" for before, fact in agreed).lstrip(", ")
        sources = dict.fromkeys(witness.source for _, fact in agreed for witness in fact.evidence)
        yield Line(label=label, text=text, sources=tuple(sources))
    for _, fact in known:
        if not fact.agreed:
            for witness in fact.evidence:
                yield Line(label=f"≠ {fact.label}", text=_heard(witness), sources=(witness.source,), wrong=True)


def _said(fact: Fact) -> str:
    if all(witness.failed for witness in fact.evidence):
        return _heard(fact.evidence[0])
    return f"{len(fact.value.split())}: {fact.value}" if fact.label == "capabilities" else fact.value


def _heard(witness: Evidence) -> str:
    return f"({witness.failed})" if witness.failed else witness.said


def _snapshots(link: Link, full: bool) -> Iterator[Line]:
    """Where the directories are, then a line for each snapshot, from the top."""
    directories = link.labelled("directory")
    paths = [fact.value for fact in directories if fact.value]
    common = os.path.commonpath(paths) if len(paths) > 1 else os.path.dirname("".join(paths))
    yield from _of_facts("snapshotter", [("", fact) for fact in link.labelled("snapshotter")])
    if common:
        yield Line(label="in", text=common, sources=(directories[0].source,))
    kinds = {fact.value: fact for kind in ("active", "view", "committed") for fact in link.labelled(kind)}
    shown = directories if full or len(directories) <= DEEPEST + 1 else directories[:DEEPEST]
    for fact in shown:
        named = kinds.get(fact.of)
        label = named.label if named else fact.of
        if not fact.agreed:
            yield from _of_facts(label, (("", fact),))
            continue
        where = os.path.relpath(fact.value, common) if fact.value else _said(fact)
        sources = dict.fromkeys(witness.source for witness in fact.evidence)
        text = f"{_short(where)}  {_short(named.value)}" if named else _short(where)
        yield Line(label=label, text=text, sources=(*((named.source,) if named else ()), *sources))
    if len(shown) < len(directories):
        yield Line(text=f"… {len(directories) - len(shown)} below: --no-trunc shows them")


def _namespaces(link: Link) -> Iterator[Line]:
    for label in ("own", "joined", "host"):
        facts = link.labelled(label)
        if not facts:
            continue
        sources = dict.fromkeys(os.path.dirname(witness.source) for fact in facts for witness in fact.evidence)
        kinds = " ".join(fact.of for fact in facts)
        yield Line(label=label, text=f"{len(facts)}: {kinds}", sources=tuple(sources))
        for start in range(0, len(facts), 3):
            yield Line(text="  ".join(f"{fact.of} {fact.value}" for fact in facts[start : start + 3]))


def _summary(chain: Chain) -> str:
    """How much was found, and whether it fits together."""
    facts = [fact for link in chain.links for fact in link.facts]
    sources = {witness.source for fact in facts for witness in fact.evidence}
    wrong = [f"{layer} {fact.label}" for layer, fact in chain.disagreements]
    verdict = f"they disagree on: {', '.join(wrong)}" if wrong else "none contradicts another"
    return f"{len(facts)} facts from {len(sources)} sources; {verdict}"


def _names(chain: Chain, full: bool) -> dict[str, str]:
    """Short names for directories that have a line of their own, where they begin a source."""
    if full:
        return {}
    by_layer = {link.layer: link for link in chain.links}
    bundle = by_layer[Layer.BUNDLE].value("directory")
    state = by_layer[Layer.RUNC].value("state")
    return {path: name for path, name in ((bundle, "bundle"), (os.path.dirname(state), "runc")) if path}


def _shortened(line: Line, names: dict[str, str], full: bool) -> Line:
    """The line without control characters; unless ``full``, with short ids and known directories by name."""
    if full:
        return replace(line, text=plain(line.text), sources=tuple(map(plain, line.sources)))
    sources = []
    for source in line.sources:
        for path, name in names.items():
            source = source.replace(f"{path}/", f"{name}/") if source != path else name
        for pattern, short in CALLS:
            source = re.sub(pattern, short, source)
        sources.append(plain(_short(source)))
    return replace(line, text=plain(_short(line.text)), sources=tuple(dict.fromkeys(sources)))


def _short(text: str) -> str:
    """Text with its ids and digests cut to twelve digits."""
    return re.sub(r"\b([0-9a-f]{12})[0-9a-f]{52}\b", r"\1", text)


def _fitted(line: Line, columns: int, full: bool) -> Iterator[Line]:
    """The line with text and sources cut to their columns; what has no sources is wrapped instead."""
    room = columns - TITLE - LABEL
    if full:
        yield replace(line, sources=(f"   [{', '.join(line.sources)}]",) if line.sources else ())
    elif not line.sources:
        import textwrap

        for place, piece in enumerate(textwrap.wrap(line.text, room, break_on_hyphens=False)):
            yield replace(line, label="" if place else line.label, text=piece)
    else:
        space = max(room * 5 // 8, 20)
        text = _cut(line.text, space - 2)
        gap = " " * (space - width(text))
        yield replace(line, text=text, sources=(gap, _listed(line.sources, room - space)))


def _listed(sources: Sequence[str], room: int) -> str:
    """As many sources as there is room for, then how many more."""
    text = ""
    for place, source in enumerate(sources):
        rest = len(sources) - place - 1
        longer = f"{text}, {source}" if text else source
        if width(longer) + (len(f" +{rest}") if rest else 0) > room:
            more = f" +{rest + 1}" if text else f" +{rest}" if rest else ""
            return (text or _cut(source, room - len(more))) + more
        text = longer
    return text


def _cut(text: str, room: int) -> str:
    """Text cut to so many columns: a path in the middle, anything else at its end."""
    if width(text) <= room:
        return text
    if text.startswith("/") and " " not in text:
        tail = text[-(room * 2 // 3) :]
        tail = tail[tail.find("/") :] if "/" in tail[:-1] else tail
        return f"{_beginning(text, room - 1 - width(tail))}…{tail}"
    return f"{_beginning(text, room - 1)}…"


def _beginning(text: str, room: int) -> str:
    """As much of the text as so many columns hold; some characters take two."""
    text = text[: max(room, 0)]
    while width(text) > room:
        text = text[:-1]
    return text
