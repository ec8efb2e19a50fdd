"""Flags of `run` and `create` through docker 28 and chub. Numbers are the cases of docs/docker.md."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import engines
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.command import Command, Ended

ID = re.compile(r"[0-9a-f]{64}")
DEAF = "trap '' TERM; trap 'exit 4' INT; echo ready; while :; do sleep 0.1; done"

FILES = {
    "labels": 'a=1\n# c\n\n  b=2\nc\nd=x y\r\ne="q"\n',
    "more": "\ufeffa=9\nz=1\n",
    "spaced": "a b=1\n",
    "nameless": "ok=1\n =1\n",
    "taken": "",
}

SAME = [
    # 22: cidfile
    ["run --cidfile id busybox true", "run --cidfile id busybox true", "create --cidfile id busybox true"],
    ["create --cidfile taken busybox true", "run -d --cidfile taken busybox true", "run --cidfile . busybox true"],
    ["create --cidfile no/such busybox true", "run --cidfile '' --rm busybox echo hi"],
    ["create --cidfile id --stop-signal BOGUS busybox true", "create --cidfile id busybox true"],
    ["run --rm --cidfile id busybox nosuch", "run --cidfile id busybox true"],
    # label files
    ["create --name web --label-file labels busybox true"],
    ["create --name web --label-file labels --label-file more -l a=5 -l q busybox true"],
    ["create --label-file spaced busybox true", "run --label-file spaced busybox true"],
    ["create --label-file nameless busybox true", "run --label-file nosuch busybox true"],
    ["create --label-file . busybox true", "create --label-file '' busybox true"],
    # stop signal and timeout
    ["create --name web --stop-signal INT busybox true"],
    ["create --name web --stop-signal rtmin+3 --stop-timeout 0x10 busybox true"],
    ["create --stop-signal 0 busybox true", "run --stop-signal BOGUS busybox true"],
    ["create --name web --stop-signal '' --stop-timeout -1 busybox true"],
    ["create --name web --stop-timeout 010 busybox true"],
    ["create --stop-timeout x busybox true", "run --stop-timeout 1.5 busybox true", "run --stop-timeout '' busybox"],
    [f"run -d --name web --stop-signal 2 busybox sh -c {shlex.quote(DEAF)}", "stop web", "wait web"],
    [f"run -d --name web --stop-timeout 1 busybox sh -c {shlex.quote(DEAF)}", "stop web", "wait web"],
    # pull
    ["run --rm --pull never busybox echo hi", "create --name web --pull missing -q busybox true"],
    ["run --pull bogus busybox true", "create --pull Always busybox true", "run --rm --quiet busybox echo hi"],
    ["run --pull never nosuch:x true", "create --pull never nosuch:x true"],
    # init
    ["run --rm --init busybox nosuch", "run --rm --init busybox /etc", "run --rm --init busybox sh -c 'exit 7'"],
    ["run --rm --init -u 1000 busybox sh -c 'cat /proc/1/comm; id -u'", "run --rm --init --entrypoint '' busybox"],
    ["run --rm --init --read-only busybox sh -c 'cat /proc/1/cmdline; kill -9 $$'"],
    ["create --name web --init busybox sleep 5", "create --name shop --init --entrypoint sh busybox -c 'echo hi'"],
    ["run -d --init --name web busybox sleep 100", "stop web", "wait web", "ps -a --format {{.Command}}"],
    # names of hosts and domains
    ["run --rm --add-host db:10.0.0.5 --add-host v6=[::1] --add-host a:b=::2 busybox cat /etc/hosts"],
    ["run --rm --add-host nope busybox true", "run --add-host x:300.1.1.1 busybox true", "run --add-host x: busybox"],
    ["create --name web --add-host v6=[fe80::1] --dns 1.1.1.1 --dns-search a.b. --dns-opt rotate busybox true"],
    ["run --dns nope busybox true", "run --dns-search 'a b' busybox true", "create --dns 1.2.3 busybox true"],
    [
        "run --rm --dns 9.9.9.9 --dns fe80::1 --dns-search a --dns-option ndots:3 busybox grep ^[a-z] /etc/resolv.conf",
        "run --rm --dns-search . busybox grep ^search /etc/resolv.conf",
    ],
    [
        "run --rm -h web --domainname example.org busybox sh -c 'hostname; cat /proc/sys/kernel/domainname'",
        "create --name web --domainname example.org busybox true",
    ],
    [
        "create --name web --expose 80 --expose 8000-8002/udp busybox true",
        "run --expose x busybox true",
        "run --expose 99999 busybox true",
        "ps -a --filter expose=80 --format '{{.Names}}{{.Ports}}'",
    ],
    # what there is no choice of
    ["run --rm --restart no busybox echo hi", "run --rm --restart always busybox true"],
    ["run --restart nope busybox true", "create --restart no:3 busybox true", "create --restart always:3 busybox true"],
    ["run --rm --userns host busybox echo hi", "run --userns nope busybox true"],
    ["run --rm --isolation default --no-healthcheck busybox echo hi", "run --isolation nope busybox true"],
    ["run --rm --platform linux/amd64 --disable-content-trust busybox echo hi"],
    # rm -v, rename, 27
    ["create --name web busybox true", "rm -v web", "rm -v web", "rm -fv web"],
    ["create --name web busybox true", "create --name shop busybox true", "rename web shop", "rename web /shop"],
    ["ps --format {{.Nope}}", "ps --format 'table {{.Nope}}'", "ps --format '{{.ID'", "ps --format {{nosuch}}"],
    [
        "create --name web busybox true",
        "ps -a --format '{{slice .ID 0 3}}'",
        "ps -a --format '{{if .ID}}{{.No}}{{end}}'",
    ],
]
KEPT = {
    "Config": ("Labels", "StopSignal", "StopTimeout", "Cmd", "Entrypoint", "ExposedPorts", "Domainname"),
    "HostConfig": ("ContainerIDFile", "Init", "Dns", "DnsSearch", "DnsOptions", "ExtraHosts", "RestartPolicy"),
}


def about(client: Command) -> list[Any]:
    """What inspect says of "web" and "shop" in what these flags change."""
    found = json.loads(client("container", "inspect", "web", "shop").stdout)
    return [
        {key: (key in each[part], each[part].get(key)) for part, keys in KEPT.items() for key in keys}
        | {key: each[key] for key in ("Path", "Args", "Mounts")}
        for each in found
    ]


def told(client: Command, lines: list[str], directory: Path, *flags: str) -> tuple[list[Ended], list[Any], list[str]]:
    """What a client makes of the lines, what inspect says then, and the files that are there."""
    directory.mkdir()
    for name, content in FILES.items():
        (directory / name).write_text(content)
    ended = []
    try:
        for line in lines:
            command, *words = shlex.split(line)
            own = flags if command in ("run", "create") else ()
            ended.append(client(command, *own, *words, cwd=directory))
            if "echo ready" in line:
                wait_until(lambda: "ready" in client("logs", "web").stdout, 20, "its program to be ready")
        return ended, about(client), sorted(f"{file.name} {file.stat().st_size}" for file in directory.iterdir())
    finally:
        if left := client.ok("ps", "-aq").split():
            client("rm", "-f", *left)


def words(text: str) -> str:
    """The last part of docker's first line, which scripts look for: without who says it, and without ids."""
    first = (text.strip() or "\n").splitlines()[0].removeprefix("docker: ")
    return ID.sub("ID", re.sub(r"strconv\.Parse[A-Za-z]+: |\(\d+\)", "", first)).rpartition(": ")[2]


@pytest.mark.parametrize("lines", SAME)
def test_the_same(
    docker: Command, docker_image: str, chub: Command, image: str, lines: list[str], tmp_path: Path
) -> None:
    """Docker's stdout, exit status and the end of its message line after line; what inspect says; the files made."""
    assert docker_image == image
    with_init = type(chub)(words=chub.words, env={**chub.env, "PATH": f"{engines.programs('docker')}:/usr/bin:/bin"})
    theirs = told(docker, lines, tmp_path / "docker", "--network", "none")
    ours = told(with_init, lines, tmp_path / "chub")

    for line, docker_said, chub_said in zip(lines, theirs[0], ours[0], strict=True):
        outputs = [ID.sub("ID", each.stdout) for each in (docker_said, chub_said)]
        assert outputs[0] == outputs[1], (line, docker_said, chub_said)
        expected = 125 if "no/such" in line and line.startswith("run") else docker_said.exit_status
        assert expected == chub_said.exit_status, (line, docker_said, chub_said)
        assert words(docker_said.stderr) in ID.sub("ID", chub_said.stderr), (line, docker_said, chub_said)
    assert theirs[1:] == ours[1:]
