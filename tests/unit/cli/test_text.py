"""Words and numbers as docker writes them."""

from datetime import UTC, datetime, timedelta

import pytest

from chub.cli.render.show import aligned, width
from chub.cli.render.text import age, binary, cut, duration, plain, size


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "Less than a second"),
        (0.99, "Less than a second"),
        (1, "1 second"),
        (59, "59 seconds"),
        (60, "About a minute"),
        (119, "About a minute"),
        (120, "2 minutes"),
        (59 * 60, "59 minutes"),
        (3600, "About an hour"),
        (3600 * 1.5, "2 hours"),
        (3600 * 47, "47 hours"),
        (3600 * 48, "2 days"),
        (86400 * 13, "13 days"),
        (86400 * 14, "2 weeks"),
        (86400 * 59, "8 weeks"),
        (86400 * 60, "2 months"),
        (86400 * 365, "12 months"),
        (86400 * 729, "24 months"),
        (86400 * 730, "2 years"),
    ],
)
def test_a_duration_in_words(seconds: float, words: str) -> None:
    """The steps are those of docker's go-units."""
    assert words == duration(timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0B"),
        (999, "999B"),
        (1000, "1kB"),
        (1_987_000, "1.99MB"),
        (999_999, "1e+03kB"),
        (171_000_000, "171MB"),
    ],
)
def test_a_size(count: int, text: str) -> None:
    """Decimal units, three significant digits, as Go's %.3g."""
    assert text == size(count)


def test_an_age_nobody_knows() -> None:
    """No invented time."""
    assert age(None, datetime.now(UTC)) == "N/A"


def test_control_characters_do_not_reach_a_table() -> None:
    """Escapes in a label or name cannot drive the reader's terminal."""
    assert plain("a\x1b[31mb\n") == "a\ufffd[31mb\ufffd"
    assert plain("größe 容器") == "größe 容器"


def test_columns_are_three_spaces_apart_and_ten_wide() -> None:
    """As docker's, with characters that take two columns counted so."""
    assert aligned([["A", "B"], ["容器", "x"]]) == "A         B\n容器      x"
    assert width("容器") == 4


def test_cutting() -> None:
    """What is cut ends in an ellipsis that counts."""
    assert cut("abcdef", 4) == "abc…"
    assert cut("abc", 3) == "abc"


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0B"),
        (1023, "1023B"),
        (1024, "1KiB"),
        (335872, "328KiB"),
        (100 * 2**20, "100MiB"),
        (25276690432, "23.54GiB"),
    ],
)
def test_a_size_in_binary_units(count: int, text: str) -> None:
    """Memory, as docker's stats."""
    assert text == binary(count)
