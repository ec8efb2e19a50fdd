"""Ask before something is removed."""

import sys


def confirmed(warning: str) -> bool:
    """Whether the user says yes; the end of the input is no."""
    print(f"WARNING! {warning}\nAre you sure you want to continue? [y/N] ", end="", flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")
