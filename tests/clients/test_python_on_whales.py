"""python-on-whales, whose models read what chub prints."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def whales(docker_path: Path, image: str) -> Any:
    """Its client; in the namespace there is one image, `busybox`."""
    from python_on_whales import DockerClient

    return DockerClient(client_call=[str(docker_path)])


@pytest.fixture
def web(whales: Any) -> Iterator[Any]:
    """A container that has said something on both streams, and runs on; it may be gone at the end of the test."""
    made = whales.run(
        "busybox",
        ["sh", "-c", "trap 'exit 3' TERM; echo out; echo err >&2; while :; do sleep 0.1; done"],
        detach=True,
        name="web",
        hostname="web-1",
        user="u",
        workdir="/tmp",
        labels={"kind": "test", "a": "1"},
        envs={"GREETING": "hello world"},
        volumes=[("/usr/share", "/mnt", "ro")],
        memory="64m",
        cpus=0.5,
        pids_limit=50,
        cap_drop=["CHOWN"],
        devices=["/dev/null:/dev/nothing:r"],
        ulimit=["nofile=100:200"],
    )
    yield made
    whales.remove("web", force=True)


def test_run(whales: Any) -> None:
    """Output comes back, as a whole and as it is written; a failure has the status and what was said."""
    from python_on_whales.exceptions import DockerException

    assert whales.run("busybox", ["echo", "hello"], remove=True) == "hello"
    streams = dict(whales.run("busybox", ["sh", "-c", "echo out; echo err >&2"], remove=True, stream=True))
    assert streams == {"stdout": b"out\n", "stderr": b"err\n"}
    with pytest.raises(DockerException) as raised:
        whales.run("busybox", ["sh", "-c", "exit 7"], remove=True)
    assert raised.value.return_code == 7
    assert whales.ps(all=True) == []


def test_attributes(whales: Any, web: Any) -> None:
    """Its models read the inspect of a container."""
    assert whales.ps() == [web]
    assert whales.container.list(filters=[("label", "a=1")]) == [web]
    assert (web.name, web.path, web.driver, web.platform) == ("web", "sh", "overlayfs", "linux")
    assert web.image == whales.image.inspect("busybox").id
    assert abs(datetime.now(UTC) - web.created) < timedelta(minutes=5)
    assert (web.state.status, web.state.running, web.state.paused, web.state.exit_code) == ("running", True, False, 0)
    assert Path(f"/proc/{web.state.pid}").exists()
    assert (web.config.hostname, web.config.user, web.config.working_dir) == ("web-1", "u", Path("/tmp"))
    assert web.config.env == ["GREETING=hello world"]
    assert web.config.labels == {"a": "1", "kind": "test"}
    (mount,) = web.mounts
    assert (mount.type, mount.source, mount.destination, mount.rw) == ("bind", "/usr/share", "/mnt", False)
    host = web.host_config
    assert (host.memory, host.nano_cpus, host.pids_limit) == (64 << 20, 500_000_000, 50)
    assert (host.cap_drop, host.network_mode, host.auto_remove) == (["CHOWN"], "none", False)
    assert host.devices[0].path_in_container == Path("/dev/nothing")
    assert (host.ulimits[0].soft, host.ulimits[0].hard) == (100, 200)
    assert list(web.network_settings.networks) == ["none"]


def test_output_and_exec(whales: Any, web: Any) -> None:
    """Logs with both streams, whole, cut and followed; programs beside the container's own."""
    from python_on_whales.exceptions import DockerException

    followed = whales.container.logs(web, follow=True, stream=True)
    assert sorted([next(followed), next(followed)]) == [("stderr", b"err\n"), ("stdout", b"out\n")]
    assert sorted(web.logs().split()) == ["err", "out"]
    stamp, word = web.logs(tail=1, timestamps=True).split()
    assert datetime.fromisoformat(stamp[:19] + "+00:00") > datetime.now(UTC) - timedelta(minutes=5)
    assert word in ("err", "out")
    assert web.execute(["sh", "-c", 'echo "$WHO" in $PWD; id -un'], envs={"WHO": "me"}, workdir="/mnt") == (
        "me in /mnt\nu"
    )
    assert whales.execute(web, ["id", "-u"], user="root") == "0"
    assert list(web.execute(["echo", "streamed"], stream=True)) == [("stdout", b"streamed\n")]
    with pytest.raises(DockerException) as raised:
        web.execute(["sh", "-c", "exit 9"])
    assert raised.value.return_code == 9
    web.kill()
    assert list(followed) == []


def test_life(whales: Any, web: Any) -> None:
    """Pause, rename, stop, start, kill, wait, remove; what is not there raises its own exception."""
    from python_on_whales.exceptions import NoSuchContainer

    web.pause()
    assert web.state.paused
    web.unpause()
    web.rename("shop")
    assert web.name == "shop"
    (usage,) = whales.stats(web)
    assert (usage.container_name, usage.memory_limit) == ("shop", 64 << 20)
    web.stop(time=5)
    assert (web.state.status, web.state.exit_code) == ("exited", 3)
    web.start()
    web.kill()
    assert whales.wait(web) == 137
    assert not web.state.running
    web.remove()
    assert not whales.container.exists("shop")
    with pytest.raises(NoSuchContainer):
        whales.container.inspect("shop")


def test_images(whales: Any) -> None:
    """Its models read images; a tag comes and goes."""
    from python_on_whales.exceptions import NoSuchImage

    (found,) = whales.images()
    assert found == whales.image.inspect("busybox")
    assert (found.repo_tags, found.os, found.architecture) == (["busybox:latest"], "linux", "amd64")
    assert found.size > 0
    assert len(found.root_fs.layers) == 1
    assert found.id.startswith("sha256:")
    whales.tag("busybox", "user/app:1")
    assert sorted(found.repo_tags) == ["busybox:latest", "user/app:1"]
    whales.image.remove("user/app:1")
    with pytest.raises(NoSuchImage):
        whales.image.inspect("user/app:1")


def test_engine(whales: Any) -> None:
    """Its models read version and info."""
    assert whales.version().server.components[0].name
    assert whales.info().images == 1
