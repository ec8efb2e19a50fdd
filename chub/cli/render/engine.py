"""Columns of `engine status`."""

from datetime import UTC, datetime

from chub.cli.render.show import Column
from chub.cli.render.text import age, day
from chub.sdk.engine import Status

COLUMNS: tuple[Column[Status], ...] = (
    Column("STATE", "State", lambda row, _: row.state),
    Column("PID", "PID", lambda row, _: str(row.pid or "")),
    Column("VERSION", "Version", lambda row, _: row.version),
    Column("STARTED", "RunningFor", lambda row, _: age(row.since, datetime.now(UTC)) if row.since else ""),
    Column("SNAPSHOTTER", "Snapshotter", lambda row, _: row.snapshotter),
    Column("SHIMS", "Shims", lambda row, _: str(len(row.shims))),
    Column("ADDRESS", "Address", lambda row, _: str(row.socket)),
    Column("UUID", "ID", lambda row, _: row.uuid, shown=False),
    Column("STARTED AT", "StartedAt", lambda row, _: day(row.since), shown=False),
    Column("ROOT", "Root", lambda row, _: str(row.root), shown=False),
    Column("LOG", "Log", lambda row, _: str(row.log), shown=False),
    Column("FAULTS", "Faults", lambda row, _: "; ".join(row.faults), shown=False),
)
