"""What ``inspect --format`` does: a template over docker's JSON as docker's client reads it.

docker carries a template out on its own records first, where names are Go's (``.ID``), what is absent has its
type's empty value, and numbers are numbers. Where that fails it starts over on the bare JSON: names are
those that ``inspect`` prints (``.Id``), a missing key is an error, null is ``<no value>``, numbers are text.
The second one's message is what people see.

Two things are not docker's: records that Go embeds in others print flat, and pointers within what is printed
print what they point to instead of an address.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chub.cli.render.template.evaluate import ExecutionError
from chub.cli.render.template.values import NIL, TEXT_KEY, Duration, Map, Number, Slice, Struct, Time, Value

if TYPE_CHECKING:
    from chub.cli.render.template import Template

CONTAINER, IMAGE = "container.InspectResponse", "image.InspectResponse"

RECORDS = {
    CONTAINER: """
        ID=Id Created Path Args:[string] State:*container.State Image ResolvConfPath HostnamePath HostsPath
        LogPath Name RestartCount Driver Platform MountLabel ProcessLabel AppArmorProfile ExecIDs:[string]
        HostConfig:*container.HostConfig GraphDriver:storage.DriverData SizeRw:* SizeRootFs:*
        Mounts:[container.MountPoint] Config:*container.Config NetworkSettings:*container.NetworkSettings
        ImageManifestDescriptor:*
    """,
    "container.State": """
        Status Running Paused Restarting OOMKilled Dead Pid ExitCode Error StartedAt FinishedAt
        Health:*container.Health
    """,
    "container.Health": "Status FailingStreak Log:[*container.HealthcheckResult]",
    "container.HealthcheckResult": "Start:time End:time ExitCode Output",
    "container.HostConfig": """
        Binds:[string] ContainerIDFile LogConfig:container.LogConfig NetworkMode
        PortBindings:{nat.Port:[nat.PortBinding]} RestartPolicy:container.RestartPolicy AutoRemove VolumeDriver
        VolumesFrom:[string] ConsoleSize:[uint] Annotations:{string} CapAdd:[string] CapDrop:[string]
        CgroupnsMode DNS=Dns:[string] DNSOptions=DnsOptions:[string] DNSSearch=DnsSearch:[string]
        ExtraHosts:[string] GroupAdd:[string] IpcMode Cgroup Links:[string] OomScoreAdj PidMode Privileged
        PublishAllPorts ReadonlyRootfs SecurityOpt:[string] StorageOpt:{string} Tmpfs:{string} UTSMode
        UsernsMode ShmSize Sysctls:{string} Runtime Isolation CPUShares=CpuShares Memory NanoCPUs=NanoCpus
        CgroupParent BlkioWeight BlkioWeightDevice:[*blkiodev.WeightDevice]
        BlkioDeviceReadBps:[*blkiodev.ThrottleDevice] BlkioDeviceWriteBps:[*blkiodev.ThrottleDevice]
        BlkioDeviceReadIOps:[*blkiodev.ThrottleDevice] BlkioDeviceWriteIOps:[*blkiodev.ThrottleDevice]
        CPUPeriod=CpuPeriod CPUQuota=CpuQuota CPURealtimePeriod=CpuRealtimePeriod
        CPURealtimeRuntime=CpuRealtimeRuntime CpusetCpus CpusetMems Devices:[container.DeviceMapping]
        DeviceCgroupRules:[string] DeviceRequests:[any] KernelMemory:int KernelMemoryTCP:int
        MemoryReservation MemorySwap MemorySwappiness:* OomKillDisable:* PidsLimit:* Ulimits:[*units.Ulimit]
        CPUCount=CpuCount CPUPercent=CpuPercent IOMaximumIOps IOMaximumBandwidth Mounts:[mount.Mount]
        MaskedPaths:[string] ReadonlyPaths:[string] Init:*
    """,
    "container.LogConfig": "Type Config:{string}",
    "container.RestartPolicy": "Name MaximumRetryCount",
    "container.DeviceMapping": "PathOnHost PathInContainer CgroupPermissions",
    "blkiodev.WeightDevice": "Path Weight",
    "blkiodev.ThrottleDevice": "Path Rate",
    "units.Ulimit": "Name Hard Soft",
    "mount.Mount": """
        Type Source Target ReadOnly:bool Consistency BindOptions:* VolumeOptions:* ImageOptions:*
        TmpfsOptions:* ClusterOptions:*
    """,
    "storage.DriverData": "Data:{string} Name",
    "container.MountPoint": "Type Name Source Destination Driver Mode RW Propagation",
    "container.Config": """
        Hostname Domainname User AttachStdin AttachStdout AttachStderr ExposedPorts:{nat.Port:struct} Tty OpenStdin
        StdinOnce Env:[string] Cmd:[string] Healthcheck:*v1.HealthcheckConfig ArgsEscaped:bool Image
        Volumes:{struct} WorkingDir Entrypoint:[string] NetworkDisabled:bool MacAddress OnBuild:[string]
        Labels:{string} StopSignal StopTimeout:* Shell:[string]
    """,
    "v1.HealthcheckConfig": """
        Test:[string] Interval:duration Timeout:duration StartPeriod:duration StartInterval:duration
        Retries:int
    """,
    "container.NetworkSettings": """
        Bridge SandboxID SandboxKey Ports:{nat.Port:[nat.PortBinding]} HairpinMode LinkLocalIPv6Address
        LinkLocalIPv6PrefixLen SecondaryIPAddresses:[any] SecondaryIPv6Addresses:[any] EndpointID Gateway
        GlobalIPv6Address GlobalIPv6PrefixLen IPAddress IPPrefixLen IPv6Gateway MacAddress
        Networks:{*network.EndpointSettings}
    """,
    "nat.PortBinding": "HostIP=HostIp HostPort",
    "network.EndpointSettings": """
        IPAMConfig:* Links:[string] Aliases:[string] MacAddress DriverOpts:{string} GwPriority NetworkID
        EndpointID Gateway IPAddress IPPrefixLen IPv6Gateway GlobalIPv6Address GlobalIPv6PrefixLen
        DNSNames:[string]
    """,
    IMAGE: """
        ID=Id RepoTags:[string] RepoDigests:[string] Parent Comment Created Container ContainerConfig:*
        DockerVersion Author Config:*v1.DockerOCIImageConfig Architecture Variant Os OsVersion Size
        VirtualSize:int GraphDriver:storage.DriverData RootFS:image.RootFS Metadata:image.Metadata
        Descriptor:* Manifests:[any]
    """,
    "v1.DockerOCIImageConfig": """
        User ExposedPorts:{struct} Env:[string] Entrypoint:[string] Cmd:[string] Volumes:{struct} WorkingDir
        Labels:{string} StopSignal ArgsEscaped:bool Healthcheck:*v1.HealthcheckConfig OnBuild:[string]
        Shell:[string]
    """,
    "image.RootFS": "Type Layers:[string]",
    "image.Metadata": "LastTagTime:time",
    "struct": "",
}
"""docker 28's records: the fields in order, ``Name=key in JSON:type`` each.

Types: none for a text, or whatever the JSON has; ``int``, ``bool``, ``time``, ``duration`` (in ns); ``[T]`` a
list, ``{T}`` a map, ``{K:T}`` one whose keys have a type of their own, ``*T`` a pointer, ``*`` a pointer to
something simple; else another record.
"""

SIMPLE: dict[str, Value] = {"": "", "string": "", "int": 0, "uint": 0, "bool": False, "any": None}


def render(template: Template, document: Value, kind: str = "") -> str:
    """A template carried out on what was inspected: CONTAINER, IMAGE, or "" for what docker does not have.

    Raises `ExecutionError`.
    """
    if not kind:
        return template.render(document)
    try:
        return template.render(typed(document, kind), strict=False)
    except ExecutionError:
        return template.render(untyped(document))


def untyped(document: Value) -> Value:
    """JSON as Go reads it where it knows no types: its numbers are text."""
    if isinstance(document, dict):
        return {key: untyped(each) for key, each in document.items()}
    if isinstance(document, list):
        return [untyped(each) for each in document]
    if isinstance(document, (int, float)) and not isinstance(document, bool):
        return Number(document)
    return document


def typed(value: Value, kind: str) -> Value:
    """JSON as Go reads it into a type; null and what is absent are the type's empty value."""
    if kind.startswith("*"):
        return NIL if value is None else typed(value, kind[1:])
    if kind.startswith("["):
        element = kind[1:-1]
        return Slice((typed(each, element) for each in value or ()), element, nil=value is None)
    if kind.startswith("{"):
        key, _, element = kind[1:-1].rpartition(":")
        members = {key: typed(each, element) for key, each in (value or {}).items()}
        return Map(members, element, typed(None, element), key=key or TEXT_KEY, nil=value is None)
    if kind == "time":
        return Time(value or "0001-01-01T00:00:00Z")
    if kind == "duration":
        return Duration(value or 0)
    if kind in RECORDS:
        return _record(value or {}, kind)
    return SIMPLE[kind] if value is None else value


def _record(document: dict[str, Value], kind: str) -> Struct:
    fields: dict[str, Value] = {}
    keys: dict[str, str] = {}
    for word in RECORDS[kind].split():
        naming, _, field_kind = word.partition(":")
        name, _, key = naming.partition("=")
        fields[name] = typed(document.get(key or name), field_kind)
        keys[name] = (key or name) if (key or name) in document else ""
    return Struct(fields, kind, keys)
