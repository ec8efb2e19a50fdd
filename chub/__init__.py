"""A containerd client: containers without a docker daemon.

>>> import chub
>>> with chub.Client() as client:                                   # doctest: +SKIP
...     print(client.containers.run("hello", ["echo", "hi"]).text)

Names are imported when they are used, so that a program pays for what it needs.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.api.events import Event, Missed
    from chub.chain.layers import ImageLayers
    from chub.chain.links import Chain
    from chub.core.events import Happening
    from chub.core.metering import Progress
    from chub.core.rootfs import Imported, Rootfs
    from chub.core.stats import Usage
    from chub.doctor.findings import Finding, Mended
    from chub.errors import (
        AlreadyExists,
        Cancelled,
        ChubError,
        Conflict,
        DataLoss,
        EngineFault,
        Invalid,
        NotFound,
        PermissionDenied,
        ProgramNotExecutable,
        ProgramNotFound,
        ProgramNotStarted,
        ResourceExhausted,
        TimedOut,
        Unavailable,
        Unsupported,
    )
    from chub.options.execution import Execution
    from chub.options.lifecycle import Lifecycle
    from chub.options.limits import Limits
    from chub.options.logging import Logging
    from chub.options.mounts import Mount, MountKind, Mounts
    from chub.options.namespaces import Namespaces
    from chub.options.network import Network
    from chub.options.process import Process
    from chub.options.request import ContainerOptions, Identity, Request
    from chub.options.resources import Device, Resources, Ulimit
    from chub.options.security import Security
    from chub.options.terminal import Terminal
    from chub.sdk.client import Client
    from chub.sdk.container import Container
    from chub.sdk.engine import Engine
    from chub.sdk.images import Image
    from chub.sdk.results import ExecResult, ProgramFailed, Result

_PLACES = {
    "chub.api.events": "Event Missed",
    "chub.chain.links": "Chain",
    "chub.chain.layers": "ImageLayers",
    "chub.core.events": "Happening",
    "chub.core.metering": "Progress",
    "chub.core.rootfs": "Imported Rootfs",
    "chub.core.stats": "Usage",
    "chub.doctor.findings": "Finding Mended",
    "chub.sdk.images": "Image",
    "chub.errors": (
        "AlreadyExists Cancelled ChubError Conflict DataLoss EngineFault Invalid NotFound PermissionDenied"
        " ProgramNotExecutable ProgramNotFound ProgramNotStarted ResourceExhausted TimedOut Unavailable Unsupported"
    ),
    "chub.options.execution": "Execution",
    "chub.options.lifecycle": "Lifecycle",
    "chub.options.limits": "Limits",
    "chub.options.logging": "Logging",
    "chub.options.mounts": "Mount MountKind Mounts",
    "chub.options.namespaces": "Namespaces",
    "chub.options.network": "Network",
    "chub.options.process": "Process",
    "chub.options.request": "ContainerOptions Identity Request",
    "chub.options.resources": "Device Resources Ulimit",
    "chub.options.security": "Security",
    "chub.options.terminal": "Terminal",
    "chub.sdk.client": "Client",
    "chub.sdk.container": "Container",
    "chub.sdk.results": "ExecResult ProgramFailed Result",
    "chub.sdk.engine": "Engine",
}
_PLACE = {name: place for place, names in _PLACES.items() for name in names.split()}

__all__ = [
    "AlreadyExists",
    "Cancelled",
    "Chain",
    "ChubError",
    "Client",
    "Conflict",
    "Container",
    "ContainerOptions",
    "DataLoss",
    "Device",
    "Engine",
    "EngineFault",
    "Event",
    "ExecResult",
    "Execution",
    "Finding",
    "Happening",
    "Identity",
    "Image",
    "ImageLayers",
    "Imported",
    "Invalid",
    "Lifecycle",
    "Limits",
    "Logging",
    "Mended",
    "Missed",
    "Mount",
    "MountKind",
    "Mounts",
    "Namespaces",
    "Network",
    "NotFound",
    "PermissionDenied",
    "Process",
    "ProgramFailed",
    "ProgramNotExecutable",
    "ProgramNotFound",
    "ProgramNotStarted",
    "Progress",
    "Request",
    "ResourceExhausted",
    "Resources",
    "Result",
    "Rootfs",
    "Security",
    "Terminal",
    "TimedOut",
    "Ulimit",
    "Unavailable",
    "Unsupported",
    "Usage",
]


def __getattr__(name: str) -> object:
    """Import a public name when it is first used (PEP 562)."""
    if name not in _PLACE:
        raise AttributeError(f"module 'chub' has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(_PLACE[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
