"""Where it is measured: private engines, trees and images, started when a case first needs them."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.peers import Failed, Program, spawn
from tests.support import engines, rootfs
from tests.support.command import CHUB

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import TracebackType

    from tests.support.engines import Engine

IMAGE = "bench"
FULL_IMAGE = f"docker.io/library/{IMAGE}:latest"  # as ctr wants it
NAMESPACE = "bench"
WAITING = ("sh", "-c", "echo up; exec cat")  # until the end of its input
MODULES = ("chub", "grpc", "google", "typer", "rich")  # with what they need, all that a command imports


class Scene:
    """Two private engines, one for chub and ctr and one for docker. Closing it takes all away."""

    def __init__(self, version: str) -> None:
        self.version = version
        self._stack = ExitStack()
        self.directory = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="chub-b-")))

    def __enter__(self) -> Scene:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @cached_property
    def bare(self) -> Mapping[str, str]:
        """The environment of commands that ask no engine: nothing of the caller's but where programs are."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        return kept | {"LC_ALL": "C.UTF-8", "DOCKER_CONFIG": str(self.directory)}

    @cached_property
    def env(self) -> Mapping[str, str]:
        """The environment of all peers."""
        for name in ("data", "state"):
            (self.directory / name).mkdir(mode=0o700)
        return dict(self.bare) | {
            "CONTAINERD_ADDRESS": self.engine.address,
            "CONTAINERD_NAMESPACE": NAMESPACE,
            "CHUB_DATA_ROOT": str(self.directory / "data"),
            "CHUB_STATE_ROOT": str(self.directory / "state"),
            "DOCKER_HOST": f"unix://{self._stack.enter_context(engines.dockerd())}/docker.sock",
        }

    @cached_property
    def engine(self) -> Engine:
        """The containerd of chub and ctr."""
        return self._stack.enter_context(engines.containerd(self.version))

    @cached_property
    def program(self) -> Program:
        """A running program with the SDK."""
        return self._stack.enter_context(Program(self.env))

    @cached_property
    def docker(self) -> str:
        """Docker's command line."""
        return str(engines.programs("docker") / "docker")

    @cached_property
    def ctr(self) -> str:
        """The engine's own client."""
        return str(self.engine.programs / "ctr")

    @cached_property
    def runc_root(self) -> str:
        """Where runc keeps what `ctr` runs: its default is one place for all engines of the host."""
        return str(self.directory / "runc")

    @cached_property
    def image(self) -> str:
        """A busybox image of that name in containerd and in docker, of the same tree."""
        self.must(CHUB, "rootfs", "import", self.busybox, IMAGE)
        self.must(*self.docker_import(self.busybox, IMAGE))
        return IMAGE

    @cached_property
    def busybox(self) -> Path:
        """A busybox tree."""
        return rootfs.busybox()

    @cached_property
    def debian(self) -> Path:
        """A Debian minbase tree, made once per user and machine."""
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "chub-tests"
        cache.mkdir(parents=True, exist_ok=True, mode=0o700)
        tree = cache / "debian"
        with open(cache / "debian.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not tree.exists():
                with tempfile.TemporaryDirectory(dir=cache) as scratch:
                    made = Path(scratch, "tree")
                    subprocess.run([engines.SCRIPT, "rootfs", "debian", made], check=True, stdin=subprocess.DEVNULL)
                    made.rename(tree)
        return tree

    def docker_import(self, tree: Path, name: str) -> tuple[str, ...]:
        """The command that makes a tree an image of docker's."""
        script = 'set -o pipefail; tar -C "$0" -c . | "$1" import - "$2"'
        return ("/bin/bash", "-c", script, str(tree), self.docker, name)

    def must(self, *words: str | Path, env: Mapping[str, str] | None = None) -> str:
        """What a command of the set-up prints."""
        ended = spawn(*words, env=self.env if env is None else env)
        if ended.exit_status != 0:
            raise Failed(f"{' '.join(map(str, words))}: exit status {ended.exit_status}: {ended.stderr.strip()[-500:]}")
        return ended.stdout

    @contextmanager
    def container(
        self, client: str | Path, env: Mapping[str, str] | None = None, *, name: str | None = None
    ) -> Iterator[None]:
        """A container of that client's in the foreground, which runs for as long as the context lasts."""
        named = ["--name", name] if name else []
        words = [str(client), "run", "--rm", "--interactive", "--network", "none", *named, self.image, *WAITING]
        with subprocess.Popen(
            words, env=self.env if env is None else env, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as running:
            assert running.stdout is not None
            if running.stdout.readline() != b"up\n":
                raise Failed(f"{' '.join(words)}: exit status {running.wait()}")
            try:
                yield
            finally:
                running.communicate()
        if running.returncode != 0:
            raise Failed(f"{' '.join(words)}: exit status {running.returncode}")


def compile_modules() -> None:
    """Have every module that a command imports compiled: without that, each start would compile them."""
    found = [spec for spec in map(find_spec, MODULES) if spec is not None]
    directories = [where for spec in found for where in spec.submodule_search_locations or ()]
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run([sys.executable, "-m", "compileall", "-q", *directories], check=True, env=env)


def missing(version: str) -> str:
    """Why the suite cannot run here; "" if it can."""
    if os.geteuid() != 0:
        return "engines need root"
    found = engines.available()
    absent = [engine for engine in (version, "docker") if engine not in found]
    if absent or shutil.which("runc") is None:
        return f"no engine {' and '.join(absent) or 'with a runc'} here: {engines.SCRIPT} install"
    return ""
