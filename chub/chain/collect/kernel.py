"""What the kernel says of a container's first process: identity, confinement, namespaces, cgroups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chub.chain.host import Host, moment, why
from chub.chain.links import Evidence, Fact, Layer, Link, fact, unread
from chub.core import endings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NAMESPACES = ("mnt", "pid", "net", "ipc", "uts", "cgroup", "user", "time")
SPEC_NAMESPACES = {"mnt": "mount", "net": "network"}  # where the OCI specification has another word

# linux/capability.h, by number
_CAPABILITY_NAMES = (
    "chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable"
    " net_bind_service net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot"
    " sys_ptrace sys_pacct sys_admin sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease"
    " audit_write audit_control setfcap mac_override mac_admin syslog wake_alarm block_suspend audit_read"
    " perfmon bpf checkpoint_restore"
)
CAPABILITIES = tuple(_CAPABILITY_NAMES.split())
SECCOMP = {"0": "off", "1": "strict", "2": "filter"}


def process(host: Host, pid: int, told: tuple[Evidence, ...], started: tuple[Evidence, ...]) -> Link:
    """The first process. ``told``: who else says its pid; ``started``: and when, in ticks since boot."""
    try:
        ticks = host.start_ticks(pid)
        facts = _process(host, pid, told, (Evidence(f"/proc/{pid}/stat", str(ticks)), *started))
        if host.start_ticks(pid) != ticks:
            return Link(layer=Layer.PROCESS, missing=f"process {pid} ended while it was read")
    except FileNotFoundError:
        return Link(layer=Layer.PROCESS, missing=f"none: there is no /proc/{pid}")
    except OSError as failure:
        return Link(layer=Layer.PROCESS, missing=f"cannot be read: /proc/{pid}: {why(failure)}")
    return Link(layer=Layer.PROCESS, facts=facts)


def ended(directory: Path, reason: str) -> Link:
    """No process, for this ``reason``; of a container of chub's, what chub wrote down when it ended."""
    source = str(directory / endings.NAME)
    facts: tuple[Fact, ...] = ()
    try:
        written = endings.read(directory)
    except OSError as failure:
        facts = (unread("exit code", source, why(failure)),)
    else:
        if written and written.finished:
            facts = (
                fact("exit code", str(written.exit_code), source),
                fact("ended", moment(written.finished), source),
            )
    return Link(layer=Layer.PROCESS, facts=facts, missing=reason)


def _process(host: Host, pid: int, told: tuple[Evidence, ...], ticks: tuple[Evidence, ...]) -> tuple[Fact, ...]:
    source = f"/proc/{pid}/status"
    status = host.status(pid)
    user, group = status["Uid"].split()[1], status["Gid"].split()[1]  # real, effective, saved, filesystem
    facts = [
        Fact(label="pid", evidence=(*told, Evidence(source, status["Pid"]))),
        fact("pid inside", status.get("NSpid", "").split()[-1], source),
        fact("arguments", " ".join(host.cmdline(pid)), f"/proc/{pid}/cmdline"),
        _binary(host, pid),
        fact("state", status["State"], source),
        fact("started", moment(host.started(pid)), f"/proc/{pid}/stat"),
        Fact(label="start ticks", evidence=ticks),
        fact("user", f"uid {user} gid {group}", source),
        fact("groups", status["Groups"], source),
        fact("capabilities", " ".join(capabilities(status["CapEff"])), source),
        fact("bounding", " ".join(capabilities(status["CapBnd"])), source),
        fact("no_new_privs", "yes" if status.get("NoNewPrivs") == "1" else "no", source),
        fact("seccomp", SECCOMP.get(status.get("Seccomp", ""), "not in this kernel"), source),
        _apparmor(host, pid),
    ]
    return tuple(facts)


def capabilities(mask: str) -> tuple[str, ...]:
    """The names in a hexadecimal mask of ``/proc/PID/status``; a number where chub knows no name."""
    bits = int(mask, 16)
    set_bits = (number for number in range(bits.bit_length()) if bits >> number & 1)
    return tuple(CAPABILITIES[n] if n < len(CAPABILITIES) else str(n) for n in set_bits)


def _binary(host: Host, pid: int) -> Fact:
    source = f"/proc/{pid}/exe"
    try:
        return fact("binary", host.link(source), source)
    except OSError as failure:
        return unread("binary", source, why(failure))


def _apparmor(host: Host, pid: int) -> Fact:
    module = "/sys/module/apparmor"
    if not host.exists(module):
        return fact("apparmor", "not in this kernel", module)
    source = f"/proc/{pid}/attr/apparmor/current"
    try:
        return fact("apparmor", host.read(source).strip().rstrip("\0"), source)
    except OSError as failure:
        return unread("apparmor", source, why(failure))


def namespaces(host: Host, pid: int, outside: int, spec: Mapping[str, object]) -> Link:
    """Each namespace's inode number; whether it is the host's, its own, or one that the spec had it join.

    The host's are those of ``outside``, a process that runs in no container: the shim.
    """
    joined = _joined(spec)
    facts = []
    try:
        for kind in NAMESPACES:
            source, host_source = f"/proc/{pid}/ns/{kind}", f"/proc/{outside}/ns/{kind}"
            if not host.exists(source):
                continue  # a kernel without this kind
            mine, hosts = host.namespace(pid, kind), host.namespace(outside, kind)
            if mine == hosts:
                facts.append(fact("host", mine, source, Evidence(host_source, hosts), of=kind))
            else:
                facts.append(fact("joined" if kind in joined else "own", mine, source, of=kind))
    except OSError as failure:
        why_not = f"cannot be read: /proc/{pid}/ns: {why(failure)}"
        return Link(layer=Layer.NAMESPACES, facts=tuple(facts), missing=why_not)
    if not facts:
        return Link(layer=Layer.NAMESPACES, missing=f"none: there is no /proc/{pid}/ns")
    return Link(layer=Layer.NAMESPACES, facts=tuple(facts))


def _joined(spec: Mapping[str, object]) -> set[str]:
    """The kinds for which the spec names a path instead of asking for a new namespace."""
    linux = spec.get("linux")
    wanted = linux.get("namespaces") if isinstance(linux, dict) else None
    paths = {entry.get("type") for entry in wanted or () if entry.get("path")}
    return {kind for kind in NAMESPACES if SPEC_NAMESPACES.get(kind, kind) in paths}


def cgroups(host: Host, pid: int, runc: Mapping[str, str], runc_source: str) -> Link:
    """Where the process is in the cgroup hierarchies. ``runc``: the directories runc made, by controller."""
    source = f"/proc/{pid}/cgroup"
    try:
        found, mounts = host.cgroups(pid), host.mounts()
    except OSError as failure:
        return Link(layer=Layer.CGROUPS, missing=f"cannot be read: {source}: {why(failure)}")
    at: dict[str, str] = {}  # where a hierarchy is mounted, by controller ("" for v2)
    for mount in mounts:
        if mount.type == "cgroup2":
            at.setdefault("", mount.target)
        elif mount.type == "cgroup":
            for name in mount.options:
                at.setdefault(name, mount.target)
    together: dict[tuple[str, tuple[Evidence, ...]], list[str]] = {}
    directories = []
    for cgroup in found:
        names = cgroup.controllers or ("",)
        top = at.get(names[0], "")
        witnesses = [Evidence(source, cgroup.path)]
        if top and (made := runc.get(names[0])):
            witnesses.append(Evidence(runc_source, made.removeprefix(top) or "/"))
        version = "v2" if cgroup.hierarchy == 0 else "v1"
        together.setdefault((version, tuple(witnesses)), []).extend(cgroup.controllers)
        if top and host.exists(top + cgroup.path):
            where = top + cgroup.path
            directories.append(fact("directory", where, where, of=",".join(cgroup.controllers)))
    facts = (
        Fact(label=version, of=",".join(sorted(controllers)), evidence=told)
        for (version, told), controllers in together.items()
    )
    return Link(layer=Layer.CGROUPS, facts=(*facts, *directories))
