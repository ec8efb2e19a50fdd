"""docker's command line in the few words that the recorded specs use, read with the package's own parsers."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from chub.options.mounts import Mounts, parse_mount, parse_tmpfs, parse_volume
from chub.options.network import Network, parse_hostname, parse_network
from chub.options.process import Process, parse_env, parse_group, parse_user, parse_workdir
from chub.options.request import Identity, Request, parse_annotation
from chub.options.resources import Resources, parse_size, parse_sysctl, parse_ulimit
from chub.options.security import Security, parse_security_opt
from chub.options.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_ONCE: dict[tuple[str, ...], Callable[[str], Any]] = {
    ("-u", "--user"): parse_user,
    ("-w", "--workdir"): parse_workdir,
    ("-h", "--hostname"): parse_hostname,
    ("--network",): parse_network,
    ("--entrypoint",): str,
    ("--shm-size",): parse_size,
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
}


def request(options: Sequence[str], words: Sequence[str]) -> Request:
    """What ``run OPTIONS IMAGE WORDS`` asks for."""
    parser = argparse.ArgumentParser(add_help=False)
    for names, parse in _ONCE.items():
        parser.add_argument(*names, type=parse)
    for names, parse in _MANY.items():
        parser.add_argument(*names, type=parse, action="append", default=[])
    for name, parse in (("-v", parse_volume), ("--mount", parse_mount), ("--tmpfs", parse_tmpfs)):
        parser.add_argument(name, type=parse, action="append", dest="mounts", default=[])
    for names in (("-t", "--tty"), ("-i", "--interactive"), ("--privileged",), ("--read-only",)):
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
        resources=Resources(ulimits=tuple(given.ulimit), sysctls=tuple(given.sysctl)),
        network=Network(network=given.network, hostname=given.hostname),
    )
