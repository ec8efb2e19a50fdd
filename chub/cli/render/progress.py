"""A bar on the terminal while something comes in; nothing where there is no terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from chub.core.metering import Progress


@contextmanager
def importing() -> Iterator[Callable[[Progress], None] | None]:
    """What to tell how far an import is; None where nobody would see it. With the block, the bar ends."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TransferSpeedColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading", total=None)

        def tell(progress: Progress) -> None:
            bar.update(
                task,
                description="unpacking" if progress.unpacking else f"reading ({progress.entries} files)",
                total=None if progress.unpacking else progress.total_bytes,
                completed=progress.bytes,
            )

        yield tell
