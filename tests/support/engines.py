"""Real engines, started and stopped by tests/engines/engines.sh."""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

SCRIPT = Path(__file__).parents[1] / "engines" / "engines.sh"
PATIENCE = 30.0  # seconds
PREFERRED = ("1.7", "host", "2.1", "1.6")


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """A private containerd."""

    version: str  # as engines.sh calls it: 1.6, 1.7, 2.1, host
    directory: Path  # its root, state, socket and log
    programs: Path  # the directory of containerd, its shim and ctr

    @property
    def address(self) -> str:
        """Its socket."""
        return str(self.directory / "containerd.sock")

    @property
    def log(self) -> Path:
        """What it says."""
        return self.directory / "containerd.log"

    @property
    def bundles(self) -> Path:
        """Its bundles: a directory per namespace with a directory per task."""
        return self.directory / "state" / "io.containerd.runtime.v2.task"

    @property
    def pid(self) -> int:
        """Its containerd's."""
        return int((self.directory / "pid").read_text())

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """End containerd, not its shims, and wait until it is gone."""
        waiting = os.pidfd_open(self.pid)
        try:
            os.kill(self.pid, number)
            assert select.select([waiting], [], [], PATIENCE)[0], f"containerd {self.pid} did not end"
        finally:
            os.close(waiting)

    def start(self, path: Path | None = None) -> None:
        """Start it again in the same directory; `path` is where it looks for programs."""
        environment = {} if path is None else {"ENGINE_PATH": str(path)}
        _script("start", self.version, str(self.directory), **environment)

    def ctr(self, *words: str, namespace: str = "default") -> str:
        """What this engine's own `ctr` prints."""
        if verb := next((each for each in (("run",), ("task", "exec")) if words[: len(each)] == each), None):
            # its FIFOs would stay below /run/containerd
            words = (*verb, "--fifo-dir", str(self.directory / "fifo"), *words[len(verb) :])
        command = [str(self.programs / "ctr"), "--address", self.address, "--namespace", namespace, *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def unavailable(reason: str) -> NoReturn:
    """A test cannot run here: an error where a machine looks at the result, a reason to skip at a desk."""
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def available() -> list[str]:
    """The engines that engines.sh can start on this host."""
    return _script("list").split()


def programs(engine: str) -> Path:
    """The directory of an engine's programs."""
    return Path(_script("path", engine), "bin")


def chosen(wanted: str | None) -> str:
    """The engine for containerd tests: the wanted one, or the first of `PREFERRED` that is there."""
    found = available()
    if wanted is not None:
        if wanted not in found:
            unavailable(f"no engine {wanted} here, only {', '.join(found) or 'none'}: {SCRIPT.name} install")
        return wanted
    for version in PREFERRED:
        if version in found:
            return version
    unavailable(f"no containerd on this host: {SCRIPT.name} install, or apt-get install containerd")


@contextmanager
def containerd(version: str) -> Iterator[Engine]:
    """A private containerd for as long as the context lasts; its directory goes with it."""
    with _running(version) as directory:
        yield Engine(version=version, directory=directory, programs=programs(version))


@contextmanager
def dockerd(store: str = "overlay2") -> Iterator[Path]:
    """A private dockerd and its containerd, by their directory; `store` is overlay2 or containerd."""
    with _running("docker", store) as directory:
        yield directory


@contextmanager
def _running(engine: str, *options: str) -> Iterator[Path]:
    if os.geteuid() != 0:
        unavailable("engines need root")
    directory = Path(tempfile.mkdtemp(prefix=f"chub-{engine}-"))  # not tmp_path: a socket's path has to be short
    try:
        _script("start", engine, str(directory), *options)
        yield directory
    finally:
        _script("stop", str(directory))
        shutil.rmtree(directory)


def _script(*words: str, **environment: str) -> str:
    done = subprocess.run(
        [SCRIPT, *words],
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env=os.environ | environment,
    )
    if done.returncode != 0:
        pytest.fail(f"{SCRIPT.name} {' '.join(words)}: {done.stderr.strip()}", pytrace=False)
    return done.stdout.strip()
