"""The ``chub run …`` line that makes a container again: only what differs from the defaults.

chub's own containers are told by the request that made them, docker's by docker, and all others by their OCI spec and
the marks of nerdctl. A flag of docker's that chub does not have yet is printed all the same.
"""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from chub.core.listing import Summary, asked_for, bound, network_of, request_of, spec_of, without_init
from chub.errors import ChubError, NotFound, Unsupported
from chub.oci.config import ImageConfig
from chub.oci.spec.base import CAPABILITIES, PATH
from chub.options.mounts import Mount, MountKind
from chub.options.request import Request
from chub.options.resources import Device, Ulimit
from chub.options.terminal import STREAMS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.core.workspace import Workspace

NERDCTL_NETWORKS = "nerdctl/networks"
PERIOD = 100_000  # microseconds: of a CPU quota, unless another was asked for

# Fields of a request whose flags have other names; the others are called as their flags, perhaps in the plural.
FLAGS = {
    "dns": "--dns",
    "exposed": "--expose",
    "groups": "--group-add",
    "hosts": "--add-host",
    "remove": "--rm",
    "interactive": "-i",
    "tty": "-t",
    "env": "-e",
    "cgroup": "--cgroupns",
    "driver": "--log-driver",
    "nano_cpus": "--cpus",
    "options": "--log-opt",
}
APART = frozenset({"image", "rootfs", "words", "attached", "mounts", "cidfile", "pull"})  # not plain flags


class Shell(str):
    """A word for the shell to read, which is not to be quoted."""

    __slots__ = ()


def run_line(workspace: Workspace, row: Summary) -> str:
    """The line, quoted for a shell.

    Raises Unsupported where nobody can be asked what docker ran, or the container says of no image.
    """
    if request_of(row.record):
        words: Sequence[str] = [*of_request(asked_for(row.record))]
    elif row.owner == "docker":
        words = [*_of_docker(row)]
    else:
        words = [*_of_spec(workspace, row)]
    return " ".join(word if isinstance(word, Shell) else shlex.quote(word) for word in ("chub", "run", *words))


def of_request(request: Request) -> Iterator[str]:
    """The words after ``chub run`` that ask for the same."""
    attached = request.terminal.attached
    if not attached:
        yield "-d"
    elif attached != STREAMS:
        yield from (word for name in attached for word in ("-a", name))
    for each in dataclasses.fields(request):
        group = getattr(request, each.name)
        if dataclasses.is_dataclass(group):
            yield from _of_group(group)
    if request.rootfs:
        yield "--rootfs"
    yield request.image
    yield from request.words


def _of_group(group: Any) -> Iterator[str]:
    """The flags of one group's fields that have not their defaults."""
    standard = type(group)()
    for each in dataclasses.fields(group):
        value = getattr(group, each.name)
        if each.name == "mounts":
            yield from (word for mount in value for word in mount_words(mount))
        elif each.name not in APART and value != getattr(standard, each.name):
            yield from _flag(each.name, value)


def _flag(field: str, value: Any) -> Iterator[str]:
    flag = FLAGS.get(field) or "--" + field.replace("_", "-")
    if value is True:
        yield flag
    elif isinstance(value, tuple):
        flag = flag if field in FLAGS else flag.removesuffix("s")
        for item in value:
            yield from (flag, _text(field, item))
    else:
        yield from (flag, _text(field, value))


def _text(field: str, value: Any) -> str:
    if isinstance(value, Ulimit):
        return f"{value.name}={value.soft}" + (f":{value.hard}" if value.hard != value.soft else "")
    if isinstance(value, Device):
        return f"{value.path}:{value.target}:{value.permissions}"
    if field == "nano_cpus":
        return _cpus(value)
    if field == "security_opt" and str(value).startswith("seccomp={"):  # the flag takes a file
        return Shell(f"seccomp=<(printf %s {shlex.quote(value.removeprefix('seccomp='))})")
    return str(value)


def _cpus(billionths: int) -> str:
    """A number of CPUs, exactly."""
    whole, rest = divmod(billionths, 10**9)
    return f"{whole}.{rest:09}".rstrip("0").rstrip(".")


def mount_words(mount: Mount) -> tuple[str, str]:
    """The flag of a mount, and what follows it."""
    if mount.kind is MountKind.TMPFS:
        return "--tmpfs", ":".join(filter(None, (mount.target, ",".join(mount.options))))
    if mount.create_source:
        modes = [
            *(["ro"] if mount.read_only else []),
            *([mount.propagation] if mount.propagation != "rprivate" else []),
        ]
        return "-v", ":".join(filter(None, (mount.source, mount.target, ",".join(modes))))
    words = [f"type=bind,src={mount.source},dst={mount.target}"]
    words += ["readonly"] if mount.read_only else []
    words += [f"bind-propagation={mount.propagation}"] if mount.propagation != "rprivate" else []
    if not mount.recursive:
        words.append("bind-recursive=disabled")
    elif mount.read_only_below is not None:
        words.append(f"bind-recursive={'readonly' if mount.read_only_below else 'writable'}")
    return "--mount", ",".join(words)


def _of_docker(row: Summary) -> Iterator[str]:
    """What docker says that it was asked for, without what its image says by itself."""
    from chub.docker.client import Docker

    docker = Docker()
    try:
        said = docker.said_of_container(row.record.id)
    except ChubError as failure:
        message = f"container {row.record.id[:12]} is docker's, and docker cannot be asked: {failure}"
        raise Unsupported(message, hint="DOCKER_HOST names its socket") from failure
    try:
        image = docker.said_of_image(said["Image"]).get("Config") or {}
    except NotFound:
        image = {}
    yield from of_docker(said, image)


def of_docker(said: Mapping[str, Any], image: Mapping[str, Any]) -> Iterator[str]:
    """The words for what docker's ``inspect`` says, beside the configuration of its image."""
    config, host = said["Config"], said["HostConfig"]
    if not config.get("AttachStdout") and not config.get("AttachStderr"):
        yield "-d"
    yield from ("--name", said["Name"].removeprefix("/"))
    yield from _switches((host, "AutoRemove", "--rm"), (config, "OpenStdin", "-i"), (config, "Tty", "-t"))
    yield from _switches((host, "Init", "--init"), (host, "Privileged", "--privileged"))
    yield from _switches((host, "ReadonlyRootfs", "--read-only"), (host, "PublishAllPorts", "-P"))
    yield from _switches((host, "OomKillDisable", "--oom-kill-disable"))
    if config.get("Hostname") not in (said["Id"][:12], "") and host["NetworkMode"] != "host":
        yield from ("--hostname", config["Hostname"])
    for key, flag in (("User", "--user"), ("WorkingDir", "--workdir"), ("StopSignal", "--stop-signal")):
        if config.get(key) and config[key] != image.get(key):
            yield from (flag, config[key])
    if config.get("StopTimeout") is not None:
        yield from ("--stop-timeout", str(config["StopTimeout"]))
    yield from _each("-e", (entry for entry in config.get("Env") or () if entry not in (image.get("Env") or ())))
    theirs = image.get("Labels") or {}
    labels = (config.get("Labels") or {}).items()
    yield from _each("--label", (f"{name}={value}" for name, value in labels if theirs.get(name) != value))
    yield from _docker_host(host)
    if config.get("Entrypoint") and config["Entrypoint"] != image.get("Entrypoint"):
        yield from ("--entrypoint", config["Entrypoint"][0], config["Image"], *config["Entrypoint"][1:])
        yield from config.get("Cmd") or ()
    else:
        yield config["Image"]
        yield from (config.get("Cmd") or ()) if config.get("Cmd") != image.get("Cmd") else ()


DOCKERS = (
    ("CapAdd", "--cap-add"),
    ("CapDrop", "--cap-drop"),
    ("SecurityOpt", "--security-opt"),
    ("GroupAdd", "--group-add"),
    ("Dns", "--dns"),
    ("DnsOptions", "--dns-option"),
    ("DnsSearch", "--dns-search"),
    ("ExtraHosts", "--add-host"),
    ("VolumesFrom", "--volumes-from"),
    ("Binds", "-v"),
    ("Memory", "--memory"),
    ("MemoryReservation", "--memory-reservation"),
    ("MemorySwappiness", "--memory-swappiness"),
    ("CpuShares", "--cpu-shares"),
    ("CpuPeriod", "--cpu-period"),
    ("CpuQuota", "--cpu-quota"),
    ("CpusetCpus", "--cpuset-cpus"),
    ("CpusetMems", "--cpuset-mems"),
    ("PidsLimit", "--pids-limit"),
    ("OomScoreAdj", "--oom-score-adj"),
    ("PidMode", "--pid"),
    ("UTSMode", "--uts"),
    ("UsernsMode", "--userns"),
    ("CgroupParent", "--cgroup-parent"),
)
"""Keys of docker's HostConfig whose values are those of the flag; empty or 0 is the default."""


def _docker_host(host: Mapping[str, Any]) -> Iterator[str]:
    """The flags that docker keeps in ``HostConfig``."""
    network = host["NetworkMode"]
    if network != "none":  # which is chub's default
        yield from ("--network", "bridge" if network == "default" else network)
    yield from _each("-p", _ports(host.get("PortBindings") or {}))
    for key, flag in DOCKERS:
        value = host.get(key)
        if isinstance(value, list):
            given = (text for text in value if text != "label=disable")  # which docker adds by itself
            yield from _each(flag, (_opt(text) if flag == "--security-opt" else text for text in given))
        elif value:
            yield from (flag, str(value))
    if host.get("NanoCpus"):
        yield from ("--cpus", _cpus(host["NanoCpus"]))
    if host.get("Memory") and host.get("MemorySwap") not in (0, None, 2 * host["Memory"]):
        yield from ("--memory-swap", str(host["MemorySwap"]))
    yield from _each("--tmpfs", (f"{at}:{opts}" if opts else at for at, opts in (host.get("Tmpfs") or {}).items()))
    yield from _each("--mount", map(_mount, host.get("Mounts") or ()))
    yield from _each("--sysctl", (f"{name}={value}" for name, value in (host.get("Sysctls") or {}).items()))
    limits = (f"{each['Name']}={each['Soft']}:{each['Hard']}" for each in host.get("Ulimits") or ())
    yield from _each("--ulimit", limits)
    devices = host.get("Devices") or ()
    keys = ("PathOnHost", "PathInContainer", "CgroupPermissions")
    yield from _each("--device", (":".join(each[key] for key in keys) for each in devices))
    yield from _docker_rest(host)


def _docker_rest(host: Mapping[str, Any]) -> Iterator[str]:
    """Those whose default is no empty value."""
    restart = host.get("RestartPolicy") or {}
    if restart.get("Name") not in ("", "no", None):
        count = restart.get("MaximumRetryCount")
        yield from ("--restart", restart["Name"] + (f":{count}" if count else ""))
    if host.get("IpcMode") not in ("", "private", None):
        yield from ("--ipc", host["IpcMode"])
    if host.get("ShmSize") not in (0, 64 << 20, None):
        yield from ("--shm-size", str(host["ShmSize"]))
    log = host.get("LogConfig") or {}
    if log.get("Type") not in ("", "json-file", None):
        yield from ("--log-driver", log["Type"])
    yield from _each("--log-opt", (f"{name}={value}" for name, value in (log.get("Config") or {}).items()))
    if host.get("Runtime") not in ("", "runc", None):
        yield from ("--runtime", host["Runtime"])


def _switches(*switches: tuple[Mapping[str, Any], str, str]) -> Iterator[str]:
    """The flags whose keys are true."""
    return (flag for said, key, flag in switches if said.get(key))


def _each(flag: str, values: Any) -> Iterator[str]:
    """The flag before every value."""
    for value in values:
        yield from (flag, value)


def _opt(text: str) -> str:
    return _text("security_opt", text)


def _ports(bindings: Mapping[str, Any]) -> Iterator[str]:
    for port, places in bindings.items():
        everywhere: list[dict[str, str]] = [{}]
        for place in places or everywhere:
            where = [place.get("HostIp", ""), place.get("HostPort", "")]
            yield ":".join([*(where if where[0] else where[1:] if where[1] else []), port.removesuffix("/tcp")])


def _mount(said: Mapping[str, Any]) -> str:
    words = [
        f"type={said['Type']}",
        *([f"src={said['Source']}"] if said.get("Source") else []),
        f"dst={said['Target']}",
    ]
    return ",".join(words + (["readonly"] if said.get("ReadOnly") else []))


def _of_spec(workspace: Workspace, row: Summary) -> Iterator[str]:
    """What the OCI spec and nerdctl's marks tell, without what the image says by itself."""
    from chub.core.images import resolve

    record, spec = row.record, spec_of(row.record)
    if not record.image:
        message = f"container {record.id[:12]} was made of a root filesystem that only its maker knows"
        raise Unsupported(message, hint="chub bundle writes it out with its files")
    try:
        image = resolve(workspace.services, record.image).config
    except ChubError:
        image = ImageConfig(architecture="", os="")
    yield "-d"
    yield from ("--name", row.name or record.id)
    if network := _network(row):
        yield from ("--network", network)
    yield from of_spec(spec, image, id=record.id)
    labels = {name: value for name, value in row.labels.items() if not name.startswith(("nerdctl/", "io.containerd."))}
    theirs = image.labels
    yield from _each("--label", (f"{name}={value}" for name, value in labels.items() if theirs.get(name) != value))
    for mount in bound(record):
        if not mount.get("source", "").startswith(("/var/lib/nerdctl/", "/var/lib/containerd/")):
            mode = ":ro" if {"ro", "rro"} & {*mount.get("options", ())} else ""
            yield from ("-v", f"{mount['source']}:{mount['destination']}{mode}")
    args = tuple(without_init(list(spec.get("process", {}).get("args", ()))))
    yield from program(record.image, args, image)


def program(name: str, args: Sequence[str], image: ImageConfig) -> Iterator[str]:
    """The image, and as few words after it as give these arguments; before it ``--entrypoint``, if it must be."""
    entrypoint = tuple(image.entrypoint or ())
    args = tuple(args)
    if args == (*entrypoint, *(image.cmd or ())):
        yield name
    elif args[: len(entrypoint)] == entrypoint and len(args) > len(entrypoint):
        yield from (name, *args[len(entrypoint) :])
    else:
        yield from ("--entrypoint", args[0] if args else "", name, *args[1:])


def of_spec(spec: Mapping[str, Any], image: ImageConfig, *, id: str) -> Iterator[str]:
    """The flags for what a spec has beyond the defaults: process, confinement, limits."""
    process, linux = spec.get("process", {}), spec.get("linux", {})
    if process.get("terminal"):
        yield "-t"
    if spec.get("hostname", id[:12]) not in (id[:12], id):
        yield from ("--hostname", spec["hostname"])
    user = process.get("user", {})
    if (user.get("uid", 0), user.get("gid", 0)) != (0, 0) and not image.user:
        yield from ("--user", f"{user.get('uid', 0)}:{user.get('gid', 0)}")
    if process.get("cwd", "/") != (image.workdir or "/"):
        yield from ("--workdir", process["cwd"])
    own = {PATH, f"HOSTNAME={spec.get('hostname', '')}", "TERM=xterm", *image.env}
    yield from _each("-e", (entry for entry in process.get("env", ()) if entry not in own))
    if spec.get("root", {}).get("readonly"):
        yield "--read-only"
    if process.get("noNewPrivileges"):
        yield from ("--security-opt", "no-new-privileges")
    yield from _confinement(process, linux)
    yield from _limits(linux.get("resources", {}))


def _confinement(process: Mapping[str, Any], linux: Mapping[str, Any]) -> Iterator[str]:
    held = process.get("capabilities", {}).get("bounding") or ()
    yield from _each("--cap-drop", (name.removeprefix("CAP_") for name in CAPABILITIES if name not in held))
    yield from _each("--cap-add", (name.removeprefix("CAP_") for name in held if name not in CAPABILITIES))
    if not linux.get("seccomp"):
        yield from ("--security-opt", "seccomp=unconfined")
    if not linux.get("maskedPaths") and not linux.get("readonlyPaths"):
        yield from ("--security-opt", "systempaths=unconfined")
    kinds = {each["type"] for each in linux.get("namespaces", ())}
    for kind in ("pid", "ipc", "uts"):
        if kind not in kinds:
            yield from (f"--{kind}", "host")


def _limits(resources: Mapping[str, Any]) -> Iterator[str]:
    memory, cpu = resources.get("memory", {}), resources.get("cpu", {})
    if memory.get("limit", 0) > 0:
        yield from ("--memory", str(memory["limit"]))
    if cpu.get("quota", 0) > 0:
        yield from ("--cpus", f"{cpu['quota'] / (cpu.get('period') or PERIOD):g}")
    if cpu.get("shares") not in (None, 0, 1024):
        yield from ("--cpu-shares", str(cpu["shares"]))
    for key, flag in (("cpus", "--cpuset-cpus"), ("mems", "--cpuset-mems")):
        if cpu.get(key):
            yield from (flag, cpu[key])
    if resources.get("pids", {}).get("limit", 0) > 0:
        yield from ("--pids-limit", str(resources["pids"]["limit"]))


def _network(row: Summary) -> str:
    """The network that a container was given; "" for none, which is the default."""
    import json

    if marked := row.record.labels.get(NERDCTL_NETWORKS):
        names = json.loads(marked)
        return "" if names == ["none"] else str(names[0]) if names else ""
    return "host" if network_of(row.record) == "host" else ""
