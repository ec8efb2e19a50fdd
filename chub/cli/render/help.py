"""Help as docker's: plain text, a page, each group of options under its title."""

import shutil
import textwrap
from collections.abc import Iterator
from typing import Any

GLOBAL = "Global Options"
WIDTH = 100  # at most: longer lines are hard to read


def command(context: Any, command: Any) -> str:
    """The help of one command."""
    about, examples = told(command)
    parts = [f"Usage:  {synopsis(context)}", *(textwrap.fill(each, _width()) for each in about.split("\n\n"))]
    names = aliases(context)
    if len(names) > 1:
        parts.append(f"Aliases:\n  {', '.join(names)}")
    parts += _options(context, command)
    if examples:
        parts.append("Examples:\n" + textwrap.indent(examples, "  "))
    return "\n\n".join(parts) + "\n"


def group(context: Any, group: Any) -> str:
    """The help of a group: its commands under their titles, from the table alone."""
    parts = [f"Usage:  {context.command_path} {'[OPTIONS] ' if context.parent is None else ''}COMMAND"]
    parts.append(group.overview or group.help)
    for title, commands in group.sections.items():
        if title in group.named:
            listed = textwrap.fill(", ".join(commands), _width() - 2, initial_indent="  ", subsequent_indent="  ")
        else:
            listed = _columns([(name, entry.help) for name, entry in commands.items()])
        parts.append(f"{title}:\n{listed}")
    parts += _options(context, group) if context.parent is None else []
    parts.append(f"Run '{context.command_path} COMMAND --help' for more information on a command.")
    return "\n\n".join(parts) + "\n"


def told(command: Any) -> tuple[str, str]:
    """What a command says of itself, and its examples, "" if there are none."""
    about, _, examples = (command.help or "").partition("Examples:\n")
    return about.strip(), textwrap.dedent(examples).strip("\n")


def synopsis(context: Any) -> str:
    """The usage line: ``chub run [OPTIONS] IMAGE [COMMAND] [ARG...]``."""
    params = context.command.get_params(context)
    words = [each.metavar or each.name.upper() for each in params if each.param_type_name == "argument"]
    if hasattr(context.command, "commands"):
        words = ["COMMAND", "[ARG...]"]
    return " ".join([context.command_path, "[OPTIONS]", *words])


def aliases(context: Any) -> list[str]:
    """All names of a command, the longest first: ``chub container stop``, ``chub stop``."""
    root = context.find_root()
    places = dict(_places(root.command.table(), root.command_path)) if hasattr(root.command, "table") else {}
    place = places.get(context.command_path)
    return sorted((path for path, each in places.items() if each == place), key=lambda path: (-len(path), path))


def _places(table: Any, path: str) -> Iterator[tuple[str, str]]:
    """Every command's full name and where it is defined."""
    for name, entry in table:
        if hasattr(entry, "commands"):
            yield from _places(entry.commands.items(), f"{path} {name}")
        else:
            yield from ((f"{path} {each}", entry.place) for each in (name, *entry.aliases))


def _options(context: Any, command: Any) -> Iterator[str]:
    for title, rows in options(context, command):
        yield f"{title}:\n" + _columns(rows)


def options(context: Any, command: Any) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Every group of options: its title, and for each option how it is spelled and what it does."""
    titles: dict[str, list[tuple[str, str]]] = {}
    for param in command.get_params(context):
        if param.param_type_name != "option" or param.hidden:
            continue
        title = getattr(param, "rich_help_panel", None) or (GLOBAL if context.parent is None else "Options")
        titles.setdefault(title, []).append((_spelling(param), param.help or ""))
    ordered = sorted(titles.items(), key=lambda item: (item[0] == GLOBAL, item[0] != "Options"))
    for title, rows in ordered:
        yield title, sorted(rows, key=lambda row: row[0].lstrip(" -,").split("--")[-1])


def _spelling(param: Any) -> str:
    short = [name for name in param.opts if not name.startswith("--")]
    long = [name for name in param.opts if name.startswith("--")]
    text = ", ".join(short + long) if short else "    " + ", ".join(long)
    return text if param.is_flag else f"{text} {param.metavar or param.type.name.upper()}"


def _columns(rows: list[tuple[str, str]]) -> str:
    """Two columns, the second one wrapped."""
    width = _width()
    first = min(max(len(left) for left, _ in rows), 34)
    lines: list[str] = []
    for left, right in rows:
        room = max(width - first - 5, 24)
        wrapped = textwrap.wrap(right, room) if len(right) > room else [right]
        if len(left) > first:
            lines.append(f"  {left}")
            left = ""
        lines += [f"  {(left if number == 0 else ''):{first}}   {text}".rstrip() for number, text in enumerate(wrapped)]
    return "\n".join(lines)


def _width() -> int:
    return min(shutil.get_terminal_size().columns, WIDTH)
