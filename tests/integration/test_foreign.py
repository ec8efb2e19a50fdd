"""`chub logs` of containers that kubelet, nerdctl and ctr made, and who may change them.

Their records are made as those clients make them, with their labels, extension and files.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from chub.api.wire import TypedValue
from chub.errors import NotFound, PermissionDenied
from chub.sdk.client import Client
from tests.support.command import Command
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chub.api.services import Services
    from chub.settings import Settings
    from tests.support.engines import Engine

METADATA = "io.cri-containerd.container.metadata"
METADATA_TYPE = "github.com/containerd/cri/pkg/store/container/Metadata"
POD = {
    "io.cri-containerd.kind": "container",
    "io.kubernetes.container.name": "web",
    "io.kubernetes.pod.name": "web-0",
    "io.kubernetes.pod.namespace": "default",
}
STUBBORN = "trap 'exit 3' TERM; while :; do sleep 0.1; done"
PATIENCE = 30.0  # seconds
LONG = "x" * 16384


@pytest.fixture
def running(engine: Engine, services: Services, image: str) -> Iterator[str]:
    """The id of a container that ctr made and that runs; a test gives it to another client."""
    id = secrets.token_hex(32)
    name = f"docker.io/library/{image}:latest"
    engine.ctr("run", "-d", "--null-io", name, id, "sh", "-c", STUBBORN, namespace=services.namespace)
    yield id
    if services.containers.list(f"id=={id}"):
        engine.ctr("task", "delete", "--force", id, namespace=services.namespace)
        engine.ctr("container", "delete", id, namespace=services.namespace)


def as_kubelets(services: Services, id: str, path: Path) -> None:
    """Have a container look as one of a pod, whose log is at `path`."""
    said = {"Version": "v1", "Metadata": {"ID": id, "Name": "web", "SandboxID": "5a", "LogPath": str(path)}}
    value = TypedValue.of_json(METADATA_TYPE, said)
    found = replace(services.containers.get(id), labels=POD, extensions={METADATA: value})
    services.containers.update(found, "labels", f"extensions.{METADATA}")


def as_nerdctls(services: Services, id: str, directory: Path, **config: object) -> Path:
    """Have a container look as one of nerdctl's, and give the path of its log."""
    state = directory / "1935db59" / "containers" / services.namespace / id
    state.mkdir(parents=True)
    (state / "log-config.json").write_text(json.dumps({"driver": "json-file", **config}))
    labels = {
        "nerdctl/name": "web",
        "nerdctl/namespace": services.namespace,
        "nerdctl/state-dir": str(state),
        "nerdctl/log-uri": f"binary:///usr/local/bin/nerdctl?_NERDCTL_INTERNAL_LOGGING={directory}%2F1935db59",
    }
    services.containers.update(replace(services.containers.get(id), labels=labels), "labels")
    return state / f"{id}-json.log"


def cri(*records: str) -> str:
    """A log as CRI writes it; a record is STREAM TAG TEXT."""
    return "".join(f"2026-11-24T16:08:17.{place:09}+00:00 {record}\n" for place, record in enumerate(records))


def nerdctl(*texts: str, stream: str = "stdout") -> str:
    """A log as nerdctl writes it."""
    times = (f"2026-11-24T16:08:{place:02}.5Z" for place in range(len(texts)))
    return "".join(
        json.dumps({"log": text + "\n", "stream": stream, "time": when}) + "\n"
        for text, when in zip(texts, times, strict=True)
    )


def test_the_log_of_a_pod(chub: Command, services: Services, running: str, tmp_path: Path) -> None:
    """Both streams, long lines whole, with all flags, also what kubelet rotated away."""
    log = tmp_path / "0.log"
    log.with_name("0.log.20261124-150000").write_text(cri("stdout F first"))
    log.write_text(cri("stdout F out", "stderr F err", f"stdout P {LONG}", "stdout F y", "stdout F "))
    as_kubelets(services, running, log)

    assert chub("logs", running).stderr == "err\n"
    assert chub.ok("logs", running) == f"first\nout\n{LONG}y\n\n"
    assert chub.ok("logs", "-n", "2", running) == f"{LONG}y\n\n"
    assert chub.ok("logs", "-t", "--until", "2026-11-24T16:08:17.000000001Z", running) == (
        "2026-11-24T16:08:17.000000000Z first\n2026-11-24T16:08:17.000000000Z out\n"
    )
    assert chub.ok("logs", "--since", "2026-11-24T16:08:17.000000004Z", running) == "\n"
    assert chub.ok("logs", "--details", "-n", "1", running) == " \n"


def test_following_the_log_of_a_pod(chub: Command, services: Services, running: str, tmp_path: Path) -> None:
    """Through kubelet's rotation to the container's end, and what is written after that."""
    log = tmp_path / "0.log"
    log.write_text(cri("stdout F one"))
    as_kubelets(services, running, log)

    with chub.start("logs", "-f", running, stdout=subprocess.PIPE) as following:
        assert following.stdout is not None
        assert following.stdout.readline() == b"one\n"
        with log.open("a") as file:
            file.write(cri("stdout F two"))
        log.rename(log.with_name("0.log.20261124-160000"))
        log.write_text(cri("stdout F three"))
        assert following.stdout.readline() + following.stdout.readline() == b"two\nthree\n"
        services.tasks.kill(running, 9)
        services.tasks.wait(running, timeout=PATIENCE)
        with log.open("a") as file:
            file.write(cri("stdout P bye"))
        assert following.stdout.read() == b"bye"
        assert following.wait(timeout=PATIENCE) == 0


def test_the_sandbox_of_a_pod_has_no_log(chub: Command, services: Services, running: str) -> None:
    """It is said whose it is."""
    labels = {**POD, "io.cri-containerd.kind": "sandbox"}
    services.containers.update(replace(services.containers.get(running), labels=labels), "labels")

    ended = chub("logs", running)
    assert ended.exit_status == 1
    assert "its output was not kept" in ended.stderr
    assert "kubelet" in ended.stderr


def test_the_log_of_nerdctl(chub: Command, services: Services, running: str, tmp_path: Path) -> None:
    """By name; of rotated files nerdctl's older ones have the lower numbers."""
    log = as_nerdctls(services, running, tmp_path)
    log.with_name(f"{log.name}.1").write_text(nerdctl("one"))
    log.with_name(f"{log.name}.2").write_text(nerdctl("one", "two").split("\n", 1)[1])
    log.write_text(nerdctl("one", "two", "three", "four").split("\n", 2)[2])

    assert chub.ok("logs", "web") == "one\ntwo\nthree\nfour\n"
    assert chub.ok("logs", "-t", "-n", "1", "web") == "2026-11-24T16:08:03.500000000Z four\n"
    with chub.start("logs", "-f", "-n", "1", "web", stdout=subprocess.PIPE) as following:
        assert following.stdout is not None
        assert following.stdout.readline() == b"four\n"
        with log.open("a") as file:
            file.write(nerdctl("five"))
        assert following.stdout.readline() == b"five\n"
        chub.ok("kill", "web")
        assert following.wait(timeout=PATIENCE) == 0


def test_the_path_that_nerdctl_was_given(chub: Command, services: Services, running: str, tmp_path: Path) -> None:
    """``--log-opt log-path``; another driver than json-file cannot be read."""
    own = tmp_path / "own.log"
    own.write_text(nerdctl("here"))
    log = as_nerdctls(services, running, tmp_path, opts={"log-path": str(own)})
    assert chub.ok("logs", "web") == "here\n"

    log.with_name("log-config.json").write_text(json.dumps({"driver": "journald"}))
    assert "configured logging driver does not support reading" in chub("logs", "web").stderr


def test_a_fifo_is_never_opened(client: Client, services: Services, running: str, tmp_path: Path) -> None:
    """Whoever reads from one takes it from another; that a writer finds no reader tells that it was not opened."""
    path = tmp_path / "0.log"
    os.mkfifo(path)
    as_kubelets(services, running, path)

    with pytest.raises(NotFound, match="not a regular file"):
        list(client.containers.get(running).logs())
    with pytest.raises(OSError, match="No such device"):
        os.open(path, os.O_WRONLY | os.O_NONBLOCK)


def test_what_ctr_made_has_no_log(chub: Command, running: str) -> None:
    """The hint says why."""
    ended = chub("logs", running)

    assert ended.exit_status == 1
    assert f"container {running[:12]}: its output was not kept" in ended.stderr
    assert "ctr or another client made it" in ended.stderr


def test_details_of_chubs_own(chub: Command, image: str) -> None:
    """No attributes are kept: a space, as docker without --log-opt."""
    chub.ok("run", "-d", "--name", "web", image, "sh", "-c", "echo out; printf end")
    chub.ok("wait", "web")
    wait_until(lambda: chub.ok("logs", "web") == "out\nend", PATIENCE, "its output")
    assert chub.ok("logs", "--details", "web") == " out\n end"
    chub.ok("rm", "web")


def test_a_pods_container_is_changed_only_by_who_insists(
    chub: Command, services: Services, running: str, tmp_path: Path
) -> None:
    """Not by --force alone, nor by --namespace alone, nor where the environment names the namespace."""
    as_kubelets(services, running, tmp_path / "0.log")
    here = ("--namespace", services.namespace)

    for words in (["pause", running], ["unpause", running], ["stop", running], ["kill", running], ["rm", running]):
        for refused in (chub(*words), chub(*here, *words), chub(words[0], "--force", running)):
            assert refused.exit_status == 1, words
            assert "is Kubernetes's: that takes --namespace and --force" in refused.stderr
            assert f"chub --namespace {services.namespace} {words[0]} --force {running}" in refused.stderr
    assert f"rename --force {running} shop" in chub("rename", running, "shop").stderr
    assert services.tasks.get(running).status == "running"

    restarted = chub(*here, "restart", running)
    assert "only containers that chub made can be started" in restarted.stderr
    assert services.tasks.get(running).status == "running"

    chub.ok(*here, "pause", "--force", running)
    chub.ok(*here, "unpause", "--force", running)
    chub.ok(*here, "rename", "--force", running, "shop")
    chub.ok(*here, "stop", "--force", "-t", "1", "shop")
    assert chub.ok("wait", running) == "3\n"
    assert chub.ok("container", "prune", "-f").startswith("Total reclaimed space")
    chub.ok(*here, "rm", "--force", running)
    assert services.containers.list() == ()


def test_a_program_insists_too(settings: Settings, services: Services, running: str, tmp_path: Path) -> None:
    """``force=True``, by a client that was given the namespace."""
    as_kubelets(services, running, tmp_path / "0.log")
    by_variable = replace_source(settings, "CONTAINERD_NAMESPACE")

    with Client(settings=by_variable) as client, pytest.raises(PermissionDenied):
        client.containers.get(running).pause(force=True)
    with Client(settings=settings) as client:
        with pytest.raises(PermissionDenied) as caught:
            client.containers.get(running).kill()
        client.containers.get(running).kill(force=True)
        assert f"kill --force {running}" in caught.value.hint


def replace_source(settings: Settings, source: str) -> Settings:
    """The same settings, of which the namespace came from elsewhere."""
    return replace(settings, sources={**settings.sources, "namespace": source})


def test_what_ctr_and_nerdctl_made_is_changed_freely(
    chub: Command, services: Services, running: str, tmp_path: Path
) -> None:
    """In the namespace in use, however that was chosen."""
    as_nerdctls(services, running, tmp_path)

    chub.ok("pause", "web")
    chub.ok("unpause", "web")
    chub.ok("stop", "-t", "1", "web")
    assert chub.ok("wait", "web") == "3\n"
