"""What docker's inspect says of a container, from what containerd and chub know of it.

Keys and their order are docker 28's (API 1.51), so that scripts which read them go on. A key of docker's whose subject
does not exist here has the value docker gives it when it is not used.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from chub.core import endings
from chub.core.cgroups import oom_kills
from chub.core.disk import Disk
from chub.core.host_config import host_config
from chub.core.listing import State, Summary, bound, network_of, request_of, spec_of, without_init
from chub.core.marks import STOP_SIGNAL_LABEL
from chub.core.workspace import Workspace
from chub.errors import Invalid, NotFound
from chub.oci.config import rfc3339
from chub.options.terminal import STREAMS
from chub.output.ttrpc import bundle_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.api.containers import Container
    from chub.oci.config import ImageConfig

# What docker says of the networks none and host, which have no addresses.
UNCONNECTED: Mapping[str, Any] = {
    "IPAMConfig": None,
    "Links": None,
    "Aliases": None,
    "MacAddress": "",
    "DriverOpts": None,
    "GwPriority": 0,
    "NetworkID": "",
    "EndpointID": "",
    "Gateway": "",
    "IPAddress": "",
    "IPPrefixLen": 0,
    "IPv6Gateway": "",
    "GlobalIPv6Address": "",
    "GlobalIPv6PrefixLen": 0,
    "DNSNames": None,
}
NEVER = "0001-01-01T00:00:00Z"


def inspect(workspace: Workspace, row: Summary, *, size: bool = False) -> dict[str, Any]:
    """A container with docker's keys; with `size` also what its files take."""
    spec, request = spec_of(row.record), request_of(row.record)
    process: Mapping[str, Any] = spec.get("process", {})
    args = without_init(list(process.get("args", ())))
    mounts = {each["destination"]: each.get("source", "") for each in spec.get("mounts", ())}
    return {
        "Id": row.record.id,
        "Created": moment(row.record.created),
        "Path": args[0] if args else "",
        "Args": args[1:],
        "State": _state(row, _oom_killed(workspace, row, spec)),
        "Image": _image_id(workspace, row.record.image),
        "ResolvConfPath": mounts.get("/etc/resolv.conf", ""),
        "HostnamePath": mounts.get("/etc/hostname", ""),
        "HostsPath": mounts.get("/etc/hosts", ""),
        "LogPath": "",
        "Name": f"/{row.name}" if row.name else "",
        "RestartCount": 0,
        "Driver": row.record.snapshotter,
        "Platform": "linux",
        "MountLabel": spec.get("linux", {}).get("mountLabel", ""),
        "ProcessLabel": process.get("selinuxLabel", ""),
        "AppArmorProfile": process.get("apparmorProfile", ""),
        "ExecIDs": None,
        "HostConfig": host_config(row.record, spec, request),
        "GraphDriver": _graph_driver(workspace, row),
        **(_sizes(workspace, row) if size else {}),
        "Mounts": _mounts(row.record, request),
        "Config": _config(workspace, row, process, request, spec),
        "NetworkSettings": _network_settings(row),
    }


def moment(when: datetime | None) -> str:
    """A time as Go's RFC3339Nano writes it: UTC, trailing zeros cut; Go's zero time for None."""
    return NEVER if when is None else rfc3339(when)


def _state(row: Summary, oom_killed: bool) -> dict[str, Any]:
    code = row.exit_code if row.exit_code is not None else 0
    if row.state is State.CREATED and row.ending is not None:
        code = row.ending.exit_code or 0
    return {
        "Status": str(row.state),
        "Running": row.state in (State.RUNNING, State.PAUSED),
        "Paused": row.state is State.PAUSED,
        "Restarting": False,
        "OOMKilled": oom_killed,
        "Dead": False,
        "Pid": row.pid,
        "ExitCode": code,
        "Error": row.ending.error if row.ending else "",
        "StartedAt": moment(row.started),
        "FinishedAt": moment(row.finished),
    }


def _oom_killed(workspace: Workspace, row: Summary, spec: Mapping[str, Any]) -> bool:
    """Whether the kernel killed a process of its last start because memory ran out."""
    ending = row.ending
    if row.task is not None:
        if oom_kills(spec.get("linux", {}).get("cgroupsPath") or ""):
            return True
        if row.state is State.EXITED:  # the task may have been deleted since, and the cgroup before we looked
            ending = endings.read(workspace.data / row.record.id)
    return ending is not None and ending.oom_killed


def _image_id(workspace: Workspace, name: str) -> str:
    """The digest that docker calls the image's id: its config's. "" where the image is gone or was a directory."""
    if not name:
        return ""
    from chub.core.images import resolve

    try:
        return resolve(workspace.services, name).config_digest
    except NotFound:
        return ""


def _graph_driver(workspace: Workspace, row: Summary) -> dict[str, Any]:
    """The directories of its snapshot, as containerd gives them."""
    record = row.record
    if not record.snapshotter or not record.snapshot_key:
        return {"Data": None, "Name": record.snapshotter}
    try:
        mounts = workspace.services.snapshots(record.snapshotter).mounts(record.snapshot_key)
    except NotFound:
        return {"Data": None, "Name": record.snapshotter}
    options = dict(each.partition("=")[::2] for each in mounts[0].options)
    names = {"lowerdir": "LowerDir", "upperdir": "UpperDir", "workdir": "WorkDir"}
    data = {names[name]: options[name] for name in names if name in options}
    return {"Data": (data or {"Dir": mounts[0].source}) | _merged(row), "Name": record.snapshotter}


def _merged(row: Summary) -> dict[str, str]:
    """Where the shim has mounted the files of a container that runs: in its bundle, beside that of the pod."""
    if row.pid:
        with suppress(OSError):
            place = os.path.join(os.path.dirname(bundle_of(row.pid)), row.record.id, "rootfs")
            return {"MergedDir": place} if os.path.isdir(place) else {}
    return {}


def _sizes(workspace: Workspace, row: Summary) -> dict[str, int]:
    disk = Disk(workspace)
    return {"SizeRw": disk.own(row), "SizeRootFs": disk.total(row)}


def _mounts(record: Container, request: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Bind mounts that were asked for; the files that chub itself mounts do not count, as with docker."""
    return [
        {
            "Type": "bind",
            "Source": each["source"],
            "Destination": each["destination"],
            "Mode": _mode(each, request),
            "RW": not {"ro", "rro"} & {*each.get("options", ())},
            "Propagation": next((word for word in each.get("options", ()) if word in PROPAGATIONS), "rprivate"),
        }
        for each in bound(record)
    ]


def _mode(mount: Mapping[str, Any], request: Mapping[str, Any]) -> str:
    """The third part of a ``-v``, as far as it can be told; ``--mount`` has none."""
    asked = request.get("mounts", {}).get("mounts", ())
    mine: Mapping[str, Any] = next((each for each in asked if each["target"] == mount["destination"]), {})
    return "ro" if mine.get("create_source") and mine["read_only"] else ""


PROPAGATIONS = frozenset({"private", "rprivate", "shared", "rshared", "slave", "rslave"})


def _config(
    workspace: Workspace, row: Summary, process: Mapping[str, Any], request: Mapping[str, Any], spec: Mapping[str, Any]
) -> dict[str, Any]:
    asked = request.get("process", {})
    interactive = request.get("terminal", {}).get("interactive", False)
    attached = request.get("terminal", {}).get("attached", STREAMS)
    image = _image_config(workspace, row, request)
    stop = {
        "StopSignal": row.record.labels.get(STOP_SIGNAL_LABEL),
        "StopTimeout": request.get("lifecycle", {}).get("stop_timeout"),
    }
    network = request.get("network", {})
    ports: dict[str, Any] = {
        port: {} for port in sorted((*(image.exposed_ports if image else ()), *network.get("exposed", ())))
    }
    return {
        "Hostname": spec.get("hostname") or (row.record.id[:12] if request else ""),
        "Domainname": network.get("domainname") or spec.get("domainname", ""),
        "User": asked.get("user") or (image.user if image else _user(process)),
        "AttachStdin": interactive and "stdin" in attached,
        "AttachStdout": "stdout" in attached,
        "AttachStderr": "stderr" in attached,
        **({"ExposedPorts": ports} if ports else {}),
        "Tty": process.get("terminal", False),
        "OpenStdin": interactive,
        "StdinOnce": interactive and "stdin" in attached,
        "Env": _environment(asked, image) if image else list(process.get("env", ())),
        "Cmd": _command(request, process, image),
        "Image": row.image,
        "Volumes": {path: {} for path in sorted(image.volumes)} if image and image.volumes else None,
        "WorkingDir": asked.get("workdir") or (image.workdir if image else process.get("cwd", "")),
        "Entrypoint": _entrypoint(asked, image),
        "OnBuild": None,
        "Labels": dict(sorted(row.labels.items())),
    } | {key: value for key, value in stop.items() if value is not None}


def _image_config(workspace: Workspace, row: Summary, request: Mapping[str, Any]) -> ImageConfig | None:
    """What the image of a container of chub's says; None where it is gone, and for others' containers.

    A directory's says nothing that a container of it could have.
    """
    from chub.core.images import resolve
    from chub.oci.config import ImageConfig

    if request.get("rootfs"):
        return ImageConfig(architecture="", os="")
    if not request or not row.record.image:
        return None
    try:
        return resolve(workspace.services, row.record.image).config
    except (NotFound, Invalid):
        return None


def _user(process: Mapping[str, Any]) -> str:
    user = process.get("user", {})
    return f"{user['uid']}:{user['gid']}" if user.get("uid") else ""


def _environment(asked: Mapping[str, Any], image: ImageConfig) -> list[str] | None:
    """The variables that the user gave, then those that the image has beside them."""
    given = list(asked.get("env", ()))
    named = {entry.partition("=")[0] for entry in given}
    return [*given, *(entry for entry in image.env if entry.partition("=")[0] not in named)] or None


def _command(request: Mapping[str, Any], process: Mapping[str, Any], image: ImageConfig | None) -> list[str] | None:
    if request.get("words"):
        return list(request["words"])
    if image is None:
        return list(without_init(list(process.get("args", ()))))
    own = request.get("process", {}).get("entrypoint") is None
    return list(image.cmd) if own and image.cmd else None


def _entrypoint(asked: Mapping[str, Any], image: ImageConfig | None) -> list[str] | None:
    entrypoint = asked.get("entrypoint")
    if entrypoint is not None:
        return [entrypoint]
    return list(image.entrypoint) if image and image.entrypoint else None


def _network_settings(row: Summary) -> dict[str, Any]:
    return {
        "Bridge": "",
        "SandboxID": "",
        "SandboxKey": f"/proc/{row.pid}/ns/net" if row.pid else "",
        "Ports": {},
        "HairpinMode": False,
        "LinkLocalIPv6Address": "",
        "LinkLocalIPv6PrefixLen": 0,
        "SecondaryIPAddresses": None,
        "SecondaryIPv6Addresses": None,
        "EndpointID": "",
        "Gateway": "",
        "GlobalIPv6Address": "",
        "GlobalIPv6PrefixLen": 0,
        "IPAddress": "",
        "IPPrefixLen": 0,
        "IPv6Gateway": "",
        "MacAddress": "",
        "Networks": {network_of(row.record): UNCONNECTED},
    }
