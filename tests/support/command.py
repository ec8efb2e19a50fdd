"""The installed `chub` (or another program), run as users run it: in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support.waiting import SLOWNESS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CHUB = Path(sys.executable).with_name("chub")
DEADLINE = 60.0  # seconds for one command


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a command ended."""

    exit_status: int
    stdout: str
    stderr: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A program with an environment: call it with the words of its command line."""

    words: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)  # beside what every command gets

    def __call__(
        self,
        *words: str | Path,
        input: str | bytes = "",
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        timeout: float = DEADLINE,
    ) -> Ended:
        """Run it to its end. Output that is no UTF-8 is kept with surrogate escapes."""
        done = subprocess.run(
            [*self.words, *map(str, words)],
            check=False,
            input=input.encode() if isinstance(input, str) else input,
            capture_output=True,
            env=self._environment(env),
            cwd=cwd,
            timeout=timeout * SLOWNESS,
        )
        return Ended(exit_status=done.returncode, stdout=_text(done.stdout), stderr=_text(done.stderr))

    def ok(self, *words: str | Path, **options: Any) -> str:
        """Run it, and give its stdout; fail where it does not end with 0. `options` are a call's."""
        ended = self(*words, **options)
        assert ended.exit_status == 0, f"{' '.join(map(str, words))}: exit status {ended.exit_status}\n{ended.stderr}"
        return ended.stdout

    def start(self, *words: str | Path, env: Mapping[str, str] | None = None, **popen: Any) -> subprocess.Popen[bytes]:
        """Start it, with the streams that `popen` says; who starts it ends it (it is a context manager)."""
        return subprocess.Popen([*self.words, *map(str, words)], env=self._environment(env), **popen)

    def _environment(self, more: Mapping[str, str] | None) -> dict[str, str]:
        """Nothing of the developer's own settings, but where programs are."""
        kept = {
            name: os.environ[name]
            for name in ("PATH", "HOME", "TMPDIR", "COVERAGE_PROCESS_START")
            if name in os.environ
        }
        plain = {"LC_ALL": "C.UTF-8", "TERM": "xterm", "DOCKER_CONFIG": "/nonexistent"}
        return kept | plain | dict(self.env) | dict(more or {})


def _text(output: bytes) -> str:
    return output.decode(errors="surrogateescape")
