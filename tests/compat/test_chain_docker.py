"""docker's containers and layers, seen through containerd and /proc, with each of its two stores."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from chub.chain import build, layers
from chub.docker.client import Docker
from chub.errors import NotFound
from tests.support import engines
from tests.support.command import Command

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chub.api.services import Services
    from chub.chain.links import Chain
    from chub.sdk.client import Client
    from tests.support.engines import Engine

STORES = ("docker", "docker_on_containerd")
IMAGE = "stacked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """A container of docker's, and the docker that runs it."""

    docker: Command
    name: str

    @property
    def address(self) -> str:
        """Its socket, as a URL."""
        return self.docker.words[2]

    def inspect(self, *words: str) -> dict[str, Any]:
        """What docker says of it, or of what is named."""
        found: list[dict[str, Any]] = json.loads(self.docker.ok("inspect", *(words or (self.name,))))
        return found[0]

    @property
    def pid(self) -> int:
        """Init's pid, by docker."""
        pid: int = self.inspect()["State"]["Pid"]
        return pid


@pytest.fixture(params=STORES)
def web(request: pytest.FixtureRequest, busybox: Path) -> Iterator[Web]:
    """A running container of an image of two layers."""
    docker: Command = request.getfixturevalue(request.param)
    if docker("image", "inspect", IMAGE).exit_status != 0:
        _make_image(docker, busybox)
    docker.ok("run", "--detach", "--name", "web", "--network", "none", IMAGE, "sleep", "1000")
    yield Web(docker=docker, name="web")
    docker.ok("rm", "--force", "web")


def _make_image(docker: Command, busybox: Path) -> None:
    """The busybox tree, and a layer with one file on top."""
    tar = subprocess.run(["tar", "-C", busybox, "-c", "."], check=True, capture_output=True).stdout
    docker.ok("import", "-", "base", input=tar)
    docker.ok("run", "--name", "maker", "--network", "none", "base", "touch", "/on-top")
    docker.ok("commit", "maker", IMAGE)
    docker.ok("rm", "maker")


@pytest.fixture
def chain(client: Client, web: Web) -> Chain:
    """The container's chain, asked for by its docker name from a client of another containerd."""
    return build.chain(client.workspace, web.name, everywhere=True, docker=Docker(web.address))


def test_the_whole_chain_is_there(chain: Chain) -> None:
    """Docker, containerd, shim, runc, kernel: no layer is missing, and no two sources contradict each other."""
    assert {str(link.layer): link.missing for link in chain.links if link.missing} == {}
    assert chain.disagreements == ()


def test_it_is_dockers_containerd_that_is_asked(chain: Chain, services: Services, web: Web) -> None:
    """The engine at hand knows nothing of it; docker names the one that does."""
    told = json.loads(web.docker.ok("info", "--format", "{{json .Containerd}}"))

    assert chain.address == told["Address"] != services.address
    assert chain.namespace == told["Namespaces"]["Containers"] == "moby"


def test_what_docker_says(chain: Chain, web: Web) -> None:
    """Name, id, image and store as `docker inspect` has them; the pid is said by five."""
    said = web.inspect()
    link = chain["docker"]

    assert (link.value("name"), link.value("id")) == ("web", said["Id"])
    assert (link.value("image"), link.value("image id")) == (IMAGE, said["Image"])
    assert link.value("store") == said["Driver"]
    pid = chain["process"].fact("pid")
    assert pid is not None
    assert (pid.value, len(pid.evidence)) == (str(web.pid), 5)


def test_the_daemons_are_two_processes(chain: Chain) -> None:
    """Each is found by its socket: dockerd and containerd."""
    docker, containerd = chain["docker"].value("daemon pid"), chain["containerd"].value("daemon pid")

    assert Path(f"/proc/{docker}/comm").read_text() == "dockerd\n"
    assert Path(f"/proc/{containerd}/comm").read_text() == "containerd\n"


def test_the_directories_hold_the_containers_files(chain: Chain, web: Web) -> None:
    """Written, committed on top, imported: each file is in its layer's directory, and in no other."""
    web.docker.ok("exec", "web", "touch", "/written")
    link = chain["snapshot"]
    names = [fact.value for fact in link.facts if fact.label in ("active", "committed") and "init" not in fact.value]
    written, committed, imported = (Path(link.value("directory", name)) for name in names)

    assert (written / "written").exists()
    assert (committed / "on-top").exists()
    assert (imported / "bin/busybox").exists()
    assert not (written / "on-top").exists()
    assert not (committed / "bin/busybox").exists()


def test_layers_have_the_chain_ids_of_the_image(chain: Chain, web: Web) -> None:
    """The names of the layers' snapshots are what docker's list of diff IDs makes of them."""
    from chub.oci.layers import chain_ids

    expected = list(reversed(chain_ids(web.inspect(IMAGE)["RootFS"]["Layers"])))
    link = chain["snapshot"]

    assert [fact.value for fact in link.labelled("committed") if fact.value.startswith("sha256:")] == expected
    assert chain["image"].value("chain ID") == expected[0]


def test_runc_has_dockers_root(chain: Chain, web: Web) -> None:
    """The root is docker's own, and runc knows the container there."""
    root = chain["runc"].value("root")
    state = subprocess.run(["runc", "--root", root, "state", chain.id], check=True, capture_output=True).stdout

    assert root.endswith("/runtime-runc/moby")
    assert json.loads(state)["pid"] == web.pid
    assert chain["runc"].value("status") == "running"


def test_by_a_process(client: Client, web: Web) -> None:
    """From the pid alone to the container: the shim names docker's containerd."""
    chain = build.chain_of_process(client.workspace, web.pid, docker=Docker(web.address))

    assert (chain.name, chain.namespace) == ("web", "moby")
    assert chain.disagreements == ()


def test_a_stopped_container(client: Client, web: Web) -> None:
    """Containerd's record went with the task; docker's own word and the files remain."""
    web.docker.ok("kill", "web")
    web.docker.ok("wait", "web")

    chain = build.chain(client.workspace, "web", everywhere=True, docker=Docker(web.address))

    assert (chain["docker"].value("status"), chain["docker"].value("exit status")) == ("exited", "137")
    assert "no container" in chain["containerd"].missing
    assert Path(chain["snapshot"].value("directory", chain.id)).is_dir()
    for layer in ("task", "shim", "bundle", "runc", "process", "namespaces", "cgroups"):
        assert chain[layer].missing, layer
    assert chain.disagreements == ()


def test_a_docker_name_is_not_guessed(client: Client, web: Web) -> None:
    """In a namespace that is not docker's its names do not count, and the error says how they would."""
    with pytest.raises(NotFound) as raised:
        build.chain(client.workspace, "web", docker=Docker(web.address))

    assert raised.value.hint == "docker has one of that name: chub chain -A web"


def test_the_command_line(chub: Command, web: Web) -> None:
    """One screen, from docker to the kernel."""
    screen = chub.ok("chain", "--all-namespaces", "web", env={"DOCKER_HOST": web.address})

    lines = screen.splitlines()
    assert len(lines) <= 52
    assert max(map(len, lines)) <= 80
    assert lines[-1].endswith("none contradicts another")


@pytest.fixture
def moved(services: Services, engine: Engine, web: Web, tmp_path: Path) -> Iterator[str]:
    """The name of docker's image in containerd, where docker's archive of it was imported."""
    archive = tmp_path / "image.tar"
    web.docker.ok("save", "--output", archive, IMAGE)
    engine.ctr("image", "import", str(archive), namespace=services.namespace)
    yield IMAGE
    services.images.delete(f"docker.io/library/{IMAGE}:latest")


def test_layers_beside_dockers(services: Services, web: Web, moved: str) -> None:
    """An image that went from docker to containerd: the same diff IDs, the same files in two directories."""
    before = _snapshots(web)

    found = layers.layers(services, moved, snapshotter="overlayfs", docker=Docker(web.address))

    assert [layer.diff_id for layer in found.layers] == web.inspect(IMAGE)["RootFS"]["Layers"]
    for layer, file in zip(found.layers, ("bin/busybox", "on-top"), strict=True):
        assert layer.docker is not None
        assert f"{IMAGE}:latest" in layer.docker.images
        ours, theirs = Path(layer.directory.said, file), Path(layer.docker.directory.said, file)
        assert ours.read_bytes() == theirs.read_bytes()
        assert not ours.samefile(theirs)
    assert _snapshots(web) == before


def test_a_layer_that_docker_does_not_have(services: Services, image: str, web: Web) -> None:
    """The import of the same tree by another program is another layer: it is not called the same."""
    (layer,) = layers.layers(services, image, snapshotter="overlayfs", docker=Docker(web.address)).layers

    assert (layer.docker is None) == (layer.diff_id not in web.inspect("base")["RootFS"]["Layers"])


def _snapshots(web: Web) -> list[str]:
    """The snapshots and leases in docker's containerd, by its own `ctr`."""
    told = json.loads(web.docker.ok("info", "--format", "{{json .Containerd}}"))
    ctr = [str(engines.programs("2.1") / "ctr"), "--address", told["Address"], "--namespace", "moby"]
    return [
        line
        for what in (("snapshots", "ls"), ("leases", "ls"))
        for line in subprocess.run([*ctr, *what], check=True, capture_output=True, text=True).stdout.splitlines()
    ]


@pytest.mark.parametrize("web", ["docker"], indirect=True)
def test_docker_asks(web: Web, chub: Command) -> None:
    """The example that asks whether docker creates containers: dockerd is above none of them."""
    program = Path(__file__).parents[2] / "examples" / "does_docker_create_containers.py"
    python = Command(words=[sys.executable], env=dict(chub.env) | {"DOCKER_HOST": web.address})

    said = python.ok(program, web.name)

    assert re.search(rf"^  its process +{web.pid}  \(Tasks.Get\)$", said, re.MULTILINE)
    assert "dockerd is none of them" in said
    assert "/overlay2/" in said.partition("layers:")[2]
