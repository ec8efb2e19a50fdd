"""A lease around work that makes things one after the other: none is collected before they hold together."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from chub.core.undo import gone

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.api.services import Services

LIFE = timedelta(hours=1)  # what a killed client leaves is collected after this


@contextmanager
def leased(services: Services, purpose: str, *, life: timedelta = LIFE) -> Iterator[Services]:
    """The services under a lease ``chub-PURPOSE-…`` of this block.

    What nothing else refers to when the block ends is collected with containerd's next collection; when the
    process is killed in it, with the next one after the lease's life.
    """
    lease = services.leases.create(f"chub-{purpose}-{os.urandom(8).hex()}", expires=life).id
    try:
        yield services.under(lease)
    finally:
        gone(services.leases.delete, lease)


def collect(services: Services) -> None:
    """Have containerd collect now what nothing refers to; returns when it has."""
    lease = services.leases.create(f"chub-collect-{os.urandom(8).hex()}", expires=LIFE)
    services.leases.delete(lease.id, sync=True)
