"""A bar on the terminal while something comes in; nothing where there is no terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from chub.cli.render.text import size
from chub.core.metering import Progress


@contextmanager
def importing() -> Iterator[Callable[[Progress], None] | None]:
    """What to tell how far an import is; None where nobody would see it. With the block, the bar ends."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[said]}"))
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        reading = bar.add_task("reading", total=None, said="")
        unpacking = bar.add_task("unpacking", total=None, said="", visible=False)

        def tell(progress: Progress) -> None:
            task = bar.tasks[0]
            bar.update(
                reading,
                total=progress.total_bytes,
                completed=progress.bytes,
                said=_said(progress, task.speed, task.time_remaining),
                visible=not progress.unpacking,
            )
            bar.update(unpacking, said=size(progress.bytes), visible=progress.unpacking)

        yield tell


def _said(progress: Progress, speed: float | None, rest: float | None) -> str:
    """How much of how much, how fast, and how long it will take: ``95.4MB of 629MB, 37.5MB/s, 0:14 left``."""
    parts = [size(progress.bytes) + (f" of {size(progress.total_bytes)}" if progress.total_bytes else "")]
    parts += [f"{size(speed)}/s"] if speed else []
    parts += [f"{int(rest) // 60}:{int(rest) % 60:02} left"] if rest and progress.total_bytes else []
    return ", ".join(parts)
