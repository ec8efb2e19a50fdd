"""A lease around work that makes things one after the other: none is collected before they hold together."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from chub.core.marks import CLIENT_LABEL
from chub.core.undo import gone

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.api.leases import Lease
    from chub.api.services import Services

LIFE = timedelta(hours=1)  # what a killed client leaves is collected after this


@contextmanager
def leased(services: Services, purpose: str, *, life: timedelta = LIFE) -> Iterator[Services]:
    """The services under a lease ``chub-PURPOSE-…`` of this block.

    What nothing else refers to when the block ends is collected with containerd's next collection; when the
    process is killed in it, with the next one after the lease's life.
    """
    lease = services.leases.create(f"chub-{purpose}-{os.urandom(8).hex()}", expires=life, labels=mine()).id
    try:
        yield services.under(lease)
    finally:
        gone(services.leases.delete, lease)


def collect(services: Services) -> None:
    """Have containerd collect now what nothing refers to; returns when it has."""
    lease = services.leases.create(f"chub-collect-{os.urandom(8).hex()}", expires=LIFE, labels=mine())
    services.leases.delete(lease.id, sync=True)


def mine() -> dict[str, str]:
    """The label of a lease that ends with this process: boot, pid namespace, pid and start name a process for good."""
    from chub.keeper.kept import start_ticks

    return {CLIENT_LABEL: f"{_here()} {os.getpid()} {start_ticks(os.getpid())}"}


def abandoned(lease: Lease) -> str:
    """Why nobody holds a lease any more; "" where somebody does.

    The client that made it decides where it can be seen from here, else the time that the lease was given.
    """
    from chub.api.leases import EXPIRE_LABEL
    from chub.keeper.kept import start_ticks
    from chub.oci.config import parse_time

    words = lease.labels.get(CLIENT_LABEL, "").split()
    if len(words) == 4:
        here, pid, ticks = " ".join(words[:2]), int(words[2]), int(words[3])
        if words[0] != _boot():
            return "its client ran before the host was started"
        if here == _here():
            return "" if start_ticks(pid) == ticks else f"its client, process {pid}, is gone"
    expiry = parse_time(lease.labels.get(EXPIRE_LABEL, ""))
    return f"expired at {expiry:%Y-%m-%d %H:%M:%S} UTC" if expiry and expiry < datetime.now(UTC) else ""


def _boot() -> str:
    with open("/proc/sys/kernel/random/boot_id") as file:
        return file.read().strip()


def _here() -> str:
    """Where a pid of ours means something: this boot, this pid namespace."""
    return f"{_boot()} {os.stat('/proc/self/ns/pid').st_ino}"
