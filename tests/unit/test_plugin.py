"""The pytest plugin where nobody uses it."""

from __future__ import annotations

import pytest

MODULE = """
    import sys

    def test_nothing_is_loaded(pytestconfig):
        assert pytestconfig.pluginmanager.has_plugin("chub")
        loaded = {name for name in sys.modules if name.split(".")[0] in ("chub", "grpc", "google", "typer")}
        assert loaded == {"chub", "chub.testing"}
"""


def test_it_costs_nothing(pytester: pytest.Pytester) -> None:
    """A project that merely has chub installed loads two small modules, and no more."""
    pytester.makepyfile(MODULE)

    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)


def test_the_fixtures_are_told_of(pytester: pytest.Pytester) -> None:
    """``pytest --fixtures`` says what they are."""
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "--fixtures")

    result.stdout.fnmatch_lines(
        ["chub_client*", "*A client for all tests*", "container*", "*live as long as the test*"]
    )
