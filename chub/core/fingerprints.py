"""What is known of a directory that was imported: whether it has changed is seen without reading it."""

from __future__ import annotations

import hashlib
import json
import os
import time
from datetime import datetime
from pathlib import Path

from chub.core.workspace import private_directory
from chub.oci.config import parse_time, rfc3339
from chub.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.core.pack import TreePacker
    from chub.core.tree import Tree

RECENT = 2_000_000_000  # nanoseconds: a second change within that may leave an entry's times as they are
VERSION = 1


def recent() -> int:
    """The time (nanoseconds) from which on a change is too recent for times to tell of another."""
    return time.time_ns() - RECENT


@record
class Known:
    """A directory as it was imported."""

    fingerprint: str  # of the names, inodes, sizes and times of all entries
    since: int  # nanoseconds: entries changed from then on had changed lately
    fresh: str  # digest of those entries
    lately: int  # how many they are
    newest: int  # the latest change of all, nanoseconds
    chain_id: str
    architecture: str
    created: datetime
    entries: int


class Memory:
    """The file that holds what is known of one directory."""

    def __init__(self, state_dir: Path, directory: Path, snapshotter: str) -> None:
        key = hashlib.sha256(os.fsencode(directory) + b"\0" + snapshotter.encode()).hexdigest()
        self._path = state_dir / "rootfs" / f"{key[:32]}.json"

    def recall(self) -> Known | None:
        """What is known; None if nothing is, or nothing that this version understands."""
        try:
            found = json.loads(self._path.read_bytes())
            if found.pop("version") != VERSION:
                return None
            created = parse_time(found.pop("created"))
            return Known(created=created, **found) if created else None
        except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def holds(self, known: Known, tree: Tree) -> bool:
        """Is the directory as it was? Only entries that had changed just before the import are read again."""
        from chub.core.pack import TreePacker

        since = recent()
        survey = tree.survey()
        if survey.fingerprint != known.fingerprint:
            return False
        if not known.lately:
            return True
        again = TreePacker(tree, recent=known.since, only_recent=True)
        for _ in again.chunks():
            pass
        if again.fresh != known.fresh or again.survey.fingerprint != known.fingerprint:
            return False
        if known.newest < since:  # nothing that changes from now on can be missed
            self._write(known, lately=0)
        return True

    def keep(self, packer: TreePacker, chain_id: str, architecture: str, created: datetime) -> None:
        """Remember a directory that has just been imported."""
        known = Known(
            fingerprint=packer.survey.fingerprint,
            since=packer.since,
            fresh=packer.fresh,
            lately=packer.lately,
            newest=packer.survey.newest,
            chain_id=chain_id,
            architecture=architecture,
            created=created,
            entries=packer.contents.entries,
        )
        self._write(known, lately=known.lately)

    def _write(self, known: Known, *, lately: int) -> None:
        content = {
            "version": VERSION,
            "fingerprint": known.fingerprint,
            "since": known.since,
            "fresh": known.fresh,
            "lately": lately,
            "newest": known.newest,
            "chain_id": known.chain_id,
            "architecture": known.architecture,
            "created": rfc3339(known.created),
            "entries": known.entries,
        }
        private_directory(self._path.parent)
        written = self._path.with_suffix(f".{os.getpid()}")
        written.write_text(json.dumps(content, indent=1))
        written.replace(self._path)
