"""What is mounted into the container."""

import os
from enum import StrEnum

from chub.errors import Invalid, Unsupported
from chub.options.resources import parse_size
from chub.options.values import clean, parse_bool, parse_path
from chub.records import record

PROPAGATIONS = ("private", "rprivate", "shared", "rshared", "slave", "rslave")
CONSISTENCIES = ("consistent", "cached", "delegated")  # of docker's desktop programs; no meaning on Linux


class MountKind(StrEnum):
    """Where the bytes of a mount are."""

    BIND = "bind"
    TMPFS = "tmpfs"


@record
class Mount:
    """One mount asked for."""

    kind: MountKind
    target: str  # absolute path in the container
    source: str = ""  # absolute path on the host; empty for tmpfs
    read_only: bool = False
    propagation: str = "rprivate"  # rprivate, private, rshared, shared, rslave, slave; bind only
    recursive: bool = True  # bind only: with what is mounted below the source
    read_only_below: bool | None = None  # read-only what is mounted below, too; None: where the kernel can
    create_source: bool = False  # make a missing source directory, as `-v` does
    options: tuple[str, ...] = ()  # tmpfs only: mount(8) options as given (size=, mode=, noexec, …)


@record
class Mounts:
    """All of them, in the order given."""

    mounts: tuple[Mount, ...] = ()
    shm_size: int | None = None  # bytes of /dev/shm; None: 64 MiB


def parse_volume(text: str) -> Mount:
    """A ``--volume``: ``SOURCE:TARGET[:MODE,…]``, a directory or file of the host.

    A source that starts with ``.`` is taken from the current directory, and a missing one is made. Modes:
    ``ro``, ``rw``, one propagation; ``z``, ``Z`` and docker's consistency words change nothing. Unsupported:
    a volume, by name or without.
    """
    parts = text.split(":")
    if not all(parts):
        raise Invalid(f"invalid spec: {text}: empty section between colons")
    if len(parts) > 3:
        raise Invalid(f"invalid spec: {text}: too many colons")
    if len(parts) == 1:
        raise _no_volumes(text)
    source, target, mode = (*parts, "")[:3]
    if source.startswith("~"):
        raise Invalid(f"invalid volume specification: '{text}': '{source}' is no absolute path")
    if not source.startswith(("/", ".")):
        raise _no_volumes(source)
    words = mode.split(",") if mode else []
    kinds = [_MODES.get(word, "") for word in words]
    if "" in kinds or len(set(kinds)) < len(kinds):
        raise Invalid(f"invalid mode: {mode}")
    if "copy" in kinds:
        raise Invalid(
            f"invalid volume specification: '{text}': "
            'invalid mount config for type "bind": field VolumeOptions must not be specified'
        )
    try:
        path = parse_path(target)
    except Invalid as failure:
        raise Invalid(
            f"invalid volume specification: '{text}': invalid mount config for type \"bind\": {failure}"
        ) from failure
    return Mount(
        kind=MountKind.BIND,
        source=_absolute(source),
        target=path,
        read_only="ro" in words,
        propagation=next((word for word in words if word in PROPAGATIONS), "rprivate"),
        create_source=True,
    )


def _absolute(source: str) -> str:
    try:
        return clean(os.path.abspath(source))
    except FileNotFoundError as failure:
        raise Invalid(f"{source}: the current directory does not exist any more") from failure


# What may stand in the third part of a volume, by what it speaks of: each of these once.
_MODES = {
    **dict.fromkeys(("ro", "rw"), "access"),
    **dict.fromkeys(("z", "Z"), "label"),
    **dict.fromkeys(PROPAGATIONS, "propagation"),
    **dict.fromkeys(CONSISTENCIES, "consistency"),
    "nocopy": "copy",
}


def _no_volumes(name: str) -> Unsupported:
    return Unsupported(f"{name}: volumes are not supported yet", hint="bind a directory of the host: -v /PATH:/PATH")


def parse_tmpfs(text: str) -> Mount:
    """A ``--tmpfs``: ``TARGET[:OPTION,…]`` with mount(8)'s options for a tmpfs."""
    target, _, options = text.partition(":")
    given = tuple(option for option in options.split(",") if option)
    for option in given:
        name, equals, value = option.partition("=")
        if not (_tmpfs_value(name, value) if equals else option in _TMPFS_FLAGS):
            raise Invalid(f'invalid tmpfs option "{option}"')
    return Mount(kind=MountKind.TMPFS, target=parse_path(target), options=given)


_TMPFS_WORDS = """
ro rw suid nosuid dev nodev exec noexec sync async dirsync mand nomand atime noatime diratime nodiratime
relatime norelatime strictatime nostrictatime defaults
"""
_TMPFS_FLAGS = frozenset((*_TMPFS_WORDS.split(), *PROPAGATIONS))


def _tmpfs_value(name: str, value: str) -> bool:
    """Whether the kernel takes this option with this value."""
    match name:
        case "mode":
            return bool(value) and not value.strip("01234567")
        case "uid" | "gid":
            return value.isascii() and value.isdigit()
        case "size" | "nr_inodes" | "nr_blocks":
            number = value.rstrip("%") if name == "size" else value
            number = number[:-1] if number[-1:] in tuple("kKmMgG") else number
            return number.isascii() and number.isdigit()
        case "mpol":
            return bool(value)
    return False


def parse_mount(text: str) -> Mount:
    """A ``--mount``: comma-separated ``KEY=VALUE`` as in CSV, of ``type=bind`` or ``type=tmpfs``.

    Keys: type, source (src), target (dst, destination), readonly (ro), consistency; bind-propagation,
    bind-recursive (enabled, disabled, writable, readonly), bind-nonrecursive; tmpfs-size, tmpfs-mode. The
    source has to exist when the container is made. Unsupported: volumes and images.
    """
    given = _fields(text)
    kind = given.get("type", "volume")
    if not kind:
        raise Invalid("type is required")
    if not given.get("target"):
        raise Invalid("target is required")
    for family in ("bind", "volume", "image", "tmpfs"):
        if family != kind and any(key.startswith(f"{family}-") for key in given):
            raise Invalid(f"cannot mix '{family}-*' options with mount type '{kind}'")
    if kind in ("volume", "image"):
        raise Unsupported(f"mounts of type {kind} are not supported yet", hint="use type=bind or type=tmpfs")
    try:
        target = parse_path(given["target"])
    except Invalid as failure:
        raise _misfit(kind, str(failure)) from failure
    match kind:
        case MountKind.BIND:
            return _bind(given, target)
        case MountKind.TMPFS:
            return _tmpfs(given, target)
    raise _misfit(kind, "mount type unknown")


def _misfit(kind: str, why: str) -> Invalid:
    return Invalid(f'invalid mount config for type "{kind}": {why}')


_ALIASES = {"src": "source", "dst": "target", "destination": "target", "ro": "readonly"}
_WORDS = """
type source target readonly consistency bind-propagation bind-recursive bind-nonrecursive tmpfs-size
tmpfs-mode image-subpath volume-subpath volume-nocopy volume-label volume-driver volume-opt
"""
_KEYS = frozenset(_WORDS.split())
_FLAGS = frozenset(("readonly", "bind-nonrecursive", "volume-nocopy"))


def _fields(text: str) -> dict[str, str]:
    """The keys and values of a mount, keys in their full form; of a key given twice the later counts."""
    import csv

    try:
        words = next(csv.reader([text], strict=True), [])
    except csv.Error as failure:
        raise Invalid(f"parse error in {text!r}: {failure}") from failure
    if not words:
        raise Invalid("a mount needs at least a type and a target")
    given = {}
    for word in words:
        name, equals, value = word.partition("=")
        key = _ALIASES.get(name.lower(), name.lower())
        if not equals and key not in _FLAGS:
            raise Invalid(f"invalid field '{word}' must be a key=value pair")
        if key not in _KEYS:
            raise Invalid(f"unexpected key '{name}' in '{word}'")
        given[key] = value if equals else "true"
    return given


def _bind(given: dict[str, str], target: str) -> Mount:
    source = given.get("source", "")
    if not source:
        raise _misfit("bind", "field Source must not be empty")
    if not source.startswith(("/", ".")):
        raise _misfit("bind", f"invalid mount path: '{source}' mount path must be absolute")
    propagation = given.get("bind-propagation", "") or "rprivate"
    if propagation not in PROPAGATIONS:
        raise _misfit("bind", f"invalid propagation mode: {propagation}")
    below = given.get("bind-recursive", "enabled")
    if below not in ("enabled", "disabled", "writable", "readonly"):
        raise Invalid(
            f'invalid value for bind-recursive: {below} (must be "enabled", "disabled", "writable", or "readonly")'
        )
    read_only = _truth(given, "readonly")
    if below in ("writable", "readonly") and not read_only:
        raise Invalid(f"option 'bind-recursive={below}' requires 'readonly' to be specified in conjunction")
    if below == "readonly" and given.get("bind-propagation") != "rprivate":
        raise Invalid(
            "option 'bind-recursive=readonly' requires 'bind-propagation=rprivate' to be specified in conjunction"
        )
    return Mount(
        kind=MountKind.BIND,
        source=clean(os.path.abspath(source)),
        target=target,
        read_only=read_only,
        propagation=propagation,
        recursive=below != "disabled" and not _truth(given, "bind-nonrecursive"),
        read_only_below={"writable": False, "readonly": True}.get(below),
    )


def _tmpfs(given: dict[str, str], target: str) -> Mount:
    if "source" in given:
        raise _misfit("tmpfs", "field Source must not be specified")
    options = []
    if mode := given.get("tmpfs-mode"):
        if mode.strip("01234567"):
            raise Invalid(f"invalid value for tmpfs-mode: {mode}")
        options.append(f"mode={int(mode, 8):o}")
    if size := given.get("tmpfs-size"):
        try:
            bytes = parse_size(size)
        except Invalid as failure:
            raise Invalid(f"invalid value for tmpfs-size: {size}") from failure
        options += [f"size={bytes}"] if bytes else []
    return Mount(kind=MountKind.TMPFS, target=target, read_only=_truth(given, "readonly"), options=tuple(options))


def _truth(given: dict[str, str], key: str) -> bool:
    try:
        return parse_bool(given.get(key, "false"))
    except Invalid as failure:
        raise Invalid(f"invalid value for {key}: {given[key]}") from failure
