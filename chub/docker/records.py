"""What docker says of itself, its containers and its images, as records.

Field names follow docker's own words where these are good; absent values are empty. Source: docker's Engine
API reference, versions 1.40 to 1.51.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphDriver:
    """Where docker's own storage driver keeps the files; the containerd store tells no directories."""

    name: str = ""
    upper: str = ""
    lower: tuple[str, ...] = ()  # topmost first
    merged: str = ""
    work: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """A container as docker keeps it."""

    id: str
    name: str  # without docker's leading slash
    image: str = ""  # as the user wrote it
    image_id: str = ""  # a digest: docker's own store the config's, the containerd store the manifest's or index's
    manifest_digest: str = ""  # containerd store only
    pid: int = 0  # 0: not running
    status: str = ""
    exit_code: int = 0
    created: datetime | None = None
    started: datetime | None = None
    finished: datetime | None = None
    driver: str = ""
    runtime: str = ""
    graph: GraphDriver = field(default_factory=GraphDriver)
    log_driver: str = ""  # "json-file", "none", "journald", …
    log_path: str = ""  # json-file only


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image as docker keeps it."""

    id: str
    tags: tuple[str, ...] = ()
    diff_ids: tuple[str, ...] = ()  # lowest layer first
    size: int = 0  # bytes
    graph: GraphDriver = field(default_factory=GraphDriver)


@dataclass(frozen=True, slots=True, kw_only=True)
class Info:
    """The daemon's view of itself."""

    version: str = ""
    root: str = ""  # DockerRootDir
    driver: str = ""
    containerd: str = ""  # its containerd's socket; docker before 27 does not say
    namespace: str = ""  # of its containers in that containerd; docker before 27 does not say
    runtimes: tuple[str, ...] = ()


def container(said: Mapping[str, Any]) -> Container:
    """Read the answer of ``GET /containers/NAME/json``."""
    state, host = said.get("State") or {}, said.get("HostConfig") or {}
    return Container(
        id=said["Id"],
        name=said.get("Name", "").removeprefix("/"),
        image=(said.get("Config") or {}).get("Image", ""),
        image_id=said.get("Image", ""),
        manifest_digest=(said.get("ImageManifestDescriptor") or {}).get("digest", ""),
        pid=state.get("Pid", 0),
        status=state.get("Status", ""),
        exit_code=state.get("ExitCode", 0),
        created=_time(said.get("Created", "")),
        started=_time(state.get("StartedAt", "")),
        finished=_time(state.get("FinishedAt", "")),
        driver=said.get("Driver", ""),
        runtime=host.get("Runtime", ""),
        graph=_graph(said),
        log_driver=(host.get("LogConfig") or {}).get("Type", ""),
        log_path=said.get("LogPath", ""),
    )


def image(said: Mapping[str, Any]) -> Image:
    """Read the answer of ``GET /images/NAME/json``."""
    return Image(
        id=said["Id"],
        tags=tuple(said.get("RepoTags") or ()),
        diff_ids=tuple((said.get("RootFS") or {}).get("Layers") or ()),
        size=said.get("Size", 0),
        graph=_graph(said),
    )


def info(said: Mapping[str, Any]) -> Info:
    """Read the answer of ``GET /info``."""
    containerd = said.get("Containerd") or {}
    return Info(
        version=said.get("ServerVersion", ""),
        root=said.get("DockerRootDir", ""),
        driver=said.get("Driver", ""),
        containerd=containerd.get("Address", ""),
        namespace=(containerd.get("Namespaces") or {}).get("Containers", ""),
        runtimes=tuple(said.get("Runtimes") or ()),
    )


def _graph(said: Mapping[str, Any]) -> GraphDriver:
    driver = said.get("GraphDriver") or {}
    data = driver.get("Data") or {}
    lower = data.get("LowerDir") or ""
    return GraphDriver(
        name=driver.get("Name", ""),
        upper=data.get("UpperDir") or "",
        lower=tuple(lower.split(":")) if lower else (),
        merged=data.get("MergedDir") or "",
        work=data.get("WorkDir") or "",
    )


def _time(text: str) -> datetime | None:
    """Read RFC 3339 with up to nine digits of a second; docker writes year 1 for "never"."""
    if not text or text.startswith("0001-"):
        return None
    return datetime.fromisoformat(text).astimezone(UTC)
