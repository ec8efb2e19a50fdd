"""The pytest plugin, in a pytest of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.command import Command

MODULE = """
    import chub, pytest

    def test_its_own(container, chub_client):
        made = container("busybox", ["sh", "-c", "echo one; echo ready; sleep 600"], ready="ready", name="mine")
        assert made.state == "running"
        assert made.exec(["cat", "/proc/1/comm"]).text == "sleep\\n"
        assert [each.name for each in chub_client.containers.list()] == ["mine"]

    def test_gone(container, chub_client):
        assert chub_client.containers.list(all=True) == ()
        container("busybox", ["true"]).remove(force=True)

    def test_late(container):
        with pytest.raises(chub.TimedOut, match="'ready' was not in its output for 0.5 s"):
            container("busybox", ["sleep", "600"], ready="ready", timeout=0.5)

    def test_ended(container):
        with pytest.raises(chub.Conflict, match="the program ended"):
            container("busybox", ["echo", "no"], ready="ready")

    def test_fails(container):
        container("busybox", ["sh", "-c", "echo what it wrote; sleep 600"], ready="what")
        assert False
"""


@pytest.mark.usefixtures("image")
def test_the_plugin(pytester: pytest.Pytester, chub: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test has its containers, the next one does not; a failure shows what they wrote, and nothing stays."""
    for name, value in chub.env.items():
        monkeypatch.setenv(name, value)
    pytester.makepyfile(MODULE)

    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:randomly")

    result.assert_outcomes(passed=4, failed=1)
    result.stdout.fnmatch_lines(["*- container * -*", "what it wrote"])
    assert chub.ok("ps", "-aq") == ""
