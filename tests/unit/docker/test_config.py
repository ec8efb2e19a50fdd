"""docker's config.json, as far as chub reads it."""

from __future__ import annotations

from pathlib import Path

import pytest

from chub.docker.config import text
from chub.errors import Invalid


def test_where_it_is(tmp_path: Path) -> None:
    """In DOCKER_CONFIG, or in the home directory; there need be none, and no such key."""
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker" / "config.json").write_text('{"psFormat": "{{.ID}}", "auths": {}}')

    assert text("psFormat", {"HOME": str(tmp_path)}) == "{{.ID}}"
    assert text("psFormat", {"DOCKER_CONFIG": str(tmp_path / ".docker")}) == "{{.ID}}"
    assert text("imagesFormat", {"HOME": str(tmp_path)}) == ""
    assert text("psFormat", {"HOME": str(tmp_path), "DOCKER_CONFIG": "/nonexistent"}) == ""


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"psFormat": 3}', b"\xff", b"[" * 100_000])
def test_what_is_broken_is_named(tmp_path: Path, content: bytes) -> None:
    """With the file, and nothing else of what is in it."""
    (tmp_path / "config.json").write_bytes(content)

    with pytest.raises(Invalid, match=str(tmp_path / "config.json")):
        text("psFormat", {"DOCKER_CONFIG": str(tmp_path)})
