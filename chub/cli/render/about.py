"""`version` and `info` as text, in docker's shape."""

from collections.abc import Iterator
from typing import Any

from chub.cli.render.text import plain

GIBIBYTE = 1 << 30
STATES = ("Running", "Paused", "Stopped")

INFO = (
    ("Server Version", "ServerVersion"),
    ("Storage Driver", "Driver"),
    ("Logging Driver", "LoggingDriver"),
    ("Cgroup Driver", "CgroupDriver"),
    ("Cgroup Version", "CgroupVersion"),
    ("Default Runtime", "DefaultRuntime"),
    ("Init Binary", "InitBinary"),
    ("containerd version", "ContainerdCommit"),
    ("runc version", "RuncCommit"),
    ("init version", "InitCommit"),
    ("Kernel Version", "KernelVersion"),
    ("Operating System", "OperatingSystem"),
    ("OSType", "OSType"),
    ("Architecture", "Architecture"),
    ("CPUs", "NCPU"),
)
"""Lines of `info` that are values as they are."""


def version_text(client: dict[str, Any], server: dict[str, Any] | None) -> str:
    """Both parts of `version`; that of the engine is missing where it is None."""
    lines = ["Client:", *_table({"Version": client["Version"], **_client(client)}, 1)]
    if server is not None:
        lines += ["", "Server:"]
        for part in server["Components"]:
            details = {"Version": part["Version"], "GitCommit": part["Details"]["GitCommit"]}
            if part["Name"] == "containerd":
                details["OS/Arch"] = f"{server['Os']}/{server['Arch']}"
                details["Kernel version"] = server["KernelVersion"]
            lines += [f" {part['Name']}:", *_table(details, 2)]
    return "\n".join(lines)


def info_text(client: dict[str, Any], server: dict[str, Any] | None) -> str:
    """Both parts of `info`."""
    lines = ["Client:", f" Version:    {client['Version']}", f" Debug Mode: {str(client['Debug']).lower()}"]
    if server is not None:
        lines += ["", "Server:", *_info(server)]
    return "\n".join(lines)


def _client(client: dict[str, Any]) -> dict[str, str]:
    return {
        "Python version": client["PythonVersion"],
        "gRPC version": client["GrpcVersion"],
        "OS/Arch": f"{client['Os']}/{client['Arch']}",
    }


def _info(server: dict[str, Any]) -> Iterator[str]:
    yield f" Containers: {server['Containers']}"
    for state in STATES:
        yield f"  {state}: {server[f'Containers{state}']}"
    if silent := server["Containers"] - sum(server[f"Containers{state}"] for state in STATES):
        yield f"  Unknown: {silent}"
    yield f" Images: {server['Images']}"
    for title, key in INFO:
        value = server[key]
        yield plain(f" {title}: {value['ID'] if key.endswith('Commit') else value}")
        if key in BEHIND:
            yield from BEHIND[key](server)
    yield f" Total Memory: {server['MemTotal'] / GIBIBYTE:.4g}GiB"
    yield plain(f" Name: {server['Name']}")
    yield plain(f" ID: {server['ID']}")
    yield plain(f" Docker Root Dir: {server['DockerRootDir']}")
    yield plain(f" Address: {server['Containerd']['Address']}")
    yield plain(f" Namespace: {server['Containerd']['Namespaces']['Containers']}")
    for warning in server["Warnings"] or ():
        yield plain(f" WARNING: {warning}")


def _plugins(server: dict[str, Any]) -> Iterator[str]:
    yield " Plugins:"
    for name, some in server["Plugins"].items():
        yield plain(f"  {name}: {' '.join(some)}")


def _security(server: dict[str, Any]) -> Iterator[str]:
    yield " Security Options:"
    for option in server["SecurityOptions"]:
        name, *more = (part.partition("=")[2] for part in option.split(","))
        yield f"  {name}"
        yield from (f"   Profile: {profile}" for profile in more)


BEHIND = {"CgroupVersion": _plugins, "InitCommit": _security}
"""What stands in `info` behind a line."""


def _table(values: dict[str, str], indent: int) -> Iterator[str]:
    """Names and values in two columns, as docker's."""
    for name, value in values.items():
        yield plain(f"{' ' * indent}{f'{name}:':<{20 - indent}}{value}").rstrip()
