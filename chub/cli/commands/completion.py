"""`chub completion bash|zsh|fish`, and `chub __complete`, which the scripts that it prints call."""

from typing import Annotated

import typer

from chub.cli.frame import Commands

app = Commands()


def _print(shell: str) -> None:
    from importlib.resources import files

    print(files("chub.cli.completion").joinpath(f"chub.{shell}").read_text(), end="")


@app.command("bash")
def bash() -> None:
    """Print the completion script for bash.

    Examples:
    source <(chub completion bash)
    chub completion bash > /etc/bash_completion.d/chub
    """
    _print("bash")


@app.command("zsh")
def zsh() -> None:
    """Print the completion script for zsh.

    Examples:
    source <(chub completion zsh)
    chub completion zsh > "${fpath[1]}/_chub"
    """
    _print("zsh")


@app.command("fish")
def fish() -> None:
    """Print the completion script for fish.

    Examples:
    chub completion fish | source
    chub completion fish > ~/.config/fish/completions/chub.fish
    """
    _print("fish")


@app.command("complete", add_help_option=False, context_settings={"allow_interspersed_args": False})
def complete(context: typer.Context, words: Annotated[list[str], typer.Argument(metavar="WORD [WORD...]")]) -> None:
    """Print what the last word may become: a line each, with a tab and a description where there is one.

    ``:files`` or ``:directories`` alone leaves it to the shell.
    """
    from chub.cli.completion import answers

    assert context.parent is not None
    for value, about in answers(context.parent.command, words):
        print(f"{value}\t{about}" if about else value)
