"""The files of /etc that a container gets."""

from __future__ import annotations

from pathlib import Path

import pytest

from chub.core.etc import resolver, write
from chub.options.network import Network

THEIRS = """\
# made by somebody
nameserver 10.0.0.1
nameserver 10.0.0.2
search one two
domain three
options ndots:2
options rotate
"""


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (
            Network(dns=("1.1.1.1",)),
            "nameserver 1.1.1.1\nsearch three\noptions ndots:2 rotate\n",
        ),
        (
            Network(dns_search=("a", "b")),
            "nameserver 10.0.0.1\nnameserver 10.0.0.2\nsearch a b\noptions ndots:2 rotate\n",
        ),
        (
            Network(dns_search=(".",), dns_options=("timeout:1",)),
            "nameserver 10.0.0.1\nnameserver 10.0.0.2\noptions timeout:1\n",
        ),
    ],
)
def test_what_is_asked_for_takes_the_place_of_the_hosts(asked: Network, expected: str) -> None:
    """Each of the three by itself."""
    assert resolver(THEIRS, asked) == expected


def test_hosts_are_added(tmp_path: Path) -> None:
    """Behind the names that are always there, addresses first."""
    files = write(tmp_path, "web", Network(hosts=("db:10.0.0.5", "v6:::1")))

    assert Path(files.hosts).read_text().splitlines()[-2:] == ["10.0.0.5\tdb", "::1\tv6"]
