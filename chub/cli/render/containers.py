"""Columns of `ps`, as docker's."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import UTC, datetime

from chub.cli.render.show import Column, Kind
from chub.cli.render.text import age, cut, day, duration, quoted, short, size
from chub.core.listing import State, Summary, bound, network_of
from chub.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.chain.sharing import Sharing
    from chub.core.disk import Sizes

COMMAND_WIDTH = 20
MOUNT_WIDTH = 15


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


def command_line(words: Sequence[str]) -> str:
    """Program and arguments as docker joins them: what has a blank in it stands in quotes, but never the program."""
    return " ".join(f"'{word}'" if place and " " in word else word for place, word in enumerate(words))


def _command(row: Summary, full: bool) -> str:
    text = command_line(row.command)
    return quoted(text if full else cut(text, COMMAND_WIDTH))


def _labels(row: Summary) -> str:
    return ",".join(f"{name}={value}" for name, value in sorted(row.labels.items()))


def _mounts(row: Summary, full: bool) -> str:
    sources = (mount["source"] for mount in bound(row.record))
    return ",".join(source if full else cut(source, MOUNT_WIDTH) for source in sources)


def namespaces(held: "Sharing | None") -> str:
    """``ipc mnt net=web pid uts user=host``: the kinds of namespaces, with whose they are where it shares them."""
    if held is None:
        return ""
    return " ".join(kind + (f"={'+'.join(whose)}" if whose else "") for kind, whose in held.namespaces.items())


@record
class Extra:
    """What is read only for those who want to see it, by the containers' ids."""

    sizes: "Mapping[str, Sizes] | None" = None  # None: nobody wants them
    sharing: "Mapping[str, Sharing]" = field(default_factory=dict)


def _size(extra: Extra, row: Summary) -> str:
    if extra.sizes is None:
        return size(0)
    taken = extra.sizes[row.record.id]
    return f"{size(taken.own)} (virtual {size(taken.total)})"


KIND: Kind[Summary] = Kind(
    name="*formatter.ContainerContext",
    methods={"Label": lambda row: lambda name: row.labels.get(name, "")},
    raw_quiet="container_id: {{.ID}}",
    quiet_first=True,
    raw=r"""container_id: {{.ID}}
image: {{.Image}}
command: {{.Command}}
created_at: {{.CreatedAt}}
state: {{- pad .State 1 0}}
status: {{- pad .Status 1 0}}
names: {{.Names}}
labels: {{- pad .Labels 1 0}}
ports: {{- pad .Ports 1 0}}
""",
)


def columns(
    extra: Extra, *, sized: bool = False, namespaced: bool = False, everywhere: bool = False
) -> tuple[Column[Summary], ...]:
    """The columns of `ps`: with ``--size``, with ``--ns``, and with ``--all-namespaces``."""
    usual = not namespaced
    return (
        Column("CONTAINER ID", "ID", lambda row, full: row.record.id if full else short(row.record.id)),
        Column("IMAGE", "Image", lambda row, _: row.image, shown=usual),
        Column("COMMAND", "Command", _command, shown=usual),
        Column("CREATED", "RunningFor", lambda row, _: age(row.record.created, datetime.now(UTC)), shown=usual),
        Column("STATUS", "Status", lambda row, _: status(row), shown=usual),
        Column("PORTS", "Ports", lambda *_: "", shown=usual),
        Column("NAMES", "Names", lambda row, _: row.name),
        Column("PID", "PID", lambda row, _: str(row.pid), shown=namespaced, in_json=namespaced),
        Column(
            "SHIM",
            "Shim",
            lambda row, _: str(found.shim if (found := extra.sharing.get(row.record.id)) else 0),
            shown=namespaced,
            in_json=namespaced,
        ),
        Column(
            "NAMESPACES",
            "Namespaces",
            lambda row, _: namespaces(extra.sharing.get(row.record.id)),
            shown=namespaced,
            in_json=namespaced,
        ),
        Column("SIZE", "Size", lambda row, _: _size(extra, row), shown=sized),
        Column("CREATED AT", "CreatedAt", lambda row, _: day(row.record.created), shown=False),
        Column("LABELS", "Labels", lambda row, _: _labels(row), shown=False),
        Column("LOCAL VOLUMES", "LocalVolumes", lambda *_: "0", shown=False),
        Column("MOUNTS", "Mounts", _mounts, shown=False),
        Column("NETWORKS", "Networks", lambda row, _: network_of(row.record), shown=False),
        Column("PLATFORM", "Platform", lambda *_: None, shown=False),
        Column("STATE", "State", lambda row, _: row.state, shown=False),
        Column("NAMESPACE", "Namespace", lambda row, _: row.namespace, shown=everywhere, in_json=everywhere),
        Column("OWNER", "Owner", lambda row, _: row.owner, shown=everywhere, in_json=everywhere),
    )
