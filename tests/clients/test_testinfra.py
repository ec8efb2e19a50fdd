"""pytest-testinfra, whose tests look into a container through `docker exec`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command import Command

TESTS = """
import testinfra


def test_files(host):
    passwd = host.file("/etc/passwd")
    assert passwd.is_file and passwd.mode == 0o644 and passwd.contains("^nobody:")
    assert not host.file("/nosuch").exists


def test_commands(host):
    assert host.check_output("echo %s", "it's $HOME \\\\") == "it's $HOME \\\\"
    ended = host.run("echo out; echo err >&2; exit 3")
    assert (ended.rc, ended.stdout, ended.stderr) == (3, "out\\n", "err\\n")
    assert host.environment()["GREETING"] == "hello"


def test_another_user(host):
    assert host.check_output("id -un") == "root"
    assert testinfra.get_host("docker://u@web").check_output("id -un") == "u"
"""


@pytest.fixture
def web(chub: Command, image: str, docker_path: Path) -> Iterator[str]:
    """A container that waits."""
    chub.ok("run", "-d", "--name", "web", "-e", "GREETING=hello", image, "sleep", "600")
    yield "web"
    chub.ok("rm", "-f", "web")


def test_its_docker_backend(web: str, tmp_path: Path) -> None:
    """The tests of one who uses it pass in a container, as root and as another user."""
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_web.py").write_text(TESTS)
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--hosts", f"docker://{web}"]

    ended = subprocess.run([*words, "test_web.py"], cwd=tmp_path, check=False, capture_output=True, text=True)

    assert ended.returncode == 0, ended.stdout
    assert "3 passed" in ended.stdout
