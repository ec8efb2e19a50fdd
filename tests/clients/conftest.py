"""Programs that drive docker's command line, as PyPI has them: chub is the `docker` that they find.

`nox -s clients` installs them (dependency group ``clients``). Where one is missing its tests are skipped,
but fail in CI.
"""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.support import engines
from tests.support.command import CHUB, Command

CLIENTS = ("python_on_whales", "runlike", "testinfra")


@pytest.fixture(scope="session", autouse=True)
def clients() -> None:
    """The programs that these tests are about."""
    missing = [name for name in CLIENTS if find_spec(name) is None]
    if missing:
        engines.unavailable(f"no {', '.join(missing)} here: nox -s clients installs them")


@pytest.fixture
def docker_path(chub: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The `docker` of PATH: chub with the settings of this test, for this process and those that it starts."""
    programs = tmp_path / "bin"
    programs.mkdir()
    docker = programs / "docker"
    docker.symlink_to(CHUB)
    for name, value in chub.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PATH", os.pathsep.join([str(programs), str(Path(sys.executable).parent), os.environ["PATH"]]))
    return docker
