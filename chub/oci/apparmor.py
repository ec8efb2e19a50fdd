"""chub's AppArmor profile: what docker's default one allows and denies, as text for apparmor_parser(8).

A container may do all that is not denied. Denied are the ways out for one that has been given too much:
mounting, writing kernel parameters and the kernel's own file systems, reading its memory. Processes signal
and trace others of the profile only; from outside, those without confinement and the runtimes may signal
them.
"""

PROFILE = "chub-default"

_ALL = "rwklx"
_CHANGE = "wklx"


def profile_text() -> str:
    """The profile as source text. It includes no file of the host's, so it means the same everywhere."""
    allowed = ("network", "capability", "file", "umount", "unix")
    among = (
        *(f"signal (receive) peer={peer}" for peer in ("unconfined", "runc", "crun")),
        f"signal (send, receive) peer={PROFILE}",
        'signal (send, receive) set=("exists")',
        f"ptrace (trace, read) peer={PROFILE}",
        "ptrace (tracedby, readby)",
    )
    denied = ("mount", *(f"{path} {access}" for path, access in _denied_files()))
    rules = (*allowed, *among, *(f"deny {rule}" for rule in denied))
    body = "".join(f"  {rule},\n" for rule in rules)
    return f"profile {PROFILE} flags=(attach_disconnected, mediate_deleted) {{\n{body}}}\n"


def _denied_files() -> tuple[tuple[str, str], ...]:
    """Paths as AppArmor writes them, and what may not be done to them."""
    return (
        ("/proc/*", "w"),
        *((f"{path}/**", "w") for path in _besides("/proc/", "sys", digits=True)),
        ("/proc/sys?*/**", "w"),
        ("/proc/sys/[^k]**", "w"),
        ("/proc/sys/kernel/{?,??,[^s][^h][^m]**}", "w"),  # not shm*: those are the container's own
        ("/proc/sysrq-trigger", _ALL),
        ("/proc/kcore", _ALL),
        *((f"{path}/**", _CHANGE) for path in _besides("/sys/", "fs/cgroup")),
        ("/sys/firmware/**", _ALL),
        ("/sys/devices/virtual/powercap/**", _ALL),
        ("/sys/kernel/security/**", _ALL),
    )


def _besides(directory: str, path: str, *, digits: bool = False) -> tuple[str, ...]:
    """Patterns for what is in `directory` and neither leads to `path` nor, with `digits`, starts with one.

    AppArmor's patterns know no exceptions: so one for each letter at which a name can begin to differ.
    """
    return tuple(
        f"{directory}{path[:place]}[^{letter}{'1-9' if digits and not place else ''}]*"
        for place, letter in enumerate(path)
        if letter != "/"
    )
