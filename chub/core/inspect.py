"""What docker's inspect says of a container, from what containerd and chub know of it.

Keys and their order are docker 28's (API 1.51), so that scripts which read them go on. A key of docker's whose subject
does not exist here has the value docker gives it when it is not used.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from chub.core.listing import State, Summary, bound, request_of, spec_of, without_init
from chub.core.marks import STOP_SIGNAL_LABEL
from chub.core.workspace import Workspace
from chub.errors import NotFound
from chub.options.terminal import STREAMS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.api.containers import Container

NEVER = "0001-01-01T00:00:00Z"


def inspect(workspace: Workspace, row: Summary) -> dict[str, Any]:
    """A container with docker's keys."""
    spec, request = spec_of(row.record), request_of(row.record)
    process: Mapping[str, Any] = spec.get("process", {})
    args = without_init(list(process.get("args", ())))
    mounts = {each["destination"]: each.get("source", "") for each in spec.get("mounts", ())}
    return {
        "Id": row.record.id,
        "Created": moment(row.record.created),
        "Path": args[0] if args else "",
        "Args": args[1:],
        "State": _state(row),
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
        "HostConfig": _host_config(row, spec, request),
        "GraphDriver": _graph_driver(workspace, row),
        "Mounts": _mounts(row.record),
        "Config": _config(row, process, request, spec),
        "NetworkSettings": _network_settings(row),
    }


def moment(when: datetime | None) -> str:
    """A time as Go's RFC3339Nano writes it: UTC, trailing zeros cut; Go's zero time for None."""
    if when is None:
        return NEVER
    text = when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f").rstrip("0").rstrip(".")
    return f"{text}Z"


def _state(row: Summary) -> dict[str, Any]:
    code = row.exit_code if row.exit_code is not None else 0
    if row.state is State.CREATED and row.ending is not None:
        code = row.ending.exit_code or 0
    return {
        "Status": str(row.state),
        "Running": row.state in (State.RUNNING, State.PAUSED),
        "Paused": row.state is State.PAUSED,
        "Restarting": False,
        "OOMKilled": False,
        "Dead": False,
        "Pid": row.pid,
        "ExitCode": code,
        "Error": row.ending.error if row.ending else "",
        "StartedAt": moment(row.started),
        "FinishedAt": moment(row.finished),
    }


def _image_id(workspace: Workspace, name: str) -> str:
    """The digest that docker calls the image's id: its config's. "" where the image is gone or was a directory."""
    if not name:
        return ""
    from chub.core.images import resolve

    try:
        return resolve(workspace.services, name).config_digest
    except NotFound:
        return ""


def _host_config(row: Summary, spec: Mapping[str, Any], request: Mapping[str, Any]) -> dict[str, Any]:
    security, mounts = request.get("security", {}), request.get("mounts", {})
    process, linux = spec.get("process", {}), spec.get("linux", {})
    resources: Mapping[str, Any] = request.get("resources", {})
    namespaces = {each["type"] for each in linux.get("namespaces", ())}
    binds = [each for each in mounts.get("mounts", ()) if each["kind"] == "bind"]
    tmpfs = [each for each in mounts.get("mounts", ()) if each["kind"] == "tmpfs"]
    return {
        "Binds": [f"{each['source']}:{each['target']}" + (":ro" if each["read_only"] else "") for each in binds]
        or None,
        "ContainerIDFile": request.get("identity", {}).get("cidfile") or "",
        "LogConfig": _log_config(request.get("logging", {})),
        "NetworkMode": "none" if "network" in namespaces else "host",
        "PortBindings": {},
        "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0},
        "AutoRemove": request.get("identity", {}).get("remove", False),
        "VolumeDriver": "",
        "VolumesFrom": None,
        "ConsoleSize": [0, 0],
        "CapAdd": list(security.get("cap_add", ())) or None,
        "CapDrop": list(security.get("cap_drop", ())) or None,
        "CgroupnsMode": "private" if "cgroup" in namespaces else "host",
        "Dns": [],
        "DnsOptions": [],
        "DnsSearch": [],
        "ExtraHosts": None,
        "GroupAdd": list(request.get("process", {}).get("groups", ())) or None,
        "IpcMode": "private" if "ipc" in namespaces else "host",
        "Cgroup": "",
        "Links": None,
        "OomScoreAdj": process.get("oomScoreAdj", 0),
        "PidMode": "" if "pid" in namespaces else "host",
        "Privileged": security.get("privileged", False),
        "PublishAllPorts": False,
        "ReadonlyRootfs": spec.get("root", {}).get("readonly", False),
        "SecurityOpt": list(security.get("security_opt", ())) or None,
        "Tmpfs": {each["target"]: ",".join(each["options"]) for each in tmpfs},
        "UTSMode": "" if "uts" in namespaces else "host",
        "UsernsMode": "",
        "ShmSize": mounts.get("shm_size") or 67108864,
        "Sysctls": dict(each.partition("=")[::2] for each in resources.get("sysctls", ())),
        "Runtime": request.get("identity", {}).get("runtime") or row.record.runtime.name,
        "Isolation": "",
        "CpuShares": 0,
        "Memory": 0,
        "NanoCpus": 0,
        "CgroupParent": "",
        "BlkioWeight": 0,
        "BlkioWeightDevice": [],
        "BlkioDeviceReadBps": [],
        "BlkioDeviceWriteBps": [],
        "BlkioDeviceReadIOps": [],
        "BlkioDeviceWriteIOps": [],
        "CpuPeriod": 0,
        "CpuQuota": 0,
        "CpuRealtimePeriod": 0,
        "CpuRealtimeRuntime": 0,
        "CpusetCpus": "",
        "CpusetMems": "",
        "Devices": [],
        "DeviceCgroupRules": None,
        "DeviceRequests": None,
        "MemoryReservation": 0,
        "MemorySwap": 0,
        "MemorySwappiness": None,
        "OomKillDisable": False,
        "PidsLimit": None,
        "Ulimits": [
            {"Name": each["name"], "Hard": each["hard"], "Soft": each["soft"]} for each in resources.get("ulimits", ())
        ],
        "CpuCount": 0,
        "CpuPercent": 0,
        "IOMaximumIOps": 0,
        "IOMaximumBandwidth": 0,
        "MaskedPaths": linux.get("maskedPaths"),
        "ReadonlyPaths": linux.get("readonlyPaths"),
    } | ({"Init": True} if request.get("process", {}).get("init") else {})


def _graph_driver(workspace: Workspace, row: Summary) -> dict[str, Any]:
    """The directories of its snapshot, as containerd gives them."""
    record = row.record
    if not record.snapshotter or not record.snapshot_key:
        return {"Name": record.snapshotter, "Data": None}
    try:
        mounts = workspace.services.snapshots(record.snapshotter).mounts(record.snapshot_key)
    except NotFound:
        return {"Name": record.snapshotter, "Data": None}
    options = dict(each.partition("=")[::2] for each in mounts[0].options)
    names = {"lowerdir": "LowerDir", "upperdir": "UpperDir", "workdir": "WorkDir"}
    data = {names[name]: value for name, value in options.items() if name in names}
    return {"Name": record.snapshotter, "Data": data or {"Dir": mounts[0].source}}


def _mounts(record: Container) -> list[dict[str, Any]]:
    """Bind mounts that were asked for; the files that chub itself mounts do not count, as with docker."""
    return [
        {
            "Type": "bind",
            "Source": each["source"],
            "Destination": each["destination"],
            "Mode": "",
            "RW": "ro" not in each.get("options", ()),
            "Propagation": next((word for word in each.get("options", ()) if word in PROPAGATIONS), "rprivate"),
        }
        for each in bound(record)
    ]


def _log_config(logging: Mapping[str, Any]) -> dict[str, Any]:
    options = dict(sorted(option.partition("=")[::2] for option in logging.get("options", ())))
    return {"Type": logging.get("driver", "none"), "Config": options}


PROPAGATIONS = frozenset({"private", "rprivate", "shared", "rshared", "slave", "rslave"})


def _config(
    row: Summary, process: Mapping[str, Any], request: Mapping[str, Any], spec: Mapping[str, Any]
) -> dict[str, Any]:
    asked = request.get("process", {})
    entrypoint = asked.get("entrypoint")
    interactive = request.get("terminal", {}).get("interactive", False)
    attached = request.get("terminal", {}).get("attached", STREAMS)
    user = process.get("user", {})
    stop = {
        "StopSignal": row.record.labels.get(STOP_SIGNAL_LABEL),
        "StopTimeout": request.get("lifecycle", {}).get("stop_timeout"),
    }
    return {
        "Hostname": spec.get("hostname", ""),
        "Domainname": "",
        "User": asked.get("user") or (f"{user['uid']}:{user['gid']}" if user.get("uid") else ""),
        "AttachStdin": interactive and "stdin" in attached,
        "AttachStdout": "stdout" in attached,
        "AttachStderr": "stderr" in attached,
        "Tty": process.get("terminal", False),
        "OpenStdin": interactive,
        "StdinOnce": interactive and "stdin" in attached,
        "Env": list(process.get("env", ())),
        "Cmd": list(request["words"]) if request.get("words") else without_init(list(process.get("args", ()))),
        "Image": row.image,
        "Volumes": None,
        "WorkingDir": process.get("cwd", ""),
        "Entrypoint": [entrypoint] if entrypoint else None,
        "OnBuild": None,
        "Labels": dict(row.labels),
    } | {key: value for key, value in stop.items() if value is not None}


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
        "Networks": {},
    }
