"""Which programs chub runs to ask them something, and which it does not."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from chub.chain import programs
from chub.chain.host import Host

SCRIPT = "#!/bin/sh\necho runc version 1.1.5+x\n"


def _program(path: Path, script: str = SCRIPT, mode: int = 0o755) -> str:
    path.write_text(script)
    path.chmod(mode)
    return str(path)


def test_a_program_is_asked(tmp_path: Path) -> None:
    """The source is what one would type, the word is what it said."""
    told = programs.ask(Host(), _program(tmp_path / "runc"), "--version", read=programs.version_of_runtime)

    assert (told.source, told.said, told.failed) == ("runc --version", "1.1.5+x", "")


def test_a_program_that_others_may_write_is_not_run(tmp_path: Path) -> None:
    """Its path came from a process's files: anybody could have put it there."""
    program = _program(tmp_path / "runc", f"#!/bin/sh\ntouch {tmp_path}/ran\n", 0o777)

    told = programs.ask(Host(), program, "--version", read=str)

    assert told.failed == f"not run: others may write {program}"
    assert not (tmp_path / "ran").exists()


def test_a_directory_that_others_may_write_is_enough(tmp_path: Path) -> None:
    """Who may write the directory may replace the program."""
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)

    assert "open" in programs.distrust(_program(tmp_path / "open" / "runc"))


def test_the_target_of_a_link_counts(tmp_path: Path) -> None:
    """A link is as good as what it points to."""
    bad = _program(tmp_path / "bad", mode=0o777)
    (tmp_path / "runc").symlink_to(bad)

    assert programs.distrust(str(tmp_path / "runc")) == f"others may write {bad}"


def test_the_systems_programs_may_be_run() -> None:
    """Directories with the sticky bit do not spoil what is below them."""
    assert programs.distrust("/bin/sh") == ""


@pytest.mark.parametrize(
    ("script", "failed"),
    [
        ("#!/bin/sh\necho oops >&2; exit 3\n", "oops"),
        ("#!/bin/sh\nexit 3\n", "exit status 3"),
        ("#!/bin/sh\necho hello\n", "unexpected output: 'hello\\n'"),
        ("#!/nowhere\n", "no such file or directory"),
    ],
)
def test_a_program_that_fails(tmp_path: Path, script: str, failed: str) -> None:
    """Whatever went wrong is the witness's word."""
    told = programs.ask(Host(), _program(tmp_path / "runc", script), read=programs.version_of_runtime)

    assert told.failed == failed


def test_a_program_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is ended after a while."""
    monkeypatch.setattr(programs, "TIMEOUT", 0.05)

    told = programs.ask(Host(), _program(tmp_path / "runc", "#!/bin/sh\nexec sleep 9\n"), read=str)

    assert told.failed == "no answer within 0.05 s"


def test_where_a_program_is_on_a_path(tmp_path: Path) -> None:
    """The first that can be executed; a path stays as it is."""
    for directory, mode in (("a", 0o644), ("b", 0o755)):
        (tmp_path / directory).mkdir()
        _program(tmp_path / directory / "runc", mode=mode)

    assert programs.on_path("runc", f"{tmp_path}/a::{tmp_path}/b") == f"{tmp_path}/b/runc"
    assert programs.on_path("runc", f"{tmp_path}") == ""
    assert programs.on_path("/x/runc", "") == "/x/runc"


def test_versions_in_what_programs_print() -> None:
    """runc, crun, and a shim say it each in their way."""
    shim = "containerd-shim-runc-v2:\n  Version:  2.1.9+unknown\n  Revision: \n"

    assert programs.version_of_runtime("runc version 1.1.5+ds1\ncommit: x\n") == "1.1.5+ds1"
    assert programs.version_of_runtime("crun version 1.8.1\n") == "1.8.1"
    assert programs.version_of_shim(shim) == "2.1.9+unknown"
    assert os.path.exists(sys.executable)
