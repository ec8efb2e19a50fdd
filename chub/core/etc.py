"""The files of /etc that depend on the container's network: hosts, hostname, resolv.conf."""

from __future__ import annotations

import shutil
from pathlib import Path

from chub.options.network import Network
from chub.records import record

LOCAL = """\
127.0.0.1	localhost
::1	localhost ip6-localhost ip6-loopback
fe00::	ip6-localnet
ff00::	ip6-mcastprefix
ff02::1	ip6-allnodes
ff02::2	ip6-allrouters
"""
"""The six lines that docker begins every /etc/hosts with."""


@record
class Files:
    """Where they are on the host."""

    hosts: str
    hostname: str
    resolv_conf: str


def write(directory: Path, hostname: str, network: Network) -> Files:
    """Write them into the container's directory. With the host's network they are copies of the host's."""
    hosts, name, resolv_conf = (directory / each for each in ("hosts", "hostname", "resolv.conf"))
    if network.network == "host":
        _copy("/etc/hosts", hosts)
    else:
        hosts.write_text(LOCAL)
    name.write_text(f"{hostname}\n")
    _copy("/etc/resolv.conf", resolv_conf)
    for file in (hosts, name, resolv_conf):
        file.chmod(0o644)  # whoever the program runs as reads them, whatever our umask is
    return Files(hosts=str(hosts), hostname=str(name), resolv_conf=str(resolv_conf))


def _copy(source: str, target: Path) -> None:
    """Copy a file of the host's; an empty one where the host has none."""
    try:
        shutil.copyfile(source, target)
    except FileNotFoundError:
        target.touch()
