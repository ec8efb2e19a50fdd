"""Names of containers."""

import pytest

from chub.core.names import checked, made_up, new_id
from chub.errors import Invalid


def test_ids_have_64_hexadecimal_digits() -> None:
    """As docker's, and no two alike."""
    first, second = new_id(), new_id()

    assert 64 == len(first) == len(bytes.fromhex(first)) * 2
    assert first != second


def test_a_made_up_name_is_a_valid_name() -> None:
    """For any id."""
    for _ in range(100):
        name = made_up(new_id())
        assert name == checked(name)


@pytest.mark.parametrize("name", ["x", "", "-a", "a b", "ä1", "a/b", "a\n", "a" * 256, "../x"])
def test_a_name_outside_the_grammar(name: str) -> None:
    """It is refused in docker's words."""
    with pytest.raises(Invalid, match="Invalid container name"):
        checked(name)


def test_a_leading_slash_is_dockers() -> None:
    """Docker shows names with a slash before them, and takes them so."""
    assert checked("/web") == "web"
