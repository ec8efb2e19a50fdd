"""What a killed client leaves of a container: a shim that containerd has lost, a record that nobody will remove.

containerd gives a call up when its client goes. A task that is being made then may be forgotten while its shim lives.
"""

from __future__ import annotations

import ctypes
import os
import time
from contextlib import suppress
from pathlib import Path

from chub.core.listing import request_of
from chub.core.names import lease_of
from chub.core.undo import remove_tree
from chub.core.workspace import Workspace
from chub.engine import shims
from chub.engine.shims import Shim
from chub.errors import TimedOut

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.api.containers import Container

BUNDLES = "io.containerd.runtime.v2.task"  # the directory of bundles in containerd's state directory
DEADLINE = 10.0  # seconds for processes to be gone after SIGKILL


def end_shim(workspace: Workspace, id: str) -> None:
    """End the shim of a container that has no task, and all below it; nothing to do if there is none."""
    services = workspace.services
    socket = shims.socket_of(services.address, services.namespace, id)
    if not socket.exists():
        return
    for shim in shims.of(services.address, services.namespace, id):
        take_down(workspace, shim)
    shims.drop_socket(socket)


def take_down(workspace: Workspace, shim: Shim) -> None:
    """Kill a shim and what runs below it, and remove what it would have removed. Raises TimedOut."""
    bundle = Path(f"/proc/{shim.pid}/cwd")
    with suppress(OSError):
        bundle = bundle.resolve()
    if left := shims.take_down([shim.pid], time.monotonic() + DEADLINE):
        raise TimedOut(f"process {left[0]} is there {DEADLINE:g} s after SIGKILL", hint=f"see /proc/{left[0]}/stack")
    for socket in shims.sockets(bundle):
        shims.drop_socket(socket)
    with suppress(OSError):  # it was not mounted, or is not any more
        unmount(str(bundle / "rootfs"))
    if workspace.runc_root:
        remove_tree(Path(workspace.runc_root, shim.namespace, shim.id))
    if bundle.parts[-3:] == (BUNDLES, shim.namespace, shim.id) and not os.path.ismount(bundle / "rootfs"):
        for place in places(bundle):
            remove_tree(place)


def places(bundle: Path) -> tuple[Path, ...]:
    """A bundle, and the directory in containerd's root that its link ``work`` leads to."""
    work = Path(os.path.realpath(bundle / "work"))
    return (bundle, work) if work.name == bundle.name and work.is_dir() else (bundle,)


def unmount(target: str) -> None:
    """umount2(2)."""
    if ctypes.CDLL(None, use_errno=True).umount2(os.fsencode(target), 0):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), target)


def to_be_removed(workspace: Workspace, container: Container) -> bool:
    """Whether a container was to be removed at its end, and its client was killed before there was anything to end."""
    from chub.core import lifecycle
    from chub.core.leasing import abandoned

    if not request_of(container).get("identity", {}).get("remove"):
        return False
    held = workspace.services.leases.list(f"id=={lease_of(container.id)}")
    return any(map(abandoned, held)) and lifecycle.alive(workspace, container.id) is None


def given_up(workspace: Workspace, container: Container) -> bool:
    """Remove a container that is `to_be_removed`; whether it was."""
    from chub.core.finish import finish

    if not to_be_removed(workspace, container):
        return False
    return finish(workspace, container.id, spare=True)
