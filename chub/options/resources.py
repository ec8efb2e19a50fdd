"""What the container may use of the host."""

from chub.errors import Invalid, Unsupported
from chub.options.values import LARGEST, clean, parse_int
from chub.records import record

_LIMITS = "core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack"
LIMITS = frozenset(_LIMITS.split())

# Kernel parameters that a namespace of the container's own holds; all others are the host's.
SYSCTLS = frozenset(
    f"kernel.{name}" for name in ("msgmax", "msgmnb", "msgmni", "sem", "shmall", "shmmax", "shmmni", "shm_rmid_forced")
)
SYSCTL_TREES = ("net.", "fs.mqueue.")

_UNITS = {unit: 1024**power for power, unit in enumerate("bkmgtp")}


@record
class Ulimit:
    """One resource limit (setrlimit(2)). -1 is unlimited."""

    name: str  # as in ulimit's long names without RLIMIT_: nofile, nproc, core, …
    soft: int
    hard: int


@record
class Device:
    """A device of the host that the container may use: a node, or a directory with all nodes in it."""

    path: str  # on the host
    target: str  # in the container
    permissions: str = "rwm"  # to read, to write, to make nodes of it


@record
class Resources:
    """Limits of processes, kernel parameters, devices."""

    ulimits: tuple[Ulimit, ...] = ()
    sysctls: tuple[str, ...] = ()  # NAME=VALUE
    oom_score_adj: int = 0  # -1000 to 1000: how gladly the kernel kills it when memory runs out
    cgroup_parent: str = ""  # cgroup to make the container's in, below the root; empty: /chub
    devices: tuple[Device, ...] = ()
    device_cgroup_rules: tuple[str, ...] = ()  # "c 42:* rwm": further devices that it may use


def parse_ulimit(text: str) -> Ulimit:
    """A resource limit written ``NAME=SOFT[:HARD]``; without a hard limit both are the same."""
    name, equals, limits = text.partition("=")
    if not equals:
        raise Invalid(f"invalid ulimit argument: {text}", hint="write it as NAME=SOFT[:HARD]")
    if name not in LIMITS:
        raise Invalid(f"invalid ulimit type: {name}", hint=f"known are {_LIMITS}")
    values = limits.split(":")
    if len(values) > 2:
        raise Invalid(f"too many limit value arguments - {limits}, can only have up to two, `soft[:hard]`")
    soft, hard = parse_int(values[0]), parse_int(values[-1])
    if min(soft, hard) < -1:
        raise Invalid(f"invalid ulimit argument: {text}", hint="-1 stands for unlimited")
    if hard != -1 and (soft == -1 or soft > hard):
        found = f"soft: -1 (unlimited), hard: {hard}" if soft == -1 else f"{soft} > {hard}"
        raise Invalid(f"ulimit soft limit must be less than or equal to hard limit: {found}")
    return Ulimit(name=name, soft=soft, hard=hard)


def parse_sysctl(text: str) -> str:
    """A kernel parameter written ``NAME=VALUE``: only such as the container has for itself."""
    name, equals, _ = text.partition("=")
    if not equals or not (name in SYSCTLS or name.startswith(SYSCTL_TREES)):
        raise Invalid(f"sysctl '{text}' is not allowed")
    return text


def parse_device(text: str) -> Device:
    """A device written ``PATH[:PATH IN THE CONTAINER][:PERMISSIONS]``; raises Invalid in docker's words."""
    path, *more = text.split(":")
    if not path or len(more) > 2:
        raise Invalid(f"bad format for path: {text}")
    if "=" in path and not path.startswith("/"):
        raise Unsupported(f"the CDI device {path} is not supported yet")
    permissions = more.pop() if len(more) == 2 or (more and _are_permissions(more[0])) else "rwm"
    target = more[0] if more else path
    if not _are_permissions(permissions):
        raise Invalid(f"bad mode specified: {permissions}")
    if not target.startswith("/"):
        raise Invalid(f"{target} is not an absolute path")
    return Device(path=path if more else clean(path), target=clean(target), permissions=permissions)


def _are_permissions(text: str) -> bool:
    return bool(text) and set(text) <= set("rwm") and len(set(text)) == len(text)


def parse_device_rule(text: str) -> str:
    """A rule of the device cgroup: ``TYPE MAJOR:MINOR PERMISSIONS``, as ``c 42:* rwm``."""
    import re

    if not re.fullmatch(r"[acb] ([0-9]+|\*):([0-9]+|\*) [rwm]{1,3}", text):
        raise Invalid(f"invalid device cgroup format '{text}'")
    return text


def parse_size(text: str) -> int:
    """A size in bytes, as docker's flags take it: a number with b, k, m, g, t or p (powers of 1024).

    Letters in any case, ``kb`` and ``kib`` the same as ``k``, fractions allowed, a space before the unit too.
    """
    end = max((place for place, letter in enumerate(text) if letter in "0123456789. "), default=-1) + 1
    number, suffix = text[:end].removesuffix(" "), text[end:]
    unit = suffix.lower()
    try:
        size = float(number)
    except ValueError as failure:
        raise Invalid(f"invalid size: '{text}'") from failure
    if unit and (unit[0] not in _UNITS or unit[1:] not in ("", "b", "ib") or unit in ("bb", "bib")):
        raise Invalid(f"invalid suffix: '{unit}'", hint="use b, k, m, g, t or p")
    if number != number.strip() or not 0 <= size * _UNITS[unit[:1] or "b"] <= LARGEST:
        raise Invalid(f"invalid size: '{text}'")
    return int(size * _UNITS[unit[:1] or "b"])
