"""Exit statuses and words of wrong command lines, as docker's (numbers: docs/docker.md)."""

import pytest
from typer.testing import CliRunner, Result

from chub.cli.main import app


def chub(line: str) -> Result:
    """Run a command line in this process."""
    return CliRunner().invoke(app, line.split(), prog_name="chub")


@pytest.mark.parametrize(
    ("line", "status", "words"),
    [
        (
            "run --nosuchflag x",
            125,
            ["unknown flag: --nosuchflag", "Run 'chub run --help' for more information"],
        ),
        ("ps --bogus", 125, ["unknown flag: --bogus", "Usage:  chub ps [OPTIONS]"]),
        ("-z", 125, ["unknown shorthand flag: 'z' in -z"]),
        ("run", 1, ["'chub run' requires at least 1 argument", "See 'chub run --help' for more information"]),
        ("rm", 1, ["'chub rm' requires at least 1 argument"]),
        ("rename web", 1, ["'chub rename' requires 2 arguments", "Run 'chub rename --help' for more information"]),
        ("rename a b c", 1, ["'chub rename' requires 2 arguments"]),
        ("top", 1, ["'chub top' requires at least 1 argument"]),
        ("stop -t x web", 125, ['invalid argument "x" for "-t, --time, --timeout" flag']),
        ("ps extra", 1, ["'chub ps' accepts no arguments"]),
        ("xyz", 1, ["chub: unknown command: chub xyz", "Run 'chub --help' for more information"]),
        ("pss", 1, ["chub: unknown command: chub pss\nhint: did you mean 'ps'?\n\nRun 'chub --help'"]),
        ("doctor", 1, ["hint: did you mean 'system doctor'?"]),
        ("docter", 1, ["hint: did you mean 'system doctor'?"]),
        ("build", 1, ["chub: unknown command: chub build\nhint: docker's build is not supported yet"]),
        ("context ls", 1, ["chub: unknown command: chub context\nhint: docker's context is not supported yet\n\nRun"]),
        ("diff web", 1, ["hint: docker's diff is not supported yet\nhint: did you mean 'snapshot diff'?"]),
        ("container cp web:/x .", 1, ["hint: docker's cp is not supported yet"]),
        ("system prune", 1, ["hint: docker's prune is not supported yet"]),
        ("ps --al", 125, ["unknown flag: --al\nhint: did you mean --all or "]),
        ("container xyz", 1, ["chub: unknown command: chub container xyz"]),
        ("run --name", 125, ["flag needs an argument: --name"]),
        ("run --ulimit foo x", 125, ['invalid argument "foo" for "--ulimit" flag', "Usage:  chub run"]),
        ("run --pull bogus x", 125, ["chub: invalid pull option: 'bogus': must be one of", "Run 'chub run --help'"]),
        ("create --pull Always x", 125, ["chub: invalid pull option: 'Always'", "Run 'chub create --help'"]),
        ("run --pull always x", 125, ["chub: --pull always is not supported yet"]),
        ("create --label-file /nosuch x", 125, ["chub: open /nosuch: no such file or directory"]),
        ("create --stop-timeout 1.5 x", 125, ['invalid argument "1.5" for "--stop-timeout" flag']),
        ("rm --link web", 125, ["--link is not supported yet"]),
        ("rm -l web", 125, ["-l is not supported yet"]),
        ("ps --format {{.Nope}}", 1, ["chub: failed to execute template: template: :1:2: executing"]),
        ("run --cpu-rt-period 1 x", 125, ["--cpu-rt-period is not supported yet"]),
        ("run -P x", 125, ["-P is not supported yet"]),
        ("run -p 80:80 x", 125, ["-p is not supported yet"]),
    ],
)
def test_a_wrong_command_line(line: str, status: int, words: list[str]) -> None:
    """It ends with docker's status, and stderr has docker's words."""
    result = chub(line)

    assert status == result.exit_code
    assert result.stdout == ""
    for each in words:
        assert each in result.stderr


def test_bare_chub_shows_its_help_on_stderr() -> None:
    """Without a command the help goes to stderr, and that is no failure."""
    result = chub("")

    assert result.exit_code == 0
    assert "Usage:  chub [OPTIONS] COMMAND" in result.stderr


def test_a_group_alone_shows_its_commands() -> None:
    """``chub container`` is help, on stderr as docker's."""
    result = chub("container")

    assert result.exit_code == 0
    assert "Manage containers" in result.stderr
    assert not result.stdout


def test_help_of_a_command() -> None:
    """``chub help container ls`` is what ``--help`` shows, on stdout; an unknown word is an error."""
    assert chub("help container ls").stdout == chub("container ls --help").stdout
    assert chub("help").stdout == chub("--help").stdout
    for line in ("help nosuch", "help run nosuch"):
        result = chub(line)

        assert result.exit_code == 1
        assert "unknown help topic: nosuch" in result.stderr


def test_no_socket() -> None:
    """A socket that is not there: 1 for `ps`, 125 for `run`, and what to do."""
    for line, status in (("ps", 1), ("run x", 125)):
        result = chub(f"--address /nonexistent/containerd.sock {line}")

        assert status == result.exit_code
        assert "no containerd answers at /nonexistent/containerd.sock" in result.stderr
        assert "hint: start containerd" in result.stderr
