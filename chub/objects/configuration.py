"""The configuration that an engine runs with, as its own program tells it."""

from __future__ import annotations

from collections.abc import Sequence

from chub.chain import programs
from chub.chain.host import Host, why
from chub.errors import Unavailable
from chub.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.api.services import Services

DEFAULT = "/etc/containerd/config.toml"  # containerd's own, where no --config names another
FLAGS = ("--config", "-config", "--c", "-c")


@record
class Configuration:
    """An engine's configuration."""

    pid: int  # of the engine's process
    file: str  # it was read from; it may be missing, and then the defaults hold
    exists: bool
    command: tuple[str, ...]  # that the engine was started with
    text: str  # TOML: the file's settings, its imports', the flags', and the defaults of all others


def configuration(services: Services, host: Host | None = None) -> Configuration:
    """Ask the program of the engine that listens on the socket. Raises Unavailable where it cannot be asked."""
    host = host or Host()
    try:
        pid = host.listener(services.address)
        command = host.cmdline(pid)
    except OSError as failure:
        raise Unavailable(f"the engine's process at {services.address} cannot be seen: {why(failure)}") from failure
    if not command:
        raise Unavailable(f"the engine's process at {services.address} is not of this host's")
    program = host.link(f"/proc/{pid}/exe")
    told = programs.ask(host, program, *command[1:], "config", "dump", read=str)
    if told.failed:
        raise Unavailable(f"{program} config dump: {told.failed}", hint="only root may ask, on the engine's host")
    file = config_file(command)
    return Configuration(
        pid=pid, file=file, exists=host.exists(f"/proc/{pid}/root{file}"), command=command, text=told.said
    )


def config_file(command: Sequence[str]) -> str:
    """The configuration file that containerd's command line names."""
    for place, word in enumerate(command):
        name, equals, value = word.partition("=")
        if name in FLAGS:
            return value if equals else "".join(command[place + 1 : place + 2])
    return DEFAULT
