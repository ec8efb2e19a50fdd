"""Ask before something is removed."""

import sys


def confirmed(warning: str, lost: str = "") -> bool:
    """Whether the user says yes, who is told what will be `lost`; the end of the input is no."""
    lost = f"{lost}\n" if lost else ""
    print(f"WARNING! {warning}\n{lost}Are you sure you want to continue? [y/N] ", end="", flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")
