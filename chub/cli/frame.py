"""What every command is made of: lazy groups, docker's spellings of flags, one renderer of help."""

import sys
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Any

import typer
import typer.core
import typer.main

from chub.cli import arguments, boundary
from chub.cli.render import help as rendered
from chub.errors import ChubError

QUIET: dict[str, Any] = {"add_completion": False, "rich_markup_mode": None, "pretty_exceptions_enable": False}
"""What every Typer is made with: rich and completion cost every start and are used in none."""


class Entry:
    """A command: the module of `chub.cli.commands` that holds it, and its line in the help.

    A module that holds several is named with the command: ``images:rm``.
    """

    def __init__(self, place: str, help: str, *aliases: str) -> None:
        self.place = place
        self.help = help
        self.aliases = aliases  # other names, which no list has

    def load(self, name: str) -> Any:
        """Import the command's module and make the command, called `name`."""
        module, _, member = self.place.partition(":")
        made = typer.main.get_command(import_module(f"chub.cli.commands.{module}").app)
        if isinstance(made, typer.core.TyperGroup):
            made = made.commands[member]
        made.name = name
        return made


class Group:
    """Commands under one name."""

    aliases: tuple[str, ...] = ()

    def __init__(self, help: str, commands: Mapping[str, Entry]) -> None:
        self.help = help
        self.commands = commands

    def load(self, name: str) -> Any:
        """Make the group, called `name`."""
        group = Lazy(name=name, help=self.help, invoke_without_command=True, callback=_nothing)
        group.sections = {"Commands": self.commands}
        return group


def _nothing() -> None:
    """A group does nothing by itself."""


class Command(typer.core.TyperCommand):
    """A command that takes docker's spellings, `--namespace` anywhere, and has help as docker's."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not any("--namespace" in param.opts for param in self.params):
            self.params.append(
                typer.core.TyperOption(
                    param_decls=["--namespace"],
                    expose_value=False,
                    callback=_namespace,
                    metavar="NAME",
                    help="containerd namespace to work in.",
                    rich_help_panel=rendered.GLOBAL,
                )
            )

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse, after docker's spellings are turned into click's."""
        try:
            return super().parse_args(ctx, list(arguments.normalised(args, self.params, self._interspersed)))
        except boundary.UsageError as error:
            error.ctx = error.ctx or ctx  # click leaves it out where a flag lacks its value
            raise

    def invoke(self, ctx: Any) -> Any:
        """Run the command; what fails in it is said here, where its name is known."""
        try:
            return super().invoke(ctx)
        except ChubError as error:
            raise typer.Exit(boundary.failed(error, ctx)) from error

    @property
    def _interspersed(self) -> bool:
        return bool(self.context_settings.get("allow_interspersed_args", True))

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write docker-like help."""
        formatter.write(rendered.command(ctx, self))


def _namespace(ctx: Any, param: Any, value: str | None) -> None:
    if value is not None:
        ctx.obj["namespace"] = value


class Lazy(typer.core.TyperGroup):
    """A group whose commands' modules are imported when a command is named; help needs only the table."""

    sections: Mapping[str, Mapping[str, Entry | Group]] = {}
    unlisted: Mapping[str, Entry] = {}
    named: frozenset[str] = frozenset()  # titles of sections whose commands the help only names
    overview = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"rich_markup_mode": None, "suggest_commands": False} | kwargs)

    def table(self) -> Iterator[tuple[str, Entry | Group]]:
        """Every command's name and entry."""
        for commands in self.sections.values():
            yield from commands.items()

    def list_commands(self, ctx: Any) -> list[str]:
        """All names, in the order of the table."""
        return [name for name, _ in self.table()]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Load the command that `cmd_name` names."""
        for name, entry in self.table():
            if name == cmd_name or cmd_name in entry.aliases:
                return entry.load(name)
        return self.unlisted[cmd_name].load(cmd_name) if cmd_name in self.unlisted else None

    def alike(self, name: str) -> list[str]:
        """What somebody may have meant who typed `name`: that command in a group, else names like it, here or there."""
        from difflib import get_close_matches

        inner = [
            (each, f"{group} {each}")
            for group, entry in self.table()
            if isinstance(entry, Group)
            for each in entry.commands
        ]
        return (
            [path for each, path in inner if each == name]
            or get_close_matches(name, self.list_commands(None))
            or [path for each, path in inner if get_close_matches(name, [each])]
        )

    def invoke(self, ctx: Any) -> Any:
        """Run the command; a group alone shows its help."""
        if not ctx._protected_args and ctx.parent is not None:
            print(ctx.get_help(), file=sys.stderr)
            return None
        return super().invoke(ctx)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write docker-like help."""
        formatter.write(rendered.group(ctx, self))

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run, and end with the exit status of `boundary`, whatever happens."""
        kwargs["standalone_mode"] = False
        boundary.run(lambda: super(Lazy, self).main(*args, **kwargs))


class Commands(typer.Typer):
    """The commands of one module."""

    def __init__(self) -> None:
        super().__init__(**QUIET)

    def command(self, name: str | None = None, **settings: Any) -> Callable[[Any], Any]:
        """Register a function as a command; `settings` are typer's."""
        settings.setdefault("cls", Command)
        return super().command(name, **settings)
