"""Signals as docker's flags and images name them."""

import re
import signal

from chub.errors import Invalid

FIRST, LAST = int(signal.SIGRTMIN), int(signal.SIGRTMAX)  # real-time signals
_NAMES = {name.removeprefix("SIG"): int(number) for name, number in signal.Signals.__members__.items()} | {
    "CLD": int(signal.SIGCHLD),
    "IOT": int(signal.SIGABRT),
    "POLL": int(signal.SIGIO),
    "STKFLT": 16,
}


def parse_signal(text: str) -> int:
    """The number of a signal: ``TERM``, ``sigterm``, ``15``, ``RTMIN+3``; Invalid for what is none."""
    if re.fullmatch(r"[+-]?[0-9]{1,18}", text):
        number = int(text)
        if number == 0:
            raise Invalid(f"invalid signal: {text}")
        if not 0 < number <= LAST:
            raise Invalid(f"the linux daemon does not support signal {number}", hint=f"there are 1 to {LAST}")
        return number
    name = text.upper().removeprefix("SIG")
    if found := re.fullmatch(r"RTMIN\+([0-9]{1,2})", name):
        number = FIRST + int(found[1])
    elif found := re.fullmatch(r"RTMAX-([0-9]{1,2})", name):
        number = LAST - int(found[1])
    else:
        number = _NAMES.get(name, 0)
    if number == 0 or (found and not FIRST <= number <= LAST):
        raise Invalid(f"invalid signal: {text}", hint="a name as TERM or SIGTERM, or a number")
    return number
