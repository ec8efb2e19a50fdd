"""What a word of the command line may become, from the command tree and from what the engine has."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from chub.cli.boundary import UsageError
from chub.cli.render.text import plain
from chub.errors import ChubError

if TYPE_CHECKING:
    from chub.sdk.client import Client

PATIENCE = 1.0  # seconds for the engine: who waits longer types on
FILES, DIRECTORIES = ":files", ":directories"
RUNNING = frozenset({"running", "paused"})
STATES = {
    **dict.fromkeys(("attach", "exec", "kill", "pause", "stats", "stop", "top"), RUNNING),
    "start": frozenset({"created", "stopped", ""}),
    "unpause": frozenset({"paused"}),
}
"""What state of containers a command has to do with; "" is no task. The others take all."""

Answer = tuple[str, str]  # a value and what it is


def answers(root: Any, words: Sequence[str]) -> list[Answer]:
    """What the last of `words` may become. Whatever fails on the way, there is just nothing to offer."""
    *before, word = words
    try:
        context = _context(root, before)
        found = sorted(each for each in _offered(context, before, word) if each[0].startswith((word, ":")))
    except (ChubError, UsageError):
        return []
    return [(value, plain(about)) for value, about in found if value.isprintable()]


def _context(root: Any, words: Sequence[str]) -> Any:
    """The context of the innermost command that `words` name, as far as they can be parsed."""
    context = root.make_context("chub", list(words), resilient_parsing=True, obj={})
    context.obj.update({name: value for name, value in context.params.items() if value})
    while hasattr(context.command, "commands") and (rest := context._protected_args + context.args):
        command = context.command.get_command(context, rest[0])
        if command is None:
            raise UsageError("no such command")
        context = command.make_context(rest[0], rest[1:], parent=context, resilient_parsing=True)
    return context


def _offered(context: Any, before: Sequence[str], word: str) -> Iterable[Answer]:
    options = [each for each in context.command.params if each.param_type_name == "option"]
    options += [each for each in (context.command.get_help_option(context),) if each]
    takers = {name: each for each in options if not each.is_flag for name in each.opts}
    switches = {name for each in options if each.is_flag for name in each.opts}
    name, equals, _ = word.partition("=")
    if before and (taker := _open(before[-1], takers, switches)):
        return _values(takers[taker].metavar, [taker], context)
    if _closed(context, before):
        return _argument(context, before)
    if equals and name.startswith("--") and name in takers:
        return (
            (each if each[0] == ":" else f"{name}={each}", about)
            for each, about in _values(takers[name].metavar, [name], context)
        )
    if word.startswith("-"):
        return _flags(options, before)
    if hasattr(context.command, "commands"):
        return ((name, entry.help) for name, entry in context.command.table())
    return _argument(context, before)


def _open(last: str, takers: Iterable[str], switches: Iterable[str]) -> str:
    """The flag that still wants its value: ``--name``, ``-v``, the ``-v`` of ``-itv``; "" if there is none."""
    if last in takers:
        return last
    final = f"-{last[-1:]}"
    cluster = last[:1] == "-" != last[1:2] and all(f"-{each}" in switches for each in last[1:-1])
    return final if cluster and final in takers else ""


def _closed(context: Any, before: Sequence[str]) -> bool:
    """Whether what comes now are words, whatever they look like."""
    if "--" in before:
        return True
    return not context.command.context_settings.get("allow_interspersed_args", True) and any(
        context.params.get(each.name) for each in context.command.params if each.param_type_name == "argument"
    )


def _flags(options: Iterable[Any], before: Sequence[str]) -> Iterator[Answer]:
    """Names of flags, without those that are there and may be given once."""
    for each in options:
        if not each.hidden and (each.multiple or not set(each.opts) & set(before)):
            yield from ((name, each.help or "") for name in each.opts)


def _argument(context: Any, before: Sequence[str]) -> Iterable[Answer]:
    """Values of the argument that the next word is, without those that were given."""
    for each in context.command.params:
        if each.param_type_name == "argument" and (each.nargs == -1 or not context.params.get(each.name)):
            return (answer for answer in _values(each.metavar, [], context) if answer[0] not in before)
    return ()


def _values(metavar: str | None, flags: Sequence[str], context: Any) -> Iterable[Answer]:
    """Values of a flag or an argument, by the word that stands for it in the help."""
    if "--namespace" in flags or "-n" in flags:
        return _namespaces(_client(context))
    words = (metavar or "").strip("[]").split(" ")[0]
    if words in SOURCES:
        return SOURCES[words](context)
    if "=" not in words and "|" in words:
        return ((each, "") for each in words.split("|") if each.islower())
    return ()


def _client(context: Any) -> "Client":
    from chub.cli import deferred
    from chub.cli.context import settings

    deferred.keep_asyncio_out_of_logging()
    from chub.sdk.client import Client

    client = Client(settings=settings(context), timeout=PATIENCE)
    client.services.channel.connect()  # while modules are imported
    return client


def _containers(context: Any) -> Iterator[Answer]:
    """Containers by name, or by id where they have none, with the image as description."""
    from chub.core.names import name_of

    services = _client(context).services
    wanted = STATES.get(context.command.name)
    states = {task.id: task.status for task in services.tasks.list()} if wanted is not None else {}
    for each in services.containers.list():
        if wanted is None or states.get(each.id, "") in wanted:
            yield name_of(each) or each.id[:12], each.image


def _images(context: Any) -> Iterator[Answer]:
    """Images by docker's short names."""
    from chub.oci.references import parse

    for each in _client(context).services.images.list():
        try:
            yield parse(each.name).short(), ""
        except ChubError:  # a name that no docker would take: as it is
            yield each.name, ""


def _namespaces(client: "Client") -> Iterator[Answer]:
    return ((each.name, "") for each in client.namespaces.list())


def _snapshots(context: Any) -> Iterator[Answer]:
    return ((each.name, each.kind) for each in _client(context).snapshots.list())


def _rootfs(context: Any) -> Iterator[Answer]:
    return ((each.chain_id.removeprefix("sha256:")[:12], each.source) for each in _client(context).rootfs.list())


def _named(context: Any) -> Iterator[Answer]:
    yield from _containers(context)
    yield from _images(context)


def _signals(context: Any) -> Iterator[Answer]:
    from signal import Signals

    return ((each.name.removeprefix("SIG"), "") for each in Signals)


def _capabilities(context: Any) -> Iterator[Answer]:
    from chub.oci.spec.capabilities import ALL, NAMES

    return ((name.removeprefix("CAP_"), "") for name in (ALL, *NAMES))


def _variables(context: Any) -> Iterator[Answer]:
    import os

    return ((name, "") for name in os.environ)


def _files(context: Any) -> Iterator[Answer]:
    return iter([(FILES, "")])


def _directories(context: Any) -> Iterator[Answer]:
    return iter([(DIRECTORIES, "")])


SOURCES: dict[str, Callable[[Any], Iterator[Answer]]] = {
    "CAPABILITY": _capabilities,
    "CONTAINER": _containers,
    "DIR": _directories,
    "DIR:DIR[:ro": _files,
    "DIRECTORY|ARCHIVE|-": _files,
    "FILE": _files,
    "IMAGE": _images,
    "NAMESPACE": lambda context: _namespaces(_client(context)),
    "NAME[=VALUE": _variables,
    "NAME|ID": _named,
    "REPOSITORY[:TAG": _images,
    "ROOTFS": _rootfs,
    "SIGNAL": _signals,
    "SNAPSHOT": _snapshots,
    "SOCKET": _files,
    "SOURCE_IMAGE[:TAG": _images,
}
"""Where values come from, by metavar."""
