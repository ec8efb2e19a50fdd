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

SEARCHES = ("search", "domain")  # of several the last counts


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
    with hosts.open("a") as lines:
        for host in network.hosts:
            known_as, _, address = host.partition(":")
            lines.write(f"{address}\t{known_as}\n")
    name.write_text(f"{hostname}\n")
    _copy("/etc/resolv.conf", resolv_conf)
    if network.dns or network.dns_search or network.dns_options:
        resolv_conf.write_text(resolver(resolv_conf.read_text(errors="replace"), network))
    for file in (hosts, name, resolv_conf):
        file.chmod(0o644)  # whoever the program runs as reads them, whatever our umask is
    return Files(hosts=str(hosts), hostname=str(name), resolv_conf=str(resolv_conf))


def resolver(theirs: str, network: Network) -> str:
    """The text of a resolv.conf (resolv.conf(5)): `theirs`, the host's, but for what was asked for."""
    lines = [line.split() for line in theirs.splitlines() if line.strip() and line[0] not in "#;"]
    servers = [*network.dns] or [words[1] for words in lines if words[0] == "nameserver" and words[1:]]
    search = [*network.dns_search] or next((words[1:] for words in reversed(lines) if words[0] in SEARCHES), [])
    options = [*network.dns_options] or [word for words in lines if words[0] == "options" for word in words[1:]]
    domains = [domain for domain in search if domain != "."]
    lines = [*(["nameserver", server] for server in servers), ["search", *domains], ["options", *options]]
    return "".join(f"{' '.join(words)}\n" for words in lines if words[1:])


def _copy(source: str, target: Path) -> None:
    """Copy a file of the host's; an empty one where the host has none."""
    try:
        shutil.copyfile(source, target)
    except FileNotFoundError:
        target.touch()
