"""Linux capabilities: their names, and docker's algebra of adding and dropping."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chub.errors import Invalid
from chub.oci.spec.base import CAPABILITIES

if TYPE_CHECKING:
    from collections.abc import Iterable

ALL = "ALL"

# In the kernel's order: a name's place is its bit.
_WORDS = """
CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE
NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT
SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP
MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE
"""
NAMES = tuple(f"CAP_{word}" for word in _WORDS.split())


def from_bits(bits: int) -> tuple[str, ...]:
    """The names in a set of capabilities, given as in /proc/PID/status; unknown bits are left out."""
    return tuple(name for place, name in enumerate(NAMES) if bits >> place & 1)


def combine(add: Iterable[str], drop: Iterable[str], *, bounding: tuple[str, ...]) -> tuple[str, ...]:
    """Docker's default capabilities with those in `add` and without those in `drop`.

    ``ALL`` in `add` is all of `bounding`, ``ALL`` in `drop` leaves only what is added; with both, the drop of
    all has no effect (docker's rule). Names are taken in any case, with or without ``CAP_``. Invalid: no such
    name, or the host does not have it.
    """
    added = [_normal(name, "CapAdd", bounding) for name in add]
    dropped = [_normal(name, "CapDrop", bounding) for name in drop]
    if ALL in added:
        return tuple(name for name in bounding if name not in dropped)
    kept = [] if ALL in dropped else [name for name in CAPABILITIES if name not in dropped]
    return tuple(dict.fromkeys((*kept, *added)))


def _normal(name: str, where: str, bounding: tuple[str, ...]) -> str:
    """The full name, in capitals."""
    capability = name.strip().upper()
    if capability == ALL:
        return ALL
    if not capability.startswith("CAP_"):
        capability = f"CAP_{capability}"
    if capability not in NAMES:
        raise Invalid(f'invalid {where}: unknown capability: "{capability}"', hint="see capabilities(7)")
    if capability not in bounding:
        raise Invalid(
            f"invalid {where}: capability not supported by your kernel "
            f'or not available in the current environment: "{capability}"'
        )
    return capability
