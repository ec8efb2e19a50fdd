"""Disks that are full: ext4 in a file, over a directory."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.waiting import wait_until

PIECES = (1 << 20, 1 << 12, 1)  # bytes: it is filled to the last one
NEARLY = 1 << 18  # bytes: less than these a file system may keep for its own
ROUNDS = 2  # the file system gives back what it had set apart only when it is full


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """A file system of its own."""

    place: Path

    @property
    def room(self) -> int:
        """Bytes that are free."""
        seen = os.statvfs(self.place)
        return seen.f_bavail * seen.f_frsize

    def fill(self, *, but: int = 0) -> None:
        """Leave no room, or `but` so many bytes."""
        for _ in range(ROUNDS):
            for piece in PIECES:
                self._write(bytes(piece))
            os.sync()
        if but:
            os.truncate(self._ballast, self._ballast.stat().st_size - but)

    def _write(self, piece: bytes) -> None:
        with open(self._ballast, "ab", buffering=0) as file:
            try:
                while file.write(piece):
                    pass
            except OSError:  # it is full
                return

    def wait_until_full(self, patience: float) -> None:
        """Wait until others have filled it, and take what the file system leaves them."""
        wait_until(lambda: self.room < NEARLY, patience, f"a full disk at {self.place}")
        self.fill()

    def make_room(self) -> None:
        """Take away what it was filled with."""
        self._ballast.unlink()

    @property
    def _ballast(self) -> Path:
        return self.place / "ballast"


@contextmanager
def disk(place: Path, mebibytes: int) -> Iterator[Disk]:
    """A disk of that size over a directory that is empty."""
    with tempfile.NamedTemporaryFile(prefix="chub-disk-") as file:
        os.truncate(file.name, mebibytes << 20)
        subprocess.run(["mkfs.ext4", "-q", "-F", "-m", "0", file.name], check=True)
        subprocess.run(["mount", "-o", "loop", file.name, place], check=True)
        try:
            (place / "lost+found").rmdir()
            place.chmod(0o700)
            yield Disk(place=place)
        finally:
            subprocess.run(["umount", "--lazy", place], check=True)
