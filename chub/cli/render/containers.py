"""Columns of `ps`, as docker's."""

from datetime import UTC, datetime

from chub.cli.render.show import Column
from chub.cli.render.text import age, cut, day, duration, short
from chub.core.listing import State, Summary, spec_of
from chub.oci.spec.base import INIT

COMMAND_WIDTH = 20


def status(row: Summary) -> str:
    """``Up 2 seconds``, ``Exited (137) 3 seconds ago``, ``Created``."""
    now = datetime.now(UTC)
    if row.state is State.EXITED:
        code = row.exit_code if row.exit_code is not None else 0
        return f"Exited ({code}) {age(row.finished, now)}" if row.finished else f"Exited ({code})"
    if row.state is State.CREATED:
        return "Created"
    if row.state is State.UNKNOWN:
        return "Unknown"
    up = f"Up {duration(now - row.started)}" if row.started else "Up"
    return f"{up} (Paused)" if row.state is State.PAUSED else up


def _command(row: Summary, full: bool) -> str:
    text = " ".join(row.command)
    return f'"{text if full else cut(text, COMMAND_WIDTH)}"'


def _labels(row: Summary) -> str:
    return ",".join(f"{name}={value}" for name, value in sorted(row.labels.items()))


def _mounts(row: Summary) -> str:
    found = (mount for mount in spec_of(row.record).get("mounts", ()) if mount.get("type") == "bind")
    own = ("/etc/hosts", "/etc/hostname", "/etc/resolv.conf", INIT)
    return ",".join(mount["source"] for mount in found if mount["destination"] not in own)


def network(row: Summary) -> str:
    """``none`` or ``host``, by the namespaces of the spec."""
    namespaces = spec_of(row.record).get("linux", {}).get("namespaces", ())
    return "none" if any(each.get("type") == "network" for each in namespaces) else "host"


NAMESPACE: Column[Summary] = Column("NAMESPACE", "Namespace", lambda row, _: row.namespace)
OWNER: Column[Summary] = Column("OWNER", "Owner", lambda row, _: row.owner)

KIND = "*formatter.ContainerContext"
METHODS = {"Label": lambda row: lambda name: row.labels.get(name, "")}

COLUMNS: tuple[Column[Summary], ...] = (
    Column("CONTAINER ID", "ID", lambda row, full: row.record.id if full else short(row.record.id)),
    Column("IMAGE", "Image", lambda row, _: row.image),
    Column("COMMAND", "Command", _command),
    Column("CREATED", "RunningFor", lambda row, _: age(row.record.created, datetime.now(UTC))),
    Column("STATUS", "Status", lambda row, _: status(row)),
    Column("PORTS", "Ports", lambda *_: ""),
    Column("NAMES", "Names", lambda row, _: row.name),
    Column("CREATED AT", "CreatedAt", lambda row, _: day(row.record.created), shown=False),
    Column("LABELS", "Labels", lambda row, _: _labels(row), shown=False),
    Column("LOCAL VOLUMES", "LocalVolumes", lambda *_: "0", shown=False),
    Column("MOUNTS", "Mounts", lambda row, _: _mounts(row), shown=False),
    Column("NETWORKS", "Networks", lambda row, _: network(row), shown=False),
    Column("PID", "PID", lambda row, _: str(row.pid), shown=False),
    Column("STATE", "State", lambda row, _: row.state, shown=False),
)
