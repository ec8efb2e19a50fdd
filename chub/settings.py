"""Which engine, which namespace, which directories: default < config file < environment < flag.

The config files are TOML and flat: their keys are the fields of `Settings`, with dashes (``data-root``).
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from chub.errors import Invalid
from chub.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

HOST_SOCKET = "/run/containerd/containerd.sock"
"""Where the host's own containerd serves, on every distribution."""

DEFAULT = "default"
"""The source of a setting that nobody set."""

_VARIABLES = {
    "address": "CONTAINERD_ADDRESS",
    "namespace": "CONTAINERD_NAMESPACE",
    "snapshotter": "CONTAINERD_SNAPSHOTTER",
    "data_root": "CHUB_DATA_ROOT",
    "state_root": "CHUB_STATE_ROOT",
    "debug": "CHUB_DEBUG",
}
_NAME_LENGTH = 76  # containerd's limit for identifiers
_YES, _NO = frozenset({"1", "true", "yes", "on"}), frozenset({"0", "false", "no", "off", ""})


@record
class Settings:
    """What every command needs to know before it does anything."""

    address: str  # path of containerd's socket
    namespace: str
    snapshotter: str
    data_root: Path  # what lasts: containers' files, a private engine's root
    state_root: Path  # what a reboot may take: FIFOs, locks, a private engine's state
    debug: bool = False
    sources: Mapping[str, str]  # field → where its value came from: "default", a file, a variable, a flag

    @property
    def engine_state(self) -> Path:
        """The directory of the private engine's socket and state."""
        return self.state_root / "engine"

    @property
    def engine_socket(self) -> Path:
        """Where a private engine of these settings serves."""
        return self.engine_state / "containerd.sock"


def load(
    flags: Mapping[str, str | None] | None = None,
    *,
    environ: Mapping[str, str] = os.environ,
    files: Iterable[Path] | None = None,
) -> Settings:
    """Read the settings of this call.

    `flags` has field names as keys; None means that the flag was not given. Of `files`, the config files, the
    later one wins; without it they are `config_files`. Raises Invalid for a value or a file that cannot be
    used, and names its source.
    """
    found = dict(_from_files(config_files(environ) if files is None else files))
    for field, variable in _VARIABLES.items():
        if text := environ.get(variable):
            found[field] = (text, variable)
    for field, given in (flags or {}).items():
        if given is not None:
            found[field] = (given, "--" + field.replace("_", "-"))

    data_root = _path("data_root", found) or _default_data_root(environ)
    state_root = _path("state_root", found) or _default_state_root(environ)
    engine = state_root / "engine"
    if "address" not in found:
        found["address"] = (_default_address(engine / "containerd.sock"), DEFAULT)
    address = found["address"][0].removeprefix("unix://").removeprefix("unix:")
    if "snapshotter" not in found and address == str(engine / "containerd.sock"):
        found |= _engine_choice(engine / "snapshotter")
    return Settings(
        address=address,
        namespace=_name("namespace", found, "default"),
        snapshotter=_name("snapshotter", found, "overlayfs"),
        data_root=data_root,
        state_root=state_root,
        debug=_flag("debug", found),
        sources={field: found[field][1] if field in found else DEFAULT for field in _VARIABLES},
    )


def config_files(environ: Mapping[str, str] = os.environ) -> tuple[Path, ...]:
    """The config files that are read where they exist, the host's before the user's."""
    mine = environ.get("XDG_CONFIG_HOME") or os.path.join(_home(environ), ".config")
    return Path("/etc/chub/config.toml"), Path(mine, "chub", "config.toml")


def _from_files(files: Iterable[Path]) -> Iterator[tuple[str, tuple[str, str]]]:
    """Every key of every file, with its value as text and the file's name."""
    for file in files:
        try:
            with open(file, "rb") as opened:
                owner = os.fstat(opened.fileno()).st_uid
                content = opened.read()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as failure:
            raise Invalid(f"config file {file}: {failure.strerror}") from failure
        if owner not in (0, os.geteuid()):
            raise Invalid(f"config file {file}: it belongs to user {owner}, neither to root nor to you")
        for key, value in _parse(file, content).items():
            field = key.replace("-", "_")
            if field not in _VARIABLES or "_" in key:
                known = ", ".join(name.replace("_", "-") for name in _VARIABLES)
                raise Invalid(f"config file {file}: unknown key {key!r}", hint=f"the keys are {known}")
            yield field, (_text(file, key, value), str(file))


def _parse(file: Path, content: bytes) -> dict[str, object]:
    import tomllib  # most hosts have no config file

    try:
        return tomllib.loads(content.decode())
    except ValueError as failure:  # bad TOML and bad UTF-8 both
        raise Invalid(f"config file {file}: {failure}") from failure


def _text(file: Path, key: str, value: object) -> str:
    if key == "debug" and isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str):
        raise Invalid(f"config file {file}: {key} must be a string, not {value!r}")
    if key.endswith("-root") and not os.path.isabs(value):
        raise Invalid(f"config file {file}: {key} must be an absolute path, not {value!r}")
    return value


def _path(field: str, found: Mapping[str, tuple[str, str]]) -> Path | None:
    """A flag's or variable's relative path starts at the current directory."""
    return Path(os.path.abspath(found[field][0])) if field in found else None


def _name(field: str, found: Mapping[str, tuple[str, str]], default: str) -> str:
    """A value that becomes a part of paths: containerd's grammar for identifiers holds it together."""
    value, source = found.get(field, (default, DEFAULT))
    words = value.replace("-", ".").replace("_", ".").split(".")
    if len(value) > _NAME_LENGTH or not value.isascii() or not all(word.isalnum() for word in words):
        raise Invalid(
            f"{source}: {value!r} is not a {field}",
            hint=f"letters and digits, with single '.', '_' or '-' between them; at most {_NAME_LENGTH}",
        )
    return value


def _flag(field: str, found: Mapping[str, tuple[str, str]]) -> bool:
    value, source = found.get(field, ("", DEFAULT))
    if value.lower() not in _YES | _NO:
        raise Invalid(f"{source}: {value!r} is neither true nor false")
    return value.lower() in _YES


def _default_address(private: Path) -> str:
    """The host's containerd where it is, else a private engine that serves, else the host's all the same."""
    if not _is_socket(HOST_SOCKET) and _is_socket(private):
        return str(private)
    return HOST_SOCKET


def _is_socket(path: str | Path) -> bool:
    try:
        return stat.S_ISSOCK(os.stat(path).st_mode)
    except OSError:
        return False


def _engine_choice(file: Path) -> dict[str, tuple[str, str]]:
    """The snapshotter that a private engine settled on when it started."""
    try:
        return {"snapshotter": (file.read_text().strip(), str(file))}
    except OSError:
        return {}


def _default_data_root(environ: Mapping[str, str]) -> Path:
    if os.geteuid() == 0:
        return Path("/var/lib/chub")
    return Path(environ.get("XDG_DATA_HOME") or os.path.join(_home(environ), ".local/share"), "chub")


def _default_state_root(environ: Mapping[str, str]) -> Path:
    if os.geteuid() == 0:
        return Path("/run/chub")
    return Path(environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.geteuid()}", "chub")


def _home(environ: Mapping[str, str]) -> str:
    return environ.get("HOME") or os.path.expanduser("~")
