"""A mount that nobody else sees.

A single thread may leave the process's mount namespace (``unshare(CLONE_NEWNS)``): what it mounts then is there for the
thread alone, and goes with it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

from chub.errors import ChubError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.api.types import Mount

T = TypeVar("T")

CLONE_NEWNS, CLONE_FS = 0x00020000, 0x00000200
MS_RDONLY, MS_BIND, MS_REC, MS_SLAVE = 0x1, 0x1000, 0x4000, 0x80000


def layers_of(mount: Mount, *, changed: bool = True) -> tuple[str, ...]:
    """The directories that lie above each other in a snapshot's mount, uppermost first.

    The first is what was written into it; it is left out of one that nothing has `changed`.
    """
    if mount.type != "overlay":
        return (mount.source,)
    options = dict(option.partition("=")[::2] for option in mount.options)
    upper = (options["upperdir"],) if changed and "upperdir" in options else ()
    return (*upper, *options["lowerdir"].split(":"))


def with_mounted(layers: Sequence[str], work: Callable[[int], T]) -> T:
    """What `work` makes of a descriptor of the root of `layers`, which are mounted read-only meanwhile.

    Raises what `work` raises of OSError and ChubError, and OSError for what cannot be mounted.
    """

    def mounted() -> T:
        root = _mount(layers)
        try:
            return work(root)
        finally:
            os.close(root)

    return apart(mounted)


def apart(work: Callable[[], T]) -> T:
    """What `work` gives, done by a thread of its own, so that it may leave namespaces. Raises what `work` does."""
    results: list[T] = []
    failures: list[OSError | ChubError] = []

    def run() -> None:
        try:
            results.append(work())
        except (OSError, ChubError) as failure:
            failures.append(failure)

    thread = threading.Thread(target=run, name="chub-apart")
    thread.start()
    thread.join()
    if failures:
        raise failures[0]
    return results[0]


def _mount(layers: Sequence[str]) -> int:
    """Leave the mount namespace, mount the layers read-only over /, and give a descriptor of their root."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)

    def call(name: str, *args: object) -> None:
        if getattr(libc, name)(*args) != 0:
            number = ctypes.get_errno()
            raise OSError(number, f"{name}: {os.strerror(number)}")

    call("unshare", CLONE_NEWNS | CLONE_FS)
    call("mount", b"none", b"/", None, ctypes.c_ulong(MS_REC | MS_SLAVE), None)
    target = os.path.dirname(layers[0]).encode()
    if len(layers) == 1:
        call("mount", layers[0].encode(), target, None, ctypes.c_ulong(MS_BIND), None)
    else:
        common = os.path.commonpath(layers)
        os.chdir(common)  # this thread's own: relative names keep the options below a page
        lower = ":".join(os.path.relpath(layer, common) for layer in layers)
        call("mount", b"overlay", target, b"overlay", ctypes.c_ulong(MS_RDONLY), f"lowerdir={lower}".encode())
    return os.open(target, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
