"""What is measured: commands and a running program, in turns, each checked to have done its work."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import FrameType, TracebackType

REPOSITORY = Path(__file__).parents[2]
DEADLINE = 180  # seconds for one run of a peer


class Failed(Exception):
    """A peer did not do what it was measured for: there is no figure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One run."""

    seconds: float
    memory: int = 0  # bytes, the process's peak; 0: not measured


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Something to measure: `run` is timed and raises Failed, `tidy` follows it and is not timed."""

    name: str
    run: Callable[[], Sample]
    tidy: Callable[[], object] = lambda: None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a process ended. `began` is on the clock of `time.perf_counter_ns`, which all processes share."""

    exit_status: int
    began: int  # nanoseconds
    ended: int  # nanoseconds
    memory: int  # bytes: its peak, or this process's if that is more, which execve(2) hands on
    stdout: str
    stderr: str


def measure(peers: Sequence[Peer], *, rounds: int, warm_up: int) -> dict[str, list[Sample]]:
    """Run all peers in turns (A B C A B C …); what the `warm_up` rounds gave is dropped."""
    samples: dict[str, list[Sample]] = {peer.name: [] for peer in peers}
    for place in range(warm_up + rounds):
        for peer in peers:
            try:
                sample = peer.run()
            except Failed as failure:
                raise Failed(f"{peer.name}: {failure}") from failure
            peer.tidy()
            if place >= warm_up:
                samples[peer.name].append(sample)
    return samples


def command(*words: str | Path, env: Mapping[str, str], lines: int | None = None) -> Callable[[], Sample]:
    """A program's run from its start to its end, as a peer's `run`.

    It must end with 0 and, where `lines` is given, have written as many to stdout.
    """

    def run() -> Sample:
        ended = spawn(*words, env=env)
        if ended.exit_status != 0:
            raise Failed(f"exit status {ended.exit_status}: {ended.stderr.strip()[-500:]}")
        if lines is not None and len(ended.stdout.splitlines()) != lines:
            raise Failed(f"{lines} lines were to come, it wrote {ended.stdout[-500:]!r}")
        return Sample(seconds=(ended.ended - ended.began) / 1e9, memory=ended.memory)

    return run


def spawn(*words: str | Path, env: Mapping[str, str]) -> Ended:
    """Run a program (an absolute path and its arguments) to its end, stdin empty, output kept in memory."""
    argv = [str(word) for word in words]
    stdout, stderr = os.memfd_create("stdout"), os.memfd_create("stderr")
    try:
        actions = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_DUP2, stdout, 1),
            (os.POSIX_SPAWN_DUP2, stderr, 2),
        ]
        signal.signal(signal.SIGALRM, _overdue)
        signal.alarm(DEADLINE)
        began = time.perf_counter_ns()
        pid = os.posix_spawn(argv[0], argv, env, file_actions=actions)
        try:
            _, status, usage = os.wait4(pid, 0)
        except BaseException:
            os.kill(pid, signal.SIGKILL)
            os.wait4(pid, 0)
            raise
        ended = time.perf_counter_ns()
        signal.alarm(0)
        return Ended(
            exit_status=os.waitstatus_to_exitcode(status),
            began=began,
            ended=ended,
            memory=usage.ru_maxrss * 1024,
            stdout=_written(stdout),
            stderr=_written(stderr),
        )
    finally:
        os.close(stdout)
        os.close(stderr)


def _overdue(number: int, frame: FrameType | None) -> NoReturn:
    raise Failed(f"not done after {DEADLINE} s")


def _written(fd: int) -> str:
    return os.pread(fd, os.fstat(fd).st_size, 0).decode(errors="replace")


class Program:
    """A Python program that keeps running with the SDK in it: `tests.bench.program`, asked line by line."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.program"],
            env=env,
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Program:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()

    def ask(self, what: str, **arguments: Any) -> Sample:
        """Have it done, and time it from here; raises Failed."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        request = json.dumps([what, arguments]) + "\n"
        began = time.perf_counter_ns()
        stdin.write(request)
        stdin.flush()
        answer = stdout.readline()
        seconds = (time.perf_counter_ns() - began) / 1e9
        if answer != "done\n":
            raise Failed(f"{what}: {answer.strip() or 'the program has ended'}")
        return Sample(seconds=seconds)
