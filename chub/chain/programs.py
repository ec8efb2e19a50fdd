"""Ask programs of the host for what no file says: their version, runc's view of a container. Read-only.

What to run is read from processes and files, so it is run only where nobody but root (or the caller) can have
put it.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from chub.chain.links import Evidence

if TYPE_CHECKING:
    from collections.abc import Callable

    from chub.chain.host import Host

TIMEOUT = 5.0  # seconds


def ask(host: Host, program: str, *arguments: str, read: Callable[[str], str]) -> Evidence:
    """Run a program and ``read`` its output, which may raise ValueError when it is not what was expected."""
    import subprocess

    source = " ".join((os.path.basename(program), *arguments))
    if not host.live:
        return Evidence(source, "", failed="recorded: programs cannot be asked")
    if reason := distrust(program):
        return Evidence(source, "", failed=f"not run: {reason}")
    try:
        ran = subprocess.run(
            [program, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TIMEOUT,
            check=True,
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C"},
        )
        return Evidence(source, read(ran.stdout.decode(errors="replace")))
    except subprocess.CalledProcessError as failure:
        said = failure.stderr.decode(errors="replace").strip().splitlines()
        return Evidence(source, "", failed=said[-1] if said else f"exit status {failure.returncode}")
    except subprocess.TimeoutExpired:
        return Evidence(source, "", failed=f"no answer within {TIMEOUT:g} s")
    except OSError as failure:
        return Evidence(source, "", failed=(failure.strerror or str(failure)).lower())
    except ValueError as failure:
        return Evidence(source, "", failed=f"unexpected output: {failure}")


def distrust(program: str) -> str:
    """Why a program must not be run: others than root or the caller could have written it. Empty: it may."""
    real = os.path.realpath(program)
    mine = {0, os.geteuid()}
    try:
        found = os.stat(real)
        if not stat.S_ISREG(found.st_mode):
            return f"{program} is not a file"
        while True:
            writable = found.st_mode & 0o022 and not (stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX)
            if found.st_uid not in mine or writable:
                return f"others may write {real}"
            if real == "/":
                return ""
            real = os.path.dirname(real)
            found = os.stat(real)
    except OSError as failure:
        return f"{program}: {(failure.strerror or str(failure)).lower()}"


def on_path(name: str, path: str) -> str:
    """Where a program is found along a search path; empty when it is not."""
    if "/" in name:
        return name
    candidates = (os.path.join(directory, name) for directory in path.split(":") if directory)
    return next((found for found in candidates if os.access(found, os.X_OK) and os.path.isfile(found)), "")


def version_of_runtime(output: str) -> str:
    """The version in what ``runc --version`` (or crun's) prints: ``runc version 1.1.5`` on the first line."""
    return output.splitlines()[0].partition(" version ")[2].strip() or _nothing(output)


def version_of_shim(output: str) -> str:
    """The version in what ``containerd-shim-runc-v2 -v`` prints: a line ``Version:  2.1.9``."""
    lines = (line.strip().partition(":") for line in output.splitlines())
    return next((value.strip() for name, _, value in lines if name == "Version"), "") or _nothing(output)


def _nothing(output: str) -> str:
    raise ValueError(repr(output[:60]))
