"""FIFOs of containerd's Go clients that nobody opens any more."""

from __future__ import annotations

import os
import re
import shlex
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from chub.chain.links import Evidence
from chub.doctor.findings import Finding, Kind
from chub.doctor.scene import Scene, changed

DIRECTORY = "/run/containerd/fifo"  # the default of containerd's Go package cio: ctr, nerdctl and the like
STREAM = re.compile(r"(.+)-(?:stdin|stdout|stderr)")


def find(scene: Scene) -> Iterator[Finding]:
    """Directories whose FIFOs no process has open. They tell no namespace: they are the host's."""
    left: dict[Path, set[Path]] = {}
    for directory in sorted(scene.host.path(DIRECTORY).glob("*")):
        if streams := set(_fifos(directory)):
            left[directory] = streams
    if not left:
        return
    opened = set(_opened(scene))
    for directory, streams in left.items():
        since = changed(directory)
        if not scene.settled(since) or opened & {_identity(each) for each in streams}:
            continue
        ids = sorted({found[1] for each in streams if (found := STREAM.fullmatch(each.name))})
        if scene.tasks.keys() & set(ids):
            continue
        yield Finding(
            kind=Kind.FIFO,
            namespace=scene.namespace,
            subject=str(directory),
            problem=f"no process has the FIFOs of {', '.join(each[:12] for each in ids) or 'it'} open",
            since=since,
            evidence=(
                Evidence(str(directory), " ".join(sorted(each.name for each in streams))),
                Evidence("/proc/*/fd", "none of them"),
            ),
            command=f"rm -r {shlex.quote(str(directory))}",
        )


def _fifos(directory: Path) -> Iterator[Path]:
    with suppress(OSError):
        yield from (path for path in directory.iterdir() if stat.S_ISFIFO(path.lstat().st_mode))


def _identity(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_dev, found.st_ino


def _opened(scene: Scene) -> Iterator[tuple[int, int]]:
    """The files below `DIRECTORY` that processes have open."""
    directory = str(scene.host.path(DIRECTORY))
    for pid in scene.host.pids():
        descriptors = scene.host.path(f"/proc/{pid}/fd")
        with suppress(OSError):  # it has gone
            for each in descriptors.iterdir():
                with suppress(OSError):
                    if os.readlink(each).startswith(directory):
                        yield _identity(each)
