"""One engine and namespace as chub works in it: its services, and where chub keeps files."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path

from chub.errors import ChubError, PermissionDenied, ResourceExhausted
from chub.settings import HOST_SOCKET

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.api.services import Services
    from chub.settings import Settings

WRITABLE = "run it as root (sudo), or choose other directories with --data-root and --state-root"


class Workspace:
    """containerd's services, and the directories that belong to this engine and namespace."""

    def __init__(self, services: Services, settings: Settings) -> None:
        self.services = services
        self.settings = settings

    @cached_property
    def engine(self) -> str:
        """The engine's uuid, which outlives its socket's path.

        It is asked for once in an engine's life and remembered with the socket's identity, which a restart changes:
        that saves every command a call and the module for it.
        """
        memory = self.settings.state_root / "engines" / self.services.address.replace("/", "\\")
        identity = ""
        with suppress(OSError):  # no socket: the call will say so
            socket = os.stat(self.services.address)
            identity = f"{socket.st_dev}:{socket.st_ino}:{socket.st_ctime_ns}"
            known, _, uuid = memory.read_text().partition(" ")
            if known == identity:
                return uuid
        uuid = self.services.introspection.server().uuid
        with suppress(OSError):  # not ours to write: it is asked again next time
            private_directory(memory.parent)
            part = memory.with_name(f"{memory.name}.{os.getpid()}.{threading.get_ident()}")
            part.write_text(f"{identity} {uuid}")
            os.replace(part, memory)
        return uuid

    @property
    def data(self) -> Path:
        """Where the directories of this namespace's containers are."""
        return self.settings.data_root / self.engine / self.services.namespace

    @property
    def state(self) -> Path:
        """Where their FIFOs are."""
        return self.settings.state_root / self.engine / self.services.namespace

    @property
    def runc_root(self) -> str:
        """Where runc keeps its state for this engine; "" is the shim's own choice.

        That choice, ``/run/containerd/runc``, is one for all engines of a host, so only the host's own engine gets it:
        two containers of one id and namespace would meet there.
        """
        if self.services.address == HOST_SOCKET:
            return ""
        return str(self.settings.state_root / self.engine / "runc")

    def within(self, namespace: str) -> Workspace:
        """The same engine in another namespace."""
        other = Workspace(self.services.within(namespace), self.settings)
        other.__dict__.update({"engine": self.engine} if "engine" in self.__dict__ else {})
        return other


def private_directory(path: Path) -> Path:
    """Make a directory that only its owner can enter, with its parents."""
    if not path.is_dir():
        private_directory(path.parent) if not path.parent.is_dir() else None
        try:
            os.mkdir(path, 0o700)
        except FileExistsError:
            if not path.is_dir():
                raise
    return path


@contextmanager
def writing(directory: Path) -> Iterator[None]:
    """Around what writes chub's own files: a full disk, a missing permission and the like become errors of ours."""
    try:
        yield
    except OSError as failure:
        message = f"cannot write in {directory}: {failure.strerror or failure}"
        if failure.errno in (errno.ENOSPC, errno.EDQUOT):
            raise ResourceExhausted(message, hint="make room there, or choose another place") from failure
        if failure.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise PermissionDenied(message, hint=WRITABLE) from failure
        raise ChubError(message, hint=WRITABLE) from failure
