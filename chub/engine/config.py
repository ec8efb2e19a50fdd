"""Where a private engine keeps what, and the configuration it is started with."""

from __future__ import annotations

import json
import os
from pathlib import Path

from chub.errors import Invalid
from chub.records import record
from chub.settings import HOST_SOCKET

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.settings import Settings

_SOCKET_PATH = 107  # bytes in sockaddr_un

DISABLED = ("io.containerd.grpc.v1.cri", "io.containerd.nri.v1.nri")
"""Kubernetes' interface, which nobody asks of a private engine; NRI, whose socket is the host's engine's."""


@record
class Layout:
    """The files of a private engine."""

    data: Path  # lasts: root, log, configuration
    state: Path  # volatile: sockets, bundles, who runs

    @property
    def root(self) -> Path:
        """Root of containerd: content, snapshots, metadata."""
        return self.data / "root"

    @property
    def config(self) -> Path:
        """The configuration it was started with."""
        return self.data / "config.toml"

    @property
    def log(self) -> Path:
        """What containerd says."""
        return self.data / "containerd.log"

    @property
    def previous_log(self) -> Path:
        """The log of the start before."""
        return self.data / "containerd.log.1"

    @property
    def bundles(self) -> Path:
        """State of containerd: a bundle for each task."""
        return self.state / "state"

    @property
    def socket(self) -> Path:
        """Where containerd serves."""
        return self.state / "containerd.sock"

    @property
    def ttrpc(self) -> Path:
        """Where containerd serves its shims."""
        return self.state / "containerd.sock.ttrpc"

    @property
    def notify(self) -> Path:
        """Where containerd says that it is ready (sd_notify(3)), while it starts."""
        return self.state / "notify"

    @property
    def pid(self) -> Path:
        """Its process id and start time, in clock ticks since boot."""
        return self.state / "pid"

    @property
    def uuid(self) -> Path:
        """The engine's uuid, which names its directories."""
        return self.state / "uuid"

    @property
    def snapshotter(self) -> Path:
        """The snapshotter that works here; `chub.settings` reads it."""
        return self.state / "snapshotter"


def layout(settings: Settings) -> Layout:
    """The layout of these settings' private engine; Invalid where its socket's path would be too long."""
    files = Layout(data=settings.data_root / "engine", state=settings.engine_state)
    if len(os.fsencode(files.ttrpc)) > _SOCKET_PATH:
        raise Invalid(
            f"{files.ttrpc}: a socket's path has at most {_SOCKET_PATH} bytes",
            hint="choose a shorter --state-root",
        )
    return files


def text(files: Layout) -> str:
    """The configuration (version 2: containerd 1.6 to 2.x read it)."""
    return f"""\
version = 2
root = {_quoted(files.root)}
state = {_quoted(files.bundles)}
disabled_plugins = [{", ".join(map(_quoted, DISABLED))}]

[grpc]
  address = {_quoted(files.socket)}

[ttrpc]
  address = {_quoted(files.ttrpc)}

[plugins."io.containerd.internal.v1.opt"]
  path = {_quoted(files.data / "opt")}
"""


def _quoted(value: Path | str) -> str:
    """A TOML basic string; JSON's escapes are among TOML's."""
    return json.dumps(str(value), ensure_ascii=False)


def runc_root(settings: Settings, uuid: str) -> str:
    """The directory of runc's state for the engine called `uuid`; "" leaves it where the shim puts it.

    The shim's default is one directory for all engines of a host, by namespace and id: two engines with the
    same namespace would take each other's containers. Only the host's own engine keeps it.
    """
    if os.path.realpath(settings.address) == os.path.realpath(HOST_SOCKET):
        return ""
    return str(settings.state_root / uuid / "runc")
