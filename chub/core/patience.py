"""Go on through a restart of containerd."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from chub.errors import Unavailable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.api.channel import Channel

T = TypeVar("T")

PATIENCE = 10.0  # seconds that a restarting containerd gets


def patiently(channel: Channel, call: Callable[[], T]) -> T:
    """What `call` gives, which is made again while containerd is away; Unavailable when it stays away.

    A containerd that is about to end refuses calls on a connection that still looks well: one more try is not enough.
    """
    deadline = 0.0  # no time is running yet: a wait may last for days before containerd goes
    while True:
        try:
            return call()
        except Unavailable:
            deadline = deadline or time.monotonic() + PATIENCE
            left = deadline - time.monotonic()
            if left <= 0:
                raise
            channel.wait_until_ready(left)
