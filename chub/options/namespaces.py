"""What a container shares with the host or with another container instead of having its own."""

from chub.errors import Invalid
from chub.records import record

CONTAINER = "container:"
IPC = frozenset({"", "private", "shareable", "none", "host"})


@record
class Namespaces:
    """Namespaces beside the network's; "" is docker's default: its own."""

    ipc: str = ""  # private; shareable: others may join it; none: without /dev/shm; host; container:C
    pid: str = ""  # host, container:C
    uts: str = ""  # host
    cgroup: str = ""  # private, host; "": private with cgroup version 2, the host's with version 1


def joined(mode: str) -> str:
    """The container that a mode names; "" for any other mode."""
    return mode.removeprefix(CONTAINER) if mode.startswith(CONTAINER) else ""


def joins(network: str, namespaces: Namespaces) -> dict[str, str]:
    """The containers that are joined, each by the kind of namespace, as the spec calls it."""
    modes = {"network": network, "ipc": namespaces.ipc, "pid": namespaces.pid}
    return {kind: name for kind, mode in modes.items() if (name := joined(mode))}


def check(namespaces: Namespaces) -> None:
    """Raise Invalid in docker's words for a mode that there is not, but of IPC: docker's daemon checks that."""
    if namespaces.pid not in ("", "host") and not joined(namespaces.pid):
        raise Invalid("--pid: invalid PID mode", hint="use host or container:CONTAINER")
    if namespaces.uts not in ("", "host"):
        raise Invalid("--uts: invalid UTS mode", hint="use host")
    if namespaces.cgroup not in ("", "private", "host"):
        raise Invalid("--cgroupns: invalid CGROUP mode", hint="use private or host")


def check_ipc(mode: str) -> None:
    """Raise Invalid in docker's words for what is no mode of IPC."""
    if mode == CONTAINER:
        raise Invalid('failed to join IPC namespace: invalid name or ID supplied: ""')
    if mode not in IPC and not joined(mode):
        raise Invalid(f"invalid IPC mode: {mode}", hint="use private, shareable, none, host or container:CONTAINER")
