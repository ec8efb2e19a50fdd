"""How much of the host a container may use: what cgroups hold it to."""

from chub.errors import Invalid
from chub.options.resources import parse_size
from chub.options.values import LARGEST, parse_int, parse_integer
from chub.records import record

UNLIMITED = -1
LARGEST_CPU = 8192  # the highest number that docker takes in a list of CPUs or memory nodes
HEAVIEST = 2**16 - 1


@record
class Limits:
    """Limits of cgroups. 0, "" and None leave a thing unlimited; in an update, as it is.

    Raw numbers are docker's, and so are their ranges: they are checked when a container is made or changed.
    """

    memory: int = 0  # bytes, at least 6 MiB
    memory_swap: int = 0  # bytes of memory and swap together; 0: twice `memory`, -1: any amount
    memory_reservation: int = 0  # bytes that it is pressed down to when the host runs short
    memory_swappiness: int | None = None  # 0 to 100; cgroup version 1 only
    oom_kill_disable: bool = False  # programs wait for memory instead; cgroup version 1 only
    nano_cpus: int = 0  # billionths of a CPU: 1_500_000_000 are one and a half
    cpu_shares: int = 0  # weight beside others: 2 to 262144, usually 1024
    cpu_period: int = 0  # microseconds, 1,000 to 1,000,000
    cpu_quota: int = 0  # microseconds of CPU time in a period; -1: any
    cpuset_cpus: str = ""  # "0-2,7"
    cpuset_mems: str = ""  # NUMA nodes, in the same form
    pids_limit: int | None = None  # processes and threads; -1: any number
    blkio_weight: int = 0  # 10 to 1000


def parse_cpus(text: str) -> int:
    """A number of CPUs (1.5, 3/4, 1e-1) in billionths of one."""
    from fractions import Fraction

    exponent = text.lower().partition("e")[2].lstrip("+-")
    try:
        if not text.isascii() or any(letter.isspace() or letter == "_" for letter in text) or len(exponent) > 3:
            raise ValueError
        cpus = Fraction(text) * 10**9
    except (ValueError, ZeroDivisionError) as failure:
        raise Invalid(f"failed to parse {text} as a rational number") from failure
    if cpus.denominator != 1:
        raise Invalid("value is too precise")
    return max(-LARGEST, min(cpus.numerator, LARGEST))


def parse_memory_swap(text: str) -> int:
    """A size, or -1 for no limit."""
    return UNLIMITED if text == "-1" else parse_size(text)


def parse_weight(text: str) -> int:
    """A number of 16 bits without a sign."""
    number = parse_integer(text) if text[:1] not in ("+", "-") else None
    if number is None:
        raise Invalid(f'parsing "{text}": invalid syntax')
    if number > HEAVIEST:
        raise Invalid(f'parsing "{text}": value out of range')
    return number


def parse_set(text: str) -> frozenset[int]:
    """The numbers in a list such as ``0-2,7``. Raises Invalid for what is none, and for a number over 8192."""
    found: set[int] = set()
    for part in text.split(",") if text else ():
        first, dash, last = part.partition("-")
        try:
            low, high = parse_int(first), parse_int(last if dash else first)
        except Invalid as failure:
            raise Invalid(f"invalid format: {text}") from failure
        if high < low:
            raise Invalid(f"invalid format: {text}")
        if high > LARGEST_CPU:
            raise Invalid(f"value of out range, maximum is {LARGEST_CPU}")
        found.update(range(low, high + 1))
    return frozenset(found)
