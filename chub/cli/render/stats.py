"""Columns of `stats`, as docker's, and its screen."""

import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from io import StringIO

from chub.cli.render.show import Column, Kind
from chub.cli.render.text import binary, short, size
from chub.core.stats import Reading, Usage

KIND: Kind[Reading] = Kind(name="*container.statsContext")
UNKNOWN = "--"
HOME, CLEAR_LINE, CLEAR_REST = "\x1b[H", "\x1b[K", "\x1b[J"


def _pair(row: Reading, text: Callable[[Usage], tuple[str, str]]) -> str:
    return " / ".join(text(row.usage)) if row.usage else UNKNOWN


def _memory(row: Reading) -> str:
    if row.usage is None:
        return f"{UNKNOWN} / {UNKNOWN}"
    return f"{binary(row.usage.memory)} / {binary(row.usage.memory_limit)}"


def _percent(row: Reading, of: Callable[[Usage], float]) -> str:
    return f"{of(row.usage):.2f}%" if row.usage else UNKNOWN


COLUMNS: tuple[Column[Reading], ...] = (
    Column("CONTAINER", "Container", lambda row, _: row.asked, shown=False),
    Column("CONTAINER ID", "ID", lambda row, full: row.summary.record.id if full else short(row.summary.record.id)),
    Column("NAME", "Name", lambda row, _: row.summary.name),
    Column("CPU %", "CPUPerc", lambda row, _: _percent(row, lambda usage: usage.cpu_percent)),
    Column("MEM USAGE / LIMIT", "MemUsage", lambda row, _: _memory(row)),
    Column("MEM %", "MemPerc", lambda row, _: _percent(row, lambda usage: usage.memory_percent)),
    Column("NET I/O", "NetIO", lambda row, _: _pair(row, lambda usage: (size(usage.received), size(usage.sent)))),
    Column("BLOCK I/O", "BlockIO", lambda row, _: _pair(row, lambda usage: (size(usage.read), size(usage.written)))),
    Column("PIDS", "PIDs", lambda row, _: str(row.usage.pids) if row.usage else UNKNOWN),
)


def redraw(draw: Callable[[], None]) -> None:
    """Draw over what the terminal shows, as docker does: nothing flickers, and what was longer is cleared."""
    with redirect_stdout(StringIO()) as drawn:
        draw()
    lines = "".join(f"{line} {CLEAR_LINE}\n" for line in drawn.getvalue().splitlines())
    sys.stdout.write(HOME + lines + CLEAR_REST)
    sys.stdout.flush()
