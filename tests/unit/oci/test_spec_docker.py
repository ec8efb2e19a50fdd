"""The spec of a container equals the one docker 28 makes of the same command line, in all a program can see."""

from __future__ import annotations

from typing import Any

import pytest

from chub.oci.config import ImageConfig
from chub.oci.spec.build import build
from chub.oci.spec.capabilities import NAMES
from chub.oci.spec.facts import Facts, Host, HostDevice
from tests.unit.oci import docker28
from tests.unit.oci.commandline import request

DEVICES = (
    HostDevice(path="/dev/full", kind="c", major=1, minor=7, mode=0o666),
    HostDevice(path="/dev/fuse", kind="c", major=10, minor=229, mode=0o600),
    HostDevice(path="/dev/loop0", kind="b", major=7, minor=0, mode=0o600),
    HostDevice(path="/dev/net/tun", kind="c", major=10, minor=200, mode=0o600),
    HostDevice(path="/dev/vda", kind="b", major=254, minor=0, mode=0o600),
)
# The machine the specs were recorded on: no SYS_RESOURCE, no AppArmor, cgroup version 1.
HOST = Host(
    name="vm",
    machine="x86_64",
    kernel=(6, 18),
    cgroup=1,
    capabilities=tuple(name for name in NAMES if name != "CAP_SYS_RESOURCE"),
    devices=DEVICES,
)


def facts(account: dict[str, Any]) -> Facts:
    """What the recorded containers' specs depended on."""
    return Facts(
        id=docker28.ID,
        host=HOST,
        uid=account.get("uid", 0),
        gid=account.get("gid", 0),
        groups=tuple(account.get("groups", ())),
        hosts_path=f"{docker28.FILES}/hosts",
        hostname_path=f"{docker28.FILES}/hostname",
        resolv_conf_path=f"{docker28.FILES}/resolv.conf",
    )


def image(config: dict[str, Any]) -> ImageConfig:
    """The image of a recorded container."""
    return ImageConfig(
        architecture="amd64",
        os="linux",
        env=tuple(config.get("env", ())),
        entrypoint=tuple(config.get("entrypoint", ())),
        cmd=tuple(config.get("cmd", ())),
        workdir=config.get("workdir", ""),
        user=config.get("user", ""),
    )


def test_default_container() -> None:
    """A container that asks for nothing is confined as docker's."""
    spec = build(request(["--network", "none"], ["sleep", "600"]), image({}), facts({}))

    assert docker28.visible(spec) == docker28.default()


@pytest.mark.parametrize("name", docker28.cases())
def test_options(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each option changes of the spec what docker changes, and nothing else."""
    monkeypatch.chdir(docker28.HERE)
    case = docker28.cases()[name]
    asked = request(case["options"], case["words"])

    spec = build(asked, image(case.get("image", {})), facts(case.get("account", {})))

    assert docker28.visible(spec) == docker28.patched(docker28.default(), case["patch"])
