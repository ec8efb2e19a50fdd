"""What an examination gives, and what mending gives."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from chub.chain.links import Evidence
from chub.records import record


class Kind(StrEnum):
    """What a finding is about."""

    TASK = "task"  # what runs of a container, as containerd has it
    SHIM = "shim"  # a process between containerd and a container
    MOUNT = "mount"
    CGROUP = "cgroup"
    BUNDLE = "bundle"  # a task's directory in containerd's state directory
    FIFO = "fifo"  # of containerd's Go clients
    STATE = "state"  # a directory below the state root: FIFOs, runc's state
    RECORD = "record"  # a container as containerd has it
    DIRECTORY = "directory"  # of a container, below the data root
    SNAPSHOT = "snapshot"
    INGEST = "ingest"  # a blob that is not whole
    KEEPER = "keeper"
    LEASE = "lease"


@record
class Finding:
    """One thing that is left over or broken."""

    kind: Kind
    namespace: str  # containerd's, that it was found in
    subject: str  # an id, a path, a pid, SNAPSHOTTER/KEY
    problem: str
    owner: str = ""  # chub, docker, kubernetes, nerdctl; "" where nothing tells
    since: datetime | None = None  # None where nothing tells
    size: int | None = None  # bytes; None for what takes none, or does not say
    evidence: tuple[Evidence, ...]
    command: str = ""  # what mends it by hand; "" where no command does, and containerd will by itself
    mendable: bool = False  # whether `mend` does it: it is chub's, and nothing that lives depends on it

    @property
    def key(self) -> tuple[Kind, str, str, datetime | None]:
        """What makes it the same finding at another look."""
        return self.kind, self.namespace, self.subject, self.since

    def as_json(self) -> dict[str, Any]:
        """It as JSON has it: `since` is an RFC 3339 time, `size` a number of bytes."""
        return {
            "kind": self.kind.value,
            "namespace": self.namespace,
            "subject": self.subject,
            "problem": self.problem,
            "owner": self.owner,
            "since": self.since.isoformat() if self.since else None,
            "size": self.size,
            "evidence": [{"source": each.source, "said": each.said} for each in self.evidence],
            "command": self.command,
            "mendable": self.mendable,
        }


@record
class Mended:
    """What came of mending."""

    mended: tuple[Finding, ...] = ()
    failed: tuple[tuple[Finding, str], ...] = ()  # … and why
    left: tuple[Finding, ...] = ()  # what another examination found afterwards
