"""Output that another client keeps: where docker, nerdctl and Kubernetes wrote it, and what they write now."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import Any

from chub.core.listing import spec_of
from chub.core.patience import patiently
from chub.errors import ChubError, NotFound, PermissionDenied, Unsupported
from chub.output.foreign import Rotated, cri_entry, json_entry
from chub.output.read import Chunk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.api.containers import Container
    from chub.core.listing import Summary
    from chub.core.workspace import Workspace
    from chub.output.foreign import Parse

JSON_FILE = "json-file"
DOCKERS = re.compile(r"(/.*)/containers/[0-9a-f]{64}/(?:hostname|hosts|resolv\.conf)")
STATE_DIR, LOG_URI, LOG_CONFIG = "nerdctl/state-dir", "nerdctl/log-uri", "nerdctl/log-config"
KEPT_BY = {
    "docker": "docker keeps the output in its own files, which were not found",
    "kubernetes": "kubelet names the file of a pod's container; its sandbox has none",
    "nerdctl": "nerdctl keeps the output of those that run detached",
    "": "ctr or another client made it, and only that knows where its output goes",
}
LOOK = 0.05  # seconds between two looks at a file that is followed
ASK = 0.5  # seconds between two questions whether its container still runs
QUIET = 0.5  # seconds without anything new after which nothing is expected from whoever writes on after the end
GONE = 10.0  # the same where the owner shows when it is done: docker removes its record


def reader(row: Summary, *, details: bool = False) -> Rotated:
    """The kept output of a container that another client than chub made.

    With `details` every line begins with the attributes that docker wrote beside it, and a space. Raises NotFound where
    there is no file, Unsupported where docker's or nerdctl's log driver keeps another kind.
    """
    shown = f"container {row.record.id[:12]}"
    missing = NotFound(f"{shown}: its output was not kept", hint=KEPT_BY[row.owner])
    parse: Parse = partial(json_entry, details=details)
    if row.owner == "docker":
        path = _dockers(row.record)
    elif row.owner == "nerdctl":
        path = _nerdctls(row.record)
    else:
        path, parse = _kubernetes(row.record), cri_entry
    if not path:
        raise missing
    try:
        return Rotated(path, parse, details=details)
    except (FileNotFoundError, NotADirectoryError) as failure:
        raise missing from failure
    except PermissionError as failure:
        raise PermissionDenied(f"{shown}: you may not read {path}", hint="run it as root (sudo)") from failure
    except OSError as failure:
        raise NotFound(f"{shown}: {path}: {failure.strerror}", hint=KEPT_BY[row.owner]) from failure


def following(workspace: Workspace, row: Summary, kept: Rotated) -> Iterator[Chunk]:
    """Output as it comes, until the container has ended and its owner has written all of it."""
    while _lives(workspace, row):
        asked = time.monotonic()
        while time.monotonic() - asked < ASK:
            if kept.changed():
                yield from kept.chunks()
            time.sleep(LOOK)
    patience = GONE if row.owner == "docker" else QUIET
    end = time.monotonic() + patience
    while time.monotonic() < end and not _written(workspace, row):
        if kept.changed():
            yield from kept.chunks()
            end = time.monotonic() + patience
        time.sleep(LOOK)
    yield from kept.chunks()


def _lives(workspace: Workspace, row: Summary) -> bool:
    """Whether its task has not ended."""
    services = workspace.services
    try:
        return patiently(services.channel, lambda: services.tasks.get(row.record.id)).status != "stopped"
    except NotFound:
        return False


def _written(workspace: Workspace, row: Summary) -> bool:
    """Whether the owner shows that all output is in its file: docker removes the record then, Kubernetes the task."""
    services, id = workspace.services, row.record.id
    try:
        if row.owner == "docker":  # which makes another when it starts the container again
            return patiently(services.channel, lambda: services.containers.get(id)).created != row.record.created
        if row.owner == "kubernetes":
            patiently(services.channel, lambda: services.tasks.get(id))
        return False
    except NotFound:
        return True


def _dockers(record: Container) -> str:
    """The json-file of a container of docker's; "" where it cannot be told."""
    driver, path = _as_docker_says(record.id) or _beside_its_files(record)
    _readable(driver, "docker", record.id)
    return path


def _as_docker_says(id: str) -> tuple[str, str] | None:
    """A container's log driver and its file; None where docker cannot be asked, or is another one."""
    from chub.docker.client import Docker

    docker = Docker()
    with suppress(ChubError):
        if docker.present:
            found = docker.container(id)
            return found.log_driver, found.log_path
    return None


def _beside_its_files(record: Container) -> tuple[str, str]:
    """The same from the directory that the container has its host name from."""
    for mount in spec_of(record).get("mounts", ()):
        if found := DOCKERS.fullmatch(mount.get("source", "")):
            directory = os.path.join(found[1], "containers", record.id)
            config = _document(os.path.join(directory, "hostconfig.json")).get("LogConfig", {})
            return config.get("Type") or JSON_FILE, os.path.join(directory, f"{record.id}-json.log")
    return JSON_FILE, ""


def _nerdctls(record: Container) -> str:
    """The json-file of a container of nerdctl's; "" where it has none."""
    directory = record.labels.get(STATE_DIR, "")
    if not directory or not record.labels.get(LOG_URI, "binary://").startswith("binary://"):
        return ""
    config = _document(os.path.join(directory, "log-config.json"))
    if LOG_CONFIG in record.labels:
        config = _parsed(record.labels[LOG_CONFIG])
    _readable(config.get("driver", JSON_FILE), "nerdctl", record.id)
    own = os.path.join(directory, f"{record.id}-json.log")
    return str((config.get("opts") or {}).get("log-path") or own)


def _readable(driver: str, owner: str, id: str) -> None:
    if driver == JSON_FILE:
        return
    hint = f"its log driver is {driver!r}; chub reads the files of {JSON_FILE}"
    raise Unsupported(
        "configured logging driver does not support reading",
        hint=hint + ("" if driver == "none" else f": {owner} logs {id[:12]} may know more"),
    )


def _kubernetes(record: Container) -> str:
    """The log of a pod's container, which the CRI plugin of containerd keeps with its record; "" for a sandbox."""
    for name, value in record.extensions.items():
        if name.endswith(".container.metadata"):
            found = value.json()
            path = found.get("Metadata", {}).get("LogPath", "") if isinstance(found, dict) else ""
            return path if isinstance(path, str) else ""
    return ""


def _document(path: str) -> dict[str, Any]:
    """A JSON object of a file; empty where there is none that can be read."""
    try:
        with open(path, encoding="utf-8") as file:
            return _parsed(file.read())
    except OSError:
        return {}


def _parsed(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
