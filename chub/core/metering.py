"""How far an import is, and what went by."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from chub.errors import Invalid
from chub.records import record

if TYPE_CHECKING:
    from chub.core.pack import Contents


@record
class Progress:
    """How far an import is."""

    bytes: int  # of the layer
    entries: int
    total_bytes: int | None = None  # of the files; None: nobody knows
    total_entries: int | None = None
    unpacking: bool = False  # all is read, containerd unpacks it


class Meter:
    """Counts and digests the chunks that pass, and tells how far they are. ``what`` they are is for errors."""

    def __init__(
        self,
        what: str,
        contents: Contents,
        progress: Callable[[Progress], None] | None,
        *,
        total_bytes: int | None = None,
        total_entries: int | None = None,
    ) -> None:
        self._what = what
        self._contents = contents
        self._progress = progress
        self._total = (total_bytes, total_entries)
        self._sha256 = hashlib.sha256()
        self.size = 0  # bytes

    def passing(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """The same chunks. Invalid at the end if there was no entry."""
        for chunk in chunks:
            self._sha256.update(chunk)
            self.size += len(chunk)
            self.tell()
            yield chunk
        if not self._contents.entries:
            raise Invalid(f"{self._what}: not a root filesystem: it is empty")

    def tell(self, *, unpacking: bool = False) -> None:
        """Say how far it is."""
        if self._progress is not None:
            self._progress(
                Progress(
                    bytes=self.size,
                    entries=self._contents.entries,
                    total_bytes=self._total[0],
                    total_entries=self._total[1],
                    unpacking=unpacking,
                )
            )

    @property
    def digest(self) -> str:
        """Of all that passed."""
        return "sha256:" + self._sha256.hexdigest()
