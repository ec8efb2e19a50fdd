"""docker's spellings of flags, as click is given them."""

import pytest
import typer.core

from chub.cli.arguments import normalised
from chub.cli.flags.parsers import WrongValue

PARAMS = [
    typer.core.TyperOption(param_decls=["--rm"], is_flag=True),
    typer.core.TyperOption(param_decls=["--interactive", "-i"], is_flag=True),
    typer.core.TyperOption(param_decls=["--tty", "-t"], is_flag=True),
    typer.core.TyperOption(param_decls=["--env", "-e"]),
    typer.core.TyperOption(param_decls=["--volume", "-v"]),
]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("--rm=true IMAGE", "--rm IMAGE"),
        ("--rm=false IMAGE", "IMAGE"),
        ("--rm=0 -it IMAGE", "-it IMAGE"),
        ("-i=false -t=1 IMAGE", "-t IMAGE"),
        ("-it=false IMAGE", "-i IMAGE"),
        ("-e=A=1 IMAGE", "-eA=1 IMAGE"),
        ("-itv /a:/b IMAGE", "-itv /a:/b IMAGE"),
        ("-e --rm=false IMAGE", "-e --rm=false IMAGE"),
        ("--env --rm=false IMAGE", "--env --rm=false IMAGE"),
        ("IMAGE --rm=false", "IMAGE --rm=false"),
        ("-- --rm=false", "-- --rm=false"),
        ("--unknown=1 -x=1 IMAGE", "--unknown=1 -x=1 IMAGE"),
    ],
)
def test_flags_as_docker_spells_them(given: str, expected: str) -> None:
    """Values of switches and "=" after a letter are understood, and the container's own words stay as they are."""
    assert expected.split() == list(normalised(given.split(), PARAMS, interspersed=False))


def test_what_is_neither_true_nor_false() -> None:
    """A switch refuses it in docker's words."""
    with pytest.raises(WrongValue, match='parsing "maybe": invalid syntax'):
        list(normalised(["--rm=maybe", "IMAGE"], PARAMS, interspersed=False))


def test_a_switch_that_is_on() -> None:
    """It is turned off by the other name that it has."""
    param = typer.core.TyperOption(param_decls=["--sig-proxy/--no-sig-proxy"], is_flag=True)
    for given, expected in (("--sig-proxy=false", ["--no-sig-proxy"]), ("--sig-proxy=1", ["--sig-proxy"])):
        assert list(normalised([given], [param], interspersed=False)) == expected


def test_words_between_flags() -> None:
    """Where flags may follow words, they are understood there too."""
    assert list(normalised(["web", "--rm=false", "db"], PARAMS, interspersed=True)) == ["web", "db"]
