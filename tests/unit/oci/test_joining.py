"""A spec that follows another container's."""

from __future__ import annotations

import pytest

from chub.errors import Invalid, Unsupported
from chub.oci.config import ImageConfig
from chub.oci.spec.base import DEVICE_RULES, Spec
from chub.oci.spec.build import build
from chub.oci.spec.devices import write
from chub.oci.spec.facts import Facts, Host, HostDevice
from chub.oci.spec.joining import adopt, join
from chub.options.namespaces import Namespaces
from chub.options.network import Network
from chub.options.request import Request
from chub.options.resources import Resources
from chub.options.security import Security

ID = "0123456789abcdef" * 4
HOST = Host(name="vm", cgroup=2)


def spec(network: Network | None = None, **namespaces: str) -> Spec:
    """The spec of a container with these namespaces."""
    request = Request(image="i", words=("true",), network=network or Network(), namespaces=Namespaces(**namespaces))
    return build(
        request, ImageConfig(architecture="amd64", os="linux"), Facts(id=ID, host=HOST, hosts_path="/own/hosts")
    )


def test_joining_is_for_the_start() -> None:
    """Until then the namespace is one of its own: who starts it without chub gets no stranger's."""
    made = spec(Network(network="container:a"), ipc="container:b")
    kinds = [{"type": kind} for kind in ("mount", "uts", "pid", "ipc", "network", "cgroup")]
    assert made["linux"]["namespaces"] == kinds
    assert "sysctl" not in made["linux"]

    join(made, "network", 42)
    join(made, "ipc", 43)
    join(made, "ipc", 44)

    paths = {each["type"]: each.get("path") for each in made["linux"]["namespaces"]}
    assert paths == dict.fromkeys(paths) | {"network": "/proc/42/ns/net", "ipc": "/proc/44/ns/ipc"}


def test_what_goes_with_a_network() -> None:
    """Host name and files are the other's, where it has such."""
    made = spec(Network(network="container:a"))
    donor = {"hostname": "web", "mounts": [{"destination": "/etc/hosts", "source": "/its/hosts"}]}

    adopt(made, donor)

    assert made["hostname"] == "web"
    assert "HOSTNAME=web" in made["process"]["env"]
    assert [each["source"] for each in made["mounts"] if each["destination"] == "/etc/hosts"] == ["/its/hosts"]
    before = spec(Network(network="container:a"), uts="host")
    adopt(before, {})
    assert before == spec(Network(network="container:a"), uts="host")
    adopt(before, donor)
    assert "hostname" not in before


@pytest.mark.parametrize(
    ("network", "namespaces", "why"),
    [
        (Network(hostname="h"), {"uts": "host"}, "conflicting options: hostname and the UTS mode"),
        (Network(network="container:a", hostname="h"), {}, "conflicting options: hostname and the network mode"),
        (Network(network="container:"), {}, "invalid container format container:<name|id>"),
        (Network(), {"ipc": "x"}, "invalid IPC mode: x"),
        (Network(), {"pid": "x"}, "--pid: invalid PID mode"),
    ],
)
def test_what_does_not_go_together(network: Network, namespaces: dict[str, str], why: str) -> None:
    """It is refused in docker's words."""
    with pytest.raises(Invalid, match=why):
        spec(network, **namespaces)
    with pytest.raises(Unsupported, match="network bridge"):
        spec(Network(network="bridge"))


def test_devices() -> None:
    """A node and a rule for each; written twice they are there once; a privileged container has all rules anyway."""
    device = HostDevice(path="/dev/x", kind="c", major=5, minor=6, permissions="r")
    facts = Facts(id=ID, host=HOST, devices=(device,))
    made = spec()
    for _ in range(2):
        write(made, Request(image="i", resources=Resources(device_cgroup_rules=("b 7:* rw",))), facts)

    assert [each["path"] for each in made["linux"]["devices"]] == ["/dev/x"]
    assert made["linux"]["resources"]["devices"][len(DEVICE_RULES) :] == [
        {"allow": True, "type": "c", "major": 5, "minor": 6, "access": "r"},
        {"allow": True, "type": "b", "major": 7, "minor": -1, "access": "rw"},
    ]
    write(made, Request(image="i", security=Security(privileged=True)), facts)
    assert made["linux"]["resources"]["devices"] == [{"allow": True, "access": "rwm"}]
