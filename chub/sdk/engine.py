"""A private engine, for hosts that run no containerd: `Engine`."""

from __future__ import annotations

from chub.engine import process
from chub.engine.process import Started, Stopped
from chub.engine.status import State, Status, status
from chub.settings import load

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from chub.settings import Settings

__all__ = ["Engine", "Started", "State", "Status", "Stopped"]


class Engine:
    """The private containerd of a data root and a state root, made of the host's programs. It needs root.

    As a context manager it is started on entry, and stopped on exit unless it had been running before.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        """`settings` are those of this process's environment if they are not given."""
        self.settings = settings if settings is not None else load()

        self._was_running = False

    def __enter__(self) -> Engine:
        self._was_running = self.start().was_running
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._was_running:
            self.stop()

    @property
    def address(self) -> str:
        """Its socket, whether it runs or not."""
        return str(self.settings.engine_socket)

    def start(self, *, timeout: float = 30.0) -> Started:
        """Start it, or find that it runs; it serves when this returns. `timeout` is in seconds."""
        return process.start(self.settings, timeout=timeout)

    def stop(self, *, timeout: float = 30.0) -> Stopped:
        """Stop it with its containers; what they and the images are made of stays."""
        return process.stop(self.settings, timeout=timeout)

    def status(self) -> Status:
        """Look at it; that it does not run is an answer."""
        return status(self.settings)

    def logs(self, *, follow: bool = False) -> Iterator[str]:
        """Lines of its own log; with `follow` until it ends."""
        return process.logs(self.settings, follow=follow)
