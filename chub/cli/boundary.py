"""The one place where a failure becomes words on stderr and an exit status (docker's: 125, 126, 127, 1)."""

import io
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import typer

from chub.cli.render.text import plain
from chub.errors import ChubError

UsageError: Any = typer.BadParameter.__base__
"""typer's own, which it does not export."""

USAGE_STATUS = 125  # of a flag that is wrong
ARGUMENTS_STATUS = 1  # of words that are missing or too many
RUN_STATUS = 125  # of `run` when chub or the engine failed
FAILED = 1  # of every other command
INTERRUPTED = 130


def run(invoke: Callable[[], Any]) -> None:
    """Call `invoke`, and exit: with its result if that is a number, or with what its failure stands for."""
    _complete_streams()
    try:
        try:
            status = invoke()
        except UsageError as failure:
            status = _usage(failure)
        except (typer.Abort, KeyboardInterrupt):
            status = INTERRUPTED
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read our output has gone: nothing is left to say, to nobody
        _drop_output()
        status = FAILED
    except Unwritable as failure:
        _drop_output()
        say(ChubError(f"the output could not be written: {failure.strerror}", hint="look at where stdout goes"))
        status = FAILED
    sys.exit(status if isinstance(status, int) else 0)


class Unwritable(OSError):
    """Standard output could take no more."""


class _Output(io.FileIO):
    """Standard output, whose failures are known as its own."""

    def write(self, data: Any, /) -> int:
        """Write what fits."""
        try:
            return super().write(data)
        except BrokenPipeError:
            raise
        except OSError as failure:
            raise Unwritable(failure.errno, failure.strerror) from failure


def _complete_streams() -> None:
    """Have all three standard streams, and stdout say what it cannot write.

    A stream that our caller closed gets a descriptor of its own before anything else is opened under its number:
    stdin is at its end, stdout fails when it is written to, stderr is dropped.
    """
    for place, flags in enumerate((os.O_RDONLY, os.O_RDONLY, os.O_WRONLY)):
        try:
            os.fstat(place)
        except OSError:
            os.open(os.devnull, flags)  # the lowest free number is this one
    if sys.stdin is None:
        sys.stdin = os.fdopen(0, closefd=False)
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w", closefd=False)
    if sys.stdout is sys.__stdout__:
        encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
        sys.stdout = io.TextIOWrapper(
            io.BufferedWriter(_Output(1, "w", closefd=False)),
            encoding=encoding,
            errors="surrogateescape" if encoding.lower() == "utf-8" else "backslashreplace",
            line_buffering=os.isatty(1),
        )


def _drop_output() -> None:
    """What is still to be written goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def say(error: ChubError) -> None:
    """Print what failed, why, and what to do, on stderr; what drives a terminal in it does not."""
    _tell(f"chub: {plain(str(error))}")
    if error.hint:
        _tell(f"hint: {error.hint}")


def _tell(text: str) -> None:
    """Print on stderr, line by line without control characters; where that is full or closed nobody is told."""
    with suppress(OSError):
        print("\n".join(map(plain, text.split("\n"))), file=sys.stderr, flush=True)


def failed(error: ChubError, context: Any) -> int:
    """Say what a command failed with, and give its exit status."""
    say(error)
    if context.obj["debug"] or os.environ.get("CHUB_DEBUG"):
        import traceback

        traceback.print_exception(error)
    status = error.exit_code
    if status is None:
        status = RUN_STATUS if context.command.name == "run" else FAILED
    if status != FAILED and context.command.name in ("run", "create"):
        _tell(f"\nRun '{context.command_path} --help' for more information")
    return status


def _usage(error: Any) -> int:
    """Docker's words for what click found wrong with the command line."""
    from chub.cli.flags import later

    context = error.ctx
    path = context.command_path if context is not None else "chub"
    words = error.format_message()
    kind = type(error).__name__
    status, lead, see, hint = USAGE_STATUS, "", "Run", ""
    if kind == "NoSuchOption":
        flag = error.option_name
        if flag in later.FLAGS.get(path.removeprefix("chub ").removeprefix("container "), ()):
            words = f"{flag} is not supported yet"
            lead = "chub: "
        elif flag.startswith("--"):
            words = f"unknown flag: {flag}"
            hint = _meant(error.possibilities or ())
        else:
            words = f"unknown shorthand flag: {flag[1:]!r} in {flag}"
    elif kind == "BadOptionUsage" and "requires an argument" in words:
        words = f"flag needs an argument: {error.option_name}"
    elif kind == "MissingParameter" and error.param is not None and error.param.param_type_name == "argument":
        words, exact = _needed(path, context)
        status, lead, see = ARGUMENTS_STATUS, "chub: ", "Run" if exact else "See"
    elif kind in ("BadParameter", "WrongValue") and error.param is not None and error.param.param_type_name == "option":
        flags = ", ".join(sorted(error.param.opts, key=len))
        given = f'"{error.text}" ' if hasattr(error, "text") else ""
        words = f'invalid argument {given}for "{flags}" flag: {error.message}'
    elif words.startswith("Got unexpected extra argument"):
        takes = sum(1 for each in context.command.params if each.param_type_name == "argument")
        words, exact = _needed(path, context)
        if not exact:
            plural = "s" if takes > 1 else ""
            words = f"{path!r} " + (f"requires at most {takes} argument{plural}" if takes else "accepts no arguments")
        status, lead = ARGUMENTS_STATUS, "chub: "
    elif words.startswith("No such command"):
        return _unknown_command(path, words.split("'")[1], context)
    _tell(f"{lead}{words}{hint}")
    if context is not None:
        _tell(f"\nUsage:  {_synopsis(context)}\n\n{see} '{path} --help' for more information")
    return status


def _needed(path: str, context: Any) -> tuple[str, bool]:
    """How many words a command needs, and whether that says how many it takes, too."""
    takes = [each for each in context.command.params if each.param_type_name == "argument"]
    needed = sum(1 for each in takes if each.required)
    exact = bool(takes) and all(each.required and each.nargs == 1 for each in takes)
    if 0 < needed < len(takes) and all(each.nargs == 1 for each in takes):
        return f"{path!r} requires at least {needed} and at most {len(takes)} arguments", True
    return f"{path!r} requires {'' if exact else 'at least '}{needed} argument{'s' if needed != 1 else ''}", exact


def _unknown_command(path: str, name: str, context: Any) -> int:
    from chub.cli.flags import later

    alike, hint = context.command.alike(name), ""
    if name in later.COMMANDS.get(path, ()):
        alike = [each for each in alike if each.endswith(f" {name}")]
        hint = f"\nhint: docker's {name} is not supported yet"
    hint += _meant([f"'{each}'" for each in alike])
    _tell(f"chub: unknown command: {path} {name}{hint}\n\nRun '{path} --help' for more information")
    return ARGUMENTS_STATUS


def _meant(possibilities: Sequence[str]) -> str:
    """A line that asks whether one of these was meant; "" for none."""
    return f"\nhint: did you mean {' or '.join(possibilities)}?" if possibilities else ""


def _synopsis(context: Any) -> str:
    from chub.cli.render.help import synopsis

    return synopsis(context)
