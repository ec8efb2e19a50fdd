"""Image configuration: what an image says of the containers made from it, and of how it came to be.

Format: OCI image specification, ``config.md``; docker's own fields (health check, shell, on-build) are kept
as docker writes them.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import UTC, datetime
from typing import cast

from chub.errors import Invalid
from chub.oci import digests
from chub.oci.document import load
from chub.records import record

LIMIT = 8 * 1024 * 1024  # bytes of JSON


@record
class History:
    """One step of an image's making. Steps that changed no file have no layer."""

    created: datetime | None = None
    created_by: str = ""
    author: str = ""
    comment: str = ""
    empty_layer: bool = False


@record
class ImageConfig:
    """What an image says of its containers. Absent is empty, or None where empty means something else."""

    architecture: str
    os: str
    variant: str = ""
    os_version: str = ""
    created: datetime | None = None
    author: str = ""
    env: tuple[str, ...] = ()  # NAME=VALUE
    entrypoint: tuple[str, ...] | None = None
    cmd: tuple[str, ...] | None = None
    user: str = ""
    workdir: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    volumes: tuple[str, ...] = ()
    exposed_ports: tuple[str, ...] = ()  # 80/tcp
    stop_signal: str = ""
    shell: tuple[str, ...] | None = None
    on_build: tuple[str, ...] | None = None
    healthcheck: Mapping[str, object] | None = None  # docker's: Test, Interval, Timeout, … in nanoseconds
    diff_ids: tuple[str, ...] = ()
    history: tuple[History, ...] = ()


def parse(data: bytes) -> ImageConfig:
    """Read an image configuration; Invalid when it is none, is too large or its diff IDs are malformed."""
    document = load(data, "image configuration", limit=LIMIT)
    config = _mapping(document, "config")
    rootfs = _mapping(document, "rootfs")
    history = document.get("history") or []
    if not isinstance(history, list) or not all(isinstance(step, dict) for step in history):
        raise Invalid("image configuration: history is not a list of objects")
    return ImageConfig(
        architecture=_text(document, "architecture"),
        os=_text(document, "os"),
        variant=_text(document, "variant"),
        os_version=_text(document, "os.version"),
        created=_time(document, "created"),
        author=_text(document, "author"),
        env=_texts(config, "Env") or (),
        entrypoint=_texts(config, "Entrypoint"),
        cmd=_texts(config, "Cmd"),
        user=_text(config, "User"),
        workdir=_text(config, "WorkingDir"),
        labels={name: _text(_mapping(config, "Labels"), name) for name in _mapping(config, "Labels")},
        volumes=tuple(_mapping(config, "Volumes")),
        exposed_ports=tuple(_mapping(config, "ExposedPorts")),
        stop_signal=_text(config, "StopSignal"),
        shell=_texts(config, "Shell"),
        on_build=_texts(config, "OnBuild"),
        healthcheck=_mapping(config, "Healthcheck") or None,
        diff_ids=tuple(digests.checked(digest) for digest in _texts(rootfs, "diff_ids") or ()),
        history=tuple(_history(step) for step in history),
    )


def build(image: ImageConfig) -> bytes:
    """The configuration as JSON, the same bytes for the same record: keys sorted, nothing absent written."""
    config: dict[str, object] = {
        "Env": list(image.env),
        "Entrypoint": _listed(image.entrypoint),
        "Cmd": _listed(image.cmd),
        "User": image.user,
        "WorkingDir": image.workdir,
        "Labels": dict(image.labels),
        "Volumes": {path: {} for path in image.volumes},
        "ExposedPorts": {port: {} for port in image.exposed_ports},
        "StopSignal": image.stop_signal,
        "Shell": _listed(image.shell),
        "OnBuild": _listed(image.on_build),
        "Healthcheck": dict(image.healthcheck) if image.healthcheck is not None else None,
    }
    document: dict[str, object] = {
        "variant": image.variant,
        "os.version": image.os_version,
        "author": image.author,
        "created": rfc3339(image.created) if image.created else None,
        "history": [_step(step) for step in image.history],
    }
    present = {name: value for name, value in document.items() if value not in (None, "", [])}
    present["architecture"] = image.architecture
    present["os"] = image.os
    present["config"] = {name: value for name, value in config.items() if value not in (None, "", {}, [])}
    present["rootfs"] = {"type": "layers", "diff_ids": list(image.diff_ids)}
    return json.dumps(present, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def rfc3339(time: datetime) -> str:
    """A time as Go writes it (RFC 3339, UTC, trailing zeros of the fraction cut)."""
    text = time.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
    return text.rstrip("0").rstrip(".") + "Z"


def parse_time(text: str) -> datetime | None:
    """An RFC 3339 time, cut to microseconds; None for Go's zero time and for what is no time."""
    head, dot, tail = text.partition(".")
    if dot:
        digits = len(tail) - len(tail.lstrip("0123456789"))
        text = f"{head}.{tail[: min(digits, 6)]:0<6}{tail[digits:]}"
    try:
        time = datetime.fromisoformat(text)
        time = time.replace(tzinfo=time.tzinfo or UTC)
        return None if time.year == 1 else time.astimezone(UTC)
    except (ValueError, OverflowError):  # the last day of the year 9999, to the west
        return None


def _listed(words: Sequence[str] | None) -> list[str] | None:
    return None if words is None else list(words)


def _step(step: History) -> dict[str, object]:
    document = {
        "created": rfc3339(step.created) if step.created else None,
        "created_by": step.created_by,
        "author": step.author,
        "comment": step.comment,
        "empty_layer": step.empty_layer,
    }
    return {name: value for name, value in document.items() if value}


def _history(step: Mapping[str, object]) -> History:
    return History(
        created=_time(step, "created"),
        created_by=_text(step, "created_by"),
        author=_text(step, "author"),
        comment=_text(step, "comment"),
        empty_layer=step.get("empty_layer") is True,
    )


def _mapping(document: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = document.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Invalid(f"image configuration: {name} is not an object")
    return cast("Mapping[str, object]", value)


def _text(document: Mapping[str, object], name: str) -> str:
    value = document.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Invalid(f"image configuration: {name} is not a text")
    return value


def _texts(document: Mapping[str, object], name: str) -> tuple[str, ...] | None:
    value = document.get(name)
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise Invalid(f"image configuration: {name} is not a list of texts")
    return tuple(value)


def _time(document: Mapping[str, object], name: str) -> datetime | None:
    return parse_time(_text(document, name))
