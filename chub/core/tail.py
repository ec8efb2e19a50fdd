"""A container's output as it comes, out of what the keeper holds."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing

from chub.core.keeping import Keeper
from chub.core.stdio import Sink, Streams
from chub.core.workspace import Workspace
from chub.output.format import Stream
from chub.output.read import Reader, following


class Tail:
    """What is written from now on. Any number may look on: a slow one holds nobody up."""

    def __init__(self, workspace: Workspace, id: str) -> None:
        self.failure: OSError | None = None  # why a sink did not take what it was given
        self._id = id
        self._keeper = Keeper(workspace)
        self._thread: threading.Thread | None = None
        self._left = False  # nobody is interested any more
        self._reader = Reader(str(workspace.data / id))
        try:
            self._reader.skip_to_end()
            self._keeper.follow(id, self._reader.record)
        except BaseException:
            self._reader.close()
            raise

    def read_into(self, streams: Streams, broken: Callable[[], object]) -> None:
        """Bring what comes to the sinks, in a thread; `broken` is called once one of them can take no more."""
        self._thread = threading.Thread(target=self._read, args=(streams, broken), daemon=True)
        self._thread.start()

    def _read(self, streams: Streams, broken: Callable[[], object]) -> None:
        sinks: dict[Stream, Sink | None] = {Stream.STDOUT: streams.stdout, Stream.STDERR: streams.stderr}
        with closing(self._reader):
            for chunk in following(self._reader, lambda: self._keeper.awaited(self._id, self._reader.record)):
                sink = sinks[chunk.stream]
                try:
                    if sink is not None:
                        sink(chunk.data)
                except OSError as failure:
                    sinks[chunk.stream], self.failure = None, failure
                    broken()
        if self._left:
            self._keeper.close()

    def drain(self) -> None:
        """Wait until the output has ended and its last bytes have reached the sink."""
        if self._thread is not None:
            self._thread.join()

    def exit(self) -> tuple[int, int] | None:
        """How the program ended, as its shim told the keeper (see `Keeper.settled`). Call it after `drain`."""
        return self._keeper.settled(self._id)

    def close(self) -> None:
        """Look on no more; a thread that still does ends when it hears something."""
        self._left = True
        if self._thread is None or not self._thread.is_alive():
            self._keeper.close()
