"""Which chub and which engine: what docker's ``version`` and ``info`` tell, in docker's keys where they make sense."""

from __future__ import annotations

import os
import platform
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from chub.core.host import has_apparmor
from chub.core.listing import State, containers
from chub.errors import ChubError
from chub.objects.components import Component, init, runc
from chub.objects.plugins import status
from chub.oci.config import rfc3339

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.core.workspace import Workspace

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "i686": "386"}  # Go's names
RUNTIME = "io.containerd.runc.v2"


def client_version() -> dict[str, Any]:
    """The client's part of ``version``."""
    return {
        "Version": version("chub"),
        "PythonVersion": platform.python_version(),
        "GrpcVersion": version("grpcio"),
        "Os": "linux",
        "Arch": _arch(),
    }


def server_version(workspace: Workspace) -> dict[str, Any]:
    """The engine's part of ``version``."""
    found = workspace.services.version.get()
    containerd = Component(name="containerd", path="", version=found.version, commit=found.revision)
    parts = (containerd, runc(workspace.services), init())
    return {
        "Platform": {"Name": ""},
        "Components": [
            {"Name": part.name, "Version": part.version, "Details": {"GitCommit": part.commit}}
            for part in parts
            if part
        ],
        "Version": found.version,
        "GitCommit": found.revision,
        "Os": "linux",
        "Arch": _arch(),
        "KernelVersion": os.uname().release,
    }


def client_info(workspace: Workspace) -> dict[str, Any]:
    """The client's part of ``info``."""
    return {"Debug": workspace.settings.debug, **client_version()}


def server_info(workspace: Workspace) -> dict[str, Any]:
    """The engine's part of ``info``, of the namespace in use."""
    services, settings = workspace.services, workspace.settings
    states = [row.state for row in containers(workspace, all=True)]
    system = _os_release()
    plugins = services.introspection.plugins()
    engine, runtime, first = services.version.get(), runc(services), init()
    return {
        "ID": services.introspection.server().uuid,
        "Containers": len(states),
        "ContainersRunning": states.count(State.RUNNING),
        "ContainersPaused": states.count(State.PAUSED),
        "ContainersStopped": states.count(State.EXITED) + states.count(State.CREATED),
        "Images": len({image.target.digest for image in services.images.list()}),
        "Driver": settings.snapshotter,
        "Plugins": {
            "Log": ["json-file", "none"],
            "Storage": sorted(
                each.id for each in plugins if each.type == "io.containerd.snapshotter.v1" and not each.error
            ),
        },
        "SystemTime": rfc3339(datetime.now(UTC)),
        "LoggingDriver": "json-file",
        "CgroupDriver": "cgroupfs",
        "CgroupVersion": "2" if os.path.exists("/sys/fs/cgroup/cgroup.controllers") else "1",
        "KernelVersion": os.uname().release,
        "OperatingSystem": system.get("PRETTY_NAME", ""),
        "OSVersion": system.get("VERSION_ID", ""),
        "OSType": "linux",
        "Architecture": os.uname().machine,
        "NCPU": len(os.sched_getaffinity(0)),
        "MemTotal": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
        "DockerRootDir": str(settings.data_root),
        "Name": os.uname().nodename,
        "ServerVersion": engine.version,
        "Runtimes": {RUNTIME: {"path": "runc"}},
        "DefaultRuntime": RUNTIME,
        "InitBinary": first.path if first else "",
        "ContainerdCommit": {"ID": engine.revision},
        "RuncCommit": {"ID": runtime.commit if runtime else ""},
        "InitCommit": {"ID": first.commit if first else ""},
        "SecurityOptions": [*(["name=apparmor"] if has_apparmor() else []), "name=seccomp,profile=builtin"],
        "Containerd": {"Address": services.address, "Namespaces": {"Containers": services.namespace}},
        "Warnings": [f"plugin {each.type}.{each.id}: {each.error}" for each in plugins if status(each) == "error"]
        or None,
    }


def whole(workspace: Workspace, *, info: bool) -> tuple[dict[str, Any], dict[str, Any] | None, ChubError | None]:
    """Both parts; None and why where the engine does not answer."""
    client = client_info(workspace) if info else client_version()
    try:
        return client, server_info(workspace) if info else server_version(workspace), None
    except ChubError as failure:
        return client, None, failure


def _arch() -> str:
    machine = os.uname().machine
    return ARCHITECTURES.get(machine, machine)


def _os_release() -> dict[str, str]:
    """os-release(5) of the host."""
    with suppress(OSError):
        return platform.freedesktop_os_release()
    return {}
