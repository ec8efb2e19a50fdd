"""What the spec says beyond docker's recorded containers."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chub.errors import Invalid, Unsupported
from chub.oci.config import ImageConfig
from chub.oci.spec.build import build
from chub.oci.spec.capabilities import NAMES
from chub.oci.spec.facts import Facts, Host, HostDevice
from chub.oci.spec.process import arguments
from chub.options.mounts import Mount, MountKind, Mounts
from chub.options.network import Network
from chub.options.process import Process
from chub.options.request import Identity, Request
from chub.options.resources import Resources, Ulimit
from chub.options.security import Security
from chub.options.terminal import Terminal

SCHEMA = Path("/usr/share/gocode/src/github.com/opencontainers/runtime-spec/schema/config-schema.json")
IMAGE = ImageConfig(architecture="amd64", os="linux")
HOST = Host(name="box", capabilities=NAMES)


def spec(request: Request | None = None, *, image: ImageConfig = IMAGE, **facts: Any) -> dict[str, Any]:
    """The spec of `request`, or of one that asks for nothing."""
    request = request or Request(image="x", words=("true",))
    return build(request, image, Facts(**{"id": "ab" * 32, "host": HOST, **facts}))


def asked(**groups: Any) -> Request:
    """A request with some option groups filled in."""
    return Request(image="x", words=("true",), **groups)


EVERYTHING = asked(
    identity=Identity(annotations=("a=b",)),
    process=Process(env=("A=1",), workdir="/w", user="5:6"),
    terminal=Terminal(tty=True, interactive=True),
    security=Security(cap_add=("NET_ADMIN",), read_only=True, security_opt=("no-new-privileges",)),
    mounts=Mounts(
        mounts=(
            Mount(kind=MountKind.BIND, source="/a", target="/b", read_only=True, propagation="rshared"),
            Mount(kind=MountKind.TMPFS, target="/c", options=("size=1m",)),
        ),
        shm_size=1,
    ),
    resources=Resources(ulimits=(Ulimit(name="nofile", soft=1, hard=-1),), sysctls=("net.a=1",)),
    network=Network(hostname="h"),
)


@pytest.fixture
def schema() -> Path:
    """The OCI runtime spec's own JSON schema, from the distribution's package of it."""
    if not SCHEMA.exists():
        missing = f"no {SCHEMA}: install the package golang-github-opencontainers-specs-dev"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    return SCHEMA


def test_follows_the_schema(schema: Path, tmp_path: Path) -> None:
    """What is built is a runtime spec as the standard defines it."""
    requests = {
        "default": asked(),
        "everything": EVERYTHING,
        "privileged": asked(security=Security(privileged=True)),
        "no-capabilities": asked(security=Security(cap_drop=("ALL",))),
        "host-network": asked(network=Network(network="host")),
    }
    device = HostDevice(path="/dev/x", kind="c", major=1, minor=2)
    files = []
    for (name, request), cgroup in itertools.product(requests.items(), (1, 2)):
        host = Host(cgroup=cgroup, capabilities=NAMES, has_apparmor=True, apparmor="p", devices=(device,))
        built = spec(request, host=host, console=(24, 80), hosts_path="/h", groups=(7,))
        files.append(tmp_path / f"{name}-{cgroup}.json")
        files[-1].write_text(json.dumps(built))

    checked = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--schemafile", schema, *files],
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_version_is_the_lowest() -> None:
    """Old runtimes refuse a spec that claims to be newer than they are."""
    assert spec()["ociVersion"] == "1.0.2"


@pytest.mark.parametrize(
    ("entrypoint", "words", "image", "expected"),
    [
        (None, (), (("e",), ("c",)), ("e", "c")),
        (None, ("w",), (("e",), ("c",)), ("e", "w")),
        (None, ("w",), (None, ("c",)), ("w",)),
        ("p q", (), (("e",), ("c",)), ("p q",)),
        ("p", ("w",), (("e",), ("c",)), ("p", "w")),
        ("", ("w",), (("e",), ("c",)), ("w",)),
    ],
)
def test_program(
    entrypoint: str | None,
    words: tuple[str, ...],
    image: tuple[tuple[str, ...] | None, tuple[str, ...] | None],
    expected: tuple[str, ...],
) -> None:
    """An entry point takes the image's command away; words replace it."""
    config = ImageConfig(architecture="amd64", os="linux", entrypoint=image[0], cmd=image[1])
    request = Request(image="x", words=words, process=Process(entrypoint=entrypoint))

    assert expected == arguments(request, config)


@pytest.mark.parametrize("entrypoint", [None, ""])
def test_no_program(entrypoint: str | None) -> None:
    """Neither the image nor the request names a program; an empty entry point also takes the image's command."""
    config = ImageConfig(architecture="amd64", os="linux", cmd=("c",) if entrypoint == "" else None)

    with pytest.raises(Invalid, match="no command specified"):
        arguments(Request(image="x", process=Process(entrypoint=entrypoint)), config)


def test_init() -> None:
    """It is bound read-only to docker's place, and told what to run; a mount that was asked for wins."""
    wanted = asked(process=Process(init=True))
    bound = {"destination": "/sbin/docker-init", "type": "bind", "source": "/t/tini", "options": ["bind", "ro"]}

    made = spec(wanted, init_path="/t/tini")
    assert made["process"]["args"] == ["/sbin/docker-init", "--", "true"]
    assert bound in made["mounts"]

    own = asked(
        process=Process(init=True),
        mounts=Mounts(mounts=(Mount(kind=MountKind.BIND, source="/own", target="/sbin/docker-init"),)),
    )
    sources = [m["source"] for m in spec(own, init_path="/t/tini")["mounts"] if m["destination"] == "/sbin/docker-init"]
    assert sources == ["/own"]


def test_environment() -> None:
    """Own variables, the request's, the image's; a name alone takes one out, of the image's too."""
    image = ImageConfig(architecture="amd64", os="linux", env=("A=image", "B=image", "PATH=/image"))
    request = asked(process=Process(env=("C=1", "B", "HOSTNAME", "C=2")))

    assert spec(request, image=image)["process"]["env"] == ["PATH=/image", "C=2", "A=image"]


def test_working_directory_is_cleaned() -> None:
    """A directory with dots is taken by its words; a relative one is refused."""
    assert spec(asked(process=Process(workdir="/a/../b/.")))["process"]["cwd"] == "/b"
    with pytest.raises(Invalid, match="the working directory 'a' is invalid"):
        spec(asked(process=Process(workdir="a")))


def test_terminal_size() -> None:
    """The terminal starts with the size it is shown in."""
    built = spec(asked(terminal=Terminal(tty=True)), console=(24, 80))

    assert built["process"]["consoleSize"] == {"height": 24, "width": 80}
    assert "consoleSize" not in spec(console=(24, 80))["process"]


@pytest.mark.parametrize(("cgroup", "expected"), [(1, False), (2, True)])
def test_cgroup_namespace(cgroup: int, expected: bool) -> None:
    """On cgroup version 2 a container has its own view of cgroups."""
    built = spec(host=Host(cgroup=cgroup, capabilities=NAMES))

    assert expected == ({"type": "cgroup"} in built["linux"]["namespaces"])


def test_networks_to_come() -> None:
    """A network chub does not know yet is refused, never taken for another."""
    with pytest.raises(Unsupported, match="network bridge is not supported yet"):
        spec(asked(network=Network(network="bridge")))


def test_sysctls_of_the_hosts_network() -> None:
    """The host's network parameters cannot be set from a container."""
    request = asked(network=Network(network="host"), resources=Resources(sysctls=("kernel.msgmax=1", "net.x=1")))

    with pytest.raises(Invalid, match=r'sysctl "net\.x" not allowed in host network namespace'):
        spec(request)


@pytest.mark.parametrize("privileged", [False, True])
@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("label=disable", ("chub-default", "unconfined")),
        ("apparmor=mine", ("mine", "mine")),
        ("apparmor=unconfined", ("unconfined", "unconfined")),
    ],
)
def test_apparmor(privileged: bool, option: str, expected: tuple[str, str]) -> None:
    """The default profile, none for a privileged container, or the one that is named."""
    host = Host(capabilities=NAMES, has_apparmor=True, apparmor="chub-default")
    built = spec(asked(security=Security(privileged=privileged, security_opt=(option,))), host=host)

    assert expected[privileged] == built["process"]["apparmorProfile"]


def test_no_apparmor() -> None:
    """A kernel without AppArmor would refuse any profile."""
    built = spec(asked(security=Security(security_opt=("apparmor=mine",))))

    assert "apparmorProfile" not in built["process"]


def test_no_seccomp() -> None:
    """A kernel without filters runs a container without one, but does not drop one that was asked for."""
    host = Host(capabilities=NAMES, seccomp=False)
    security = Security(security_opt=('seccomp={"defaultAction":"SCMP_ACT_ALLOW"}',))

    assert "seccomp" not in spec(host=host)["linux"]
    with pytest.raises(Unsupported, match="seccomp is not enabled in your kernel"):
        spec(asked(security=security), host=host)


def test_old_kernels_mounts() -> None:
    """Where a kernel cannot make a tree of mounts read-only, the upper one is; asking for more is refused."""
    host = Host(capabilities=NAMES, kernel=(5, 10))

    def mounted(below: bool | None) -> list[str]:
        mount = Mount(kind=MountKind.BIND, source="/a", target="/b", read_only=True, read_only_below=below)
        built = spec(asked(mounts=Mounts(mounts=(mount,))), host=host)
        options: list[str] = built["mounts"][-1]["options"]
        return options

    assert mounted(None) == ["rbind", "ro", "rprivate"]
    with pytest.raises(Unsupported, match=r"needs Linux 5\.12"):
        mounted(True)


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        (("/a", "/b/../a"), "Duplicate mount point: /a"),
        (("a",), "invalid mount path: 'a' mount path must be absolute"),
        (("/..",), "destination can't be '/'"),
    ],
)
def test_bad_targets(targets: tuple[str, ...], message: str) -> None:
    """Mounts over each other, relative ones and one over the root are refused."""
    mounts = tuple(Mount(kind=MountKind.TMPFS, target=target) for target in targets)

    with pytest.raises(Invalid, match=message):
        spec(asked(mounts=Mounts(mounts=mounts)))


PATHS = st.lists(st.sampled_from(["a", "b", "etc", "hosts", "dev", "shm"]), min_size=1, max_size=4).map(
    lambda parts: "/" + "/".join(parts)
)


@given(st.lists(PATHS, unique=True, max_size=6))
def test_parents_are_mounted_first(targets: list[str]) -> None:
    """No mount hides one that was mounted before it, and everything asked for is there once."""
    mounts = tuple(Mount(kind=MountKind.BIND, source="/s", target=target) for target in targets)
    built = spec(asked(mounts=Mounts(mounts=mounts)), hosts_path="/h")
    order = [mount["destination"] for mount in built["mounts"]]

    assert len(set(order)) == len(order)
    assert set(targets) <= set(order)
    for at, path in enumerate(order):
        assert not any(earlier.startswith(f"{path}/") for earlier in order[:at])


def test_a_spec_is_nobody_elses() -> None:
    """Changing one spec does not change the next."""
    first = spec()
    first["mounts"].clear()
    first["linux"]["seccomp"]["syscalls"][0]["names"].clear()
    first["linux"]["maskedPaths"].clear()

    assert spec() == spec()
    assert spec()["linux"]["seccomp"]["syscalls"][0]["names"]
