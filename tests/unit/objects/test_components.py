"""What programs print of their versions."""

from __future__ import annotations

import pytest

from chub.objects.components import parse


@pytest.mark.parametrize(
    ("said", "version", "commit"),
    [
        ("runc version 1.1.5+ds1\ncommit: 1.1.5+ds1-1+deb12u1\nspec: 1.0.2-dev\n", "1.1.5+ds1", "1.1.5+ds1-1+deb12u1"),
        ("crun version 1.8.1\ncommit: f8a096be\nrundir: /run/crun\n", "1.8.1", "f8a096be"),
        ("runc version 1.3.0\nspec: 1.2.1\n", "1.3.0", ""),
        ("tini version 0.19.0\n", "0.19.0", ""),
        ("tini version 0.19.0 - git.de40ad0\n", "0.19.0", "de40ad0"),
        ("", "", ""),
    ],
)
def test_versions(said: str, version: str, commit: str) -> None:
    """runc's, crun's and tini's, with the commit where there is one."""
    found = parse("it", "/bin/it", said)

    assert (found.version, found.commit) == (version, commit)
