"""Options of the whole suite; the fixtures are in `tests.support.fixtures`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

pytest_plugins = ("tests.support.fixtures", "pytester")

MARKS = {"integration": pytest.mark.integration, "soak": pytest.mark.integration, "compat": pytest.mark.docker}


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--engine` chooses the containerd that integration tests run on, `--every-kill` how many kills they try."""
    parser.addoption(
        "--engine",
        default=os.environ.get("CHUB_TEST_ENGINE"),
        metavar="ENGINE",
        help="containerd for tests that need one: 1.6, 1.7, 2.1, or host for the host's own"
        " (default: CHUB_TEST_ENGINE, or what tests/engines/engines.sh finds)",
    )
    parser.addoption(
        "--every-kill",
        action="store_true",
        help="tests/integration/test_killed.py kills every command at each of its boundaries, not at a few",
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test is marked by the directory it is in."""
    tests = Path(__file__).parent
    for item in items:
        directory = item.path.relative_to(tests).parts[0]
        if directory in MARKS:
            item.add_marker(MARKS[directory])
