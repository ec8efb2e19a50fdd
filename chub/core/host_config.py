"""The part ``HostConfig`` of docker's inspect: what a container was given of the host."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chub.core.listing import request_of
from chub.oci.limits import from_oci
from chub.oci.spec.base import SHM_SIZE
from chub.options.document import from_document
from chub.options.limits import Limits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.api.containers import Container

Document = Mapping[str, Any]
LEFT_OUT = ("Tmpfs", "Sysctls", "Mounts")  # where there are none


def host_config(record: Container, spec: Document, request: Document) -> dict[str, Any]:
    """It, with docker's keys in docker's order; `spec` and `request` are those of the record."""
    process = request.get("process", {})
    linux = spec.get("linux", {})
    found = {
        **_kept(spec, request),
        **_confined(spec, request),
        **_run(record, request),
        **_limited(limits_of(record, spec), request.get("resources", {})),
        "Mounts": [_mount(each) for each in _binds(request) if not each["create_source"]],
        "MaskedPaths": linux.get("maskedPaths"),
        "ReadonlyPaths": linux.get("readonlyPaths"),
        **({"Init": True} if process.get("init") else {}),
    }
    return {key: value for key, value in found.items() if value or key not in LEFT_OUT}


def limits_of(record: Container, spec: Document) -> Limits:
    """The limits of a container: as it was asked for, or for another client's as its spec has them."""
    request = request_of(record)
    if request:
        return from_document(Limits, request.get("limits", {}), "limits")
    return from_oci(spec.get("linux", {}).get("resources") or {})


def _kept(spec: Document, request: Document) -> dict[str, Any]:
    """Files, network and life."""
    binds = [each for each in _binds(request) if each["create_source"]]
    identity = request.get("identity", {})
    return {
        "Binds": [f"{each['source']}:{each['target']}" + (":ro" if each["read_only"] else "") for each in binds]
        or None,
        "ContainerIDFile": identity.get("cidfile") or "",
        "LogConfig": _log_config(request.get("logging", {})),
        "NetworkMode": request.get("network", {}).get("network") or _own(spec, "network", "none"),
        "PortBindings": {},
        "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0},
        "AutoRemove": identity.get("remove", False),
        "VolumeDriver": "",
        "VolumesFrom": None,
        "ConsoleSize": [0, 0],
    }


def _binds(request: Document) -> list[Document]:
    """Those of ``--volume``, which make their source where it is missing, and those of ``--mount``, which do not."""
    return [each for each in request.get("mounts", {}).get("mounts", ()) if each["kind"] == "bind"]


def _mount(bind: Document) -> dict[str, Any]:
    options = {
        "Propagation": bind["propagation"] if bind["propagation"] != "rprivate" else "",
        "NonRecursive": not bind["recursive"],
        "ReadOnlyNonRecursive": bind["read_only_below"] is False,
        "ReadOnlyForceRecursive": bind["read_only_below"] is True,
    }
    found = {
        "Type": "bind",
        "Source": bind["source"],
        "Target": bind["target"],
        "ReadOnly": bind["read_only"],
        "BindOptions": {key: value for key, value in options.items() if value},
    }
    return {key: value for key, value in found.items() if value}


def _log_config(logging: Document) -> dict[str, Any]:
    options = dict(sorted(option.partition("=")[::2] for option in logging.get("options", ())))
    return {"Type": logging.get("driver", "none"), "Config": options}


def _confined(spec: Document, request: Document) -> dict[str, Any]:
    """Privileges, and what it shares with the host."""
    security, namespaces = request.get("security", {}), request.get("namespaces", {})
    network = request.get("network", {})
    return {
        "CapAdd": list(security.get("cap_add", ())) or None,
        "CapDrop": list(security.get("cap_drop", ())) or None,
        "CgroupnsMode": _own(spec, "cgroup", "private"),
        "Dns": list(network.get("dns", ())),
        "DnsOptions": list(network.get("dns_options", ())),
        "DnsSearch": list(network.get("dns_search", ())),
        "ExtraHosts": list(network.get("hosts", ())) or None,
        "GroupAdd": list(request.get("process", {}).get("groups", ())) or None,
        "IpcMode": namespaces.get("ipc") or _own(spec, "ipc", "private"),
        "Cgroup": "",
        "Links": None,
        "OomScoreAdj": spec.get("process", {}).get("oomScoreAdj", 0),
        "PidMode": namespaces.get("pid") or _own(spec, "pid", ""),
        "Privileged": security.get("privileged", False),
        "PublishAllPorts": False,
        "ReadonlyRootfs": spec.get("root", {}).get("readonly", False),
        "SecurityOpt": list(security.get("security_opt", ())) or None,
        "Tmpfs": _tmpfs(request.get("mounts", {})),
        "UTSMode": _own(spec, "uts", ""),
        "UsernsMode": "",
    }


def _own(spec: Document, kind: str, mode: str) -> str:
    """`mode` for a namespace of its own, else the host's."""
    return mode if any(each["type"] == kind for each in spec.get("linux", {}).get("namespaces", ())) else "host"


def _tmpfs(mounts: Document) -> dict[str, str]:
    found = (each for each in mounts.get("mounts", ()) if each["kind"] == "tmpfs")
    return {each["target"]: ",".join(each["options"]) for each in found}


def _run(record: Container, request: Document) -> dict[str, Any]:
    """How it is run."""
    return {
        "ShmSize": request.get("mounts", {}).get("shm_size") or SHM_SIZE,
        "Sysctls": dict(each.partition("=")[::2] for each in request.get("resources", {}).get("sysctls", ())),
        "Runtime": request.get("identity", {}).get("runtime") or record.runtime.name,
        "Isolation": "",
    }


def _limited(limits: Limits, resources: Document) -> dict[str, Any]:
    """What it may use."""
    ulimits = resources.get("ulimits", ())
    return {
        "CpuShares": limits.cpu_shares,
        "Memory": limits.memory,
        "NanoCpus": limits.nano_cpus,
        "CgroupParent": resources.get("cgroup_parent", ""),
        "BlkioWeight": limits.blkio_weight,
        "BlkioWeightDevice": [],
        "BlkioDeviceReadBps": [],
        "BlkioDeviceWriteBps": [],
        "BlkioDeviceReadIOps": [],
        "BlkioDeviceWriteIOps": [],
        "CpuPeriod": limits.cpu_period,
        "CpuQuota": limits.cpu_quota,
        "CpuRealtimePeriod": 0,
        "CpuRealtimeRuntime": 0,
        "CpusetCpus": limits.cpuset_cpus,
        "CpusetMems": limits.cpuset_mems,
        "Devices": [
            {"PathOnHost": each["path"], "PathInContainer": each["target"], "CgroupPermissions": each["permissions"]}
            for each in resources.get("devices", ())
        ],
        "DeviceCgroupRules": list(resources.get("device_cgroup_rules", ())) or None,
        "DeviceRequests": None,
        "MemoryReservation": limits.memory_reservation,
        "MemorySwap": limits.memory_swap,
        "MemorySwappiness": limits.memory_swappiness,
        "OomKillDisable": limits.oom_kill_disable,
        "PidsLimit": limits.pids_limit,
        "Ulimits": [{"Name": each["name"], "Hard": each["hard"], "Soft": each["soft"]} for each in ulimits],
        "CpuCount": 0,
        "CpuPercent": 0,
        "IOMaximumIOps": 0,
        "IOMaximumBandwidth": 0,
    }
