"""docker's command line in the few words that the recorded specs use, read with the package's own parsers."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from chub.oci.limits import Controls, fitted
from chub.options.limits import Limits, parse_cpus, parse_memory_swap
from chub.options.mounts import Mounts, parse_mount, parse_tmpfs, parse_volume
from chub.options.namespaces import Namespaces
from chub.options.network import Network, parse_hostname, parse_network
from chub.options.process import Process, parse_env, parse_group, parse_user, parse_workdir
from chub.options.request import Identity, Request, parse_annotation
from chub.options.resources import Resources, parse_device_rule, parse_size, parse_sysctl, parse_ulimit
from chub.options.security import Security, parse_security_opt
from chub.options.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

HOST = Controls(cpu_count=2, cpus="0-1", mems="0")

_ONCE: dict[tuple[str, ...], Callable[[str], Any]] = {
    ("-u", "--user"): parse_user,
    ("-w", "--workdir"): parse_workdir,
    ("-h", "--hostname"): parse_hostname,
    ("--network",): parse_network,
    ("--entrypoint",): str,
    ("--shm-size",): parse_size,
    ("--ipc",): str,
    ("--pid",): str,
    ("--uts",): str,
    ("--cgroupns",): str,
    ("--cgroup-parent",): str,
    ("--oom-score-adj",): int,
}
_LIMITS: dict[tuple[str, ...], Callable[[str], Any]] = {
    ("-m", "--memory"): parse_size,
    ("--memory-swap",): parse_memory_swap,
    ("--memory-reservation",): parse_size,
    ("--memory-swappiness",): int,
    ("--cpus",): parse_cpus,
    ("-c", "--cpu-shares"): int,
    ("--cpu-period",): int,
    ("--cpu-quota",): int,
    ("--cpuset-cpus",): str,
    ("--cpuset-mems",): str,
    ("--pids-limit",): int,
}
_MANY: dict[tuple[str, ...], Callable[[str], Any]] = {
    ("-e", "--env"): parse_env,
    ("--group-add",): parse_group,
    ("--annotation",): parse_annotation,
    ("--cap-add",): str,
    ("--cap-drop",): str,
    ("--security-opt",): parse_security_opt,
    ("--ulimit",): parse_ulimit,
    ("--sysctl",): parse_sysctl,
    ("--device-cgroup-rule",): parse_device_rule,
}


def request(options: Sequence[str], words: Sequence[str]) -> Request:
    """What ``run OPTIONS IMAGE WORDS`` asks for."""
    parser = argparse.ArgumentParser(add_help=False)
    for names, parse in _ONCE.items():
        parser.add_argument(*names, type=parse)
    for names, parse in _LIMITS.items():
        parser.add_argument(*names, type=parse, dest=f"limit_{names[-1][2:].replace('-', '_')}")
    for names, parse in _MANY.items():
        parser.add_argument(*names, type=parse, action="append", default=[])
    for name, parse in (("-v", parse_volume), ("--mount", parse_mount), ("--tmpfs", parse_tmpfs)):
        parser.add_argument(name, type=parse, action="append", dest="mounts", default=[])
    for names in (("-t", "--tty"), ("-i", "--interactive"), ("--privileged",), ("--read-only",), ("--init",)):
        parser.add_argument(*names, action="store_true")
    given = parser.parse_args(options)
    return Request(
        image="image",
        words=tuple(words),
        identity=Identity(annotations=tuple(given.annotation)),
        process=Process(
            entrypoint=given.entrypoint,
            env=tuple(given.env),
            workdir=given.workdir,
            user=given.user,
            groups=tuple(given.group_add),
            init=given.init,
        ),
        terminal=Terminal(interactive=given.interactive, tty=given.tty),
        security=Security(
            privileged=given.privileged,
            cap_add=tuple(given.cap_add),
            cap_drop=tuple(given.cap_drop),
            security_opt=tuple(given.security_opt),
            read_only=given.read_only,
        ),
        mounts=Mounts(mounts=tuple(given.mounts), shm_size=given.shm_size),
        resources=Resources(
            ulimits=tuple(given.ulimit),
            sysctls=tuple(given.sysctl),
            oom_score_adj=given.oom_score_adj or 0,
            cgroup_parent=given.cgroup_parent or "",
            device_cgroup_rules=tuple(given.device_cgroup_rule),
        ),
        limits=_limits(given),
        namespaces=Namespaces(
            ipc=given.ipc or "", pid=given.pid or "", uts=given.uts or "", cgroup=given.cgroupns or ""
        ),
        network=Network(network=given.network, hostname=given.hostname),
    )


def _limits(given: argparse.Namespace) -> Limits:
    """The limits, with docker's defaults for a host that can do everything."""
    asked = {name.removeprefix("limit_"): value for name, value in vars(given).items() if name.startswith("limit_")}
    asked["nano_cpus"] = asked.pop("cpus")
    limits, _ = fitted(Limits(**{name: value for name, value in asked.items() if value is not None}), HOST)
    return limits
