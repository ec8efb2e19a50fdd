"""Root filesystems for tests to run."""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import tempfile
from pathlib import Path

from tests.support.engines import SCRIPT, unavailable


def busybox() -> Path:
    """A busybox tree, made once per user and machine. It is shared: copy it before you write to it."""
    if os.geteuid() != 0:
        unavailable("making a root filesystem needs root")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "chub-tests"
    cache.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = hashlib.sha256(SCRIPT.read_bytes()).hexdigest()[:12]
    tree = cache / f"busybox-{key}"
    with open(cache / "lock", "w") as lock:  # of the workers of one run, one makes it
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not tree.exists():
            with tempfile.TemporaryDirectory(dir=cache) as scratch:
                made = Path(scratch, "tree")
                subprocess.run([SCRIPT, "rootfs", "busybox", made], check=True, stdin=subprocess.DEVNULL)
                made.rename(tree)
    return tree
