"""What runs: tasks, their events, sandboxes, transfers, on a real containerd."""

from __future__ import annotations

import io
import json
import signal
import tarfile
import threading
from typing import TYPE_CHECKING

import pytest

from chub.api.containers import Container, Runtime
from chub.api.events import Event
from chub.api.images import Image
from chub.api.payloads import decoded
from chub.api.runc import RuncOptions
from chub.api.sandboxes import Sandbox
from chub.api.tasks import Stdio, TaskStatus
from chub.api.transfer import (
    ExportStream,
    ImageReference,
    ImageStore,
    ImportStream,
    Progress,
    Unpack,
)
from chub.api.types import Descriptor, Mount, Platform
from chub.api.wire import TypedValue
from chub.errors import ChubError, EngineFault, NotFound, TimedOut, Unsupported
from tests.integration.test_api import MANIFEST, SPEC, digest_of, tar_of
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chub.api.services import Services
    from tests.support.engines import Engine

PROCESS = "types.containerd.io/opencontainers/runtime-spec/1/Process"
RESOURCES = "types.containerd.io/opencontainers/runtime-spec/1/LinuxResources"
PATIENCE = 20.0  # seconds


def process(*words: str) -> dict[str, object]:
    """The `process` of a spec."""
    return {"user": {"uid": 0, "gid": 0}, "args": words, "env": ["PATH=/bin"], "cwd": "/"}


@pytest.fixture
def container(services: Services, engine: Engine) -> Iterator[str]:
    """A container that sleeps once its task is started; the id. Whatever runs of it at the end is killed."""
    spec = {
        "ociVersion": "1.0.2",
        "process": process("sleep", "1000"),
        "root": {"path": "rootfs", "readonly": True},
        "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs"},
        ],
        "linux": {
            "cgroupsPath": f"/{services.namespace}/c",
            "namespaces": [{"type": kind} for kind in ("pid", "ipc", "uts", "mount", "network")],
        },
    }
    options = RuncOptions(root=str(engine.directory / "runc")).packed()
    services.containers.create(
        Container(
            id="c",
            runtime=Runtime(name="io.containerd.runc.v2", options=options),
            spec=TypedValue.of_json(SPEC, spec),
        )
    )
    yield "c"
    try:
        services.tasks.kill("c", signal.SIGKILL, all=True)
        services.tasks.wait("c", timeout=PATIENCE)
        services.tasks.delete("c")
    except NotFound:
        pass
    services.containers.delete("c")


def start(services: Services, busybox: Path) -> int:
    """Create and start the task of container c; its pid."""
    root = Mount(type="bind", source=str(busybox), options=("rbind", "ro"))
    pid = services.tasks.create("c", [root], Stdio())
    assert services.tasks.get("c").status is TaskStatus.CREATED
    assert services.tasks.start("c") == pid
    return pid


def test_a_task_lives_and_ends(services: Services, container: str, busybox: Path) -> None:
    """A task is created, started, seen, paused, resumed, killed, waited for and deleted."""
    tasks = services.tasks
    pid = start(services, busybox)
    waiting = tasks.wait_later("c")
    task = tasks.get("c")

    assert (task.id, task.container_id, task.pid, task.status) == ("c", "c", pid, TaskStatus.RUNNING)
    assert tasks.list() == (task,)
    tasks.pause("c")
    assert tasks.get("c").status is TaskStatus.PAUSED
    tasks.resume("c")
    assert tasks.get("c").status is TaskStatus.RUNNING
    with pytest.raises(EngineFault):
        tasks.delete("c")
    with pytest.raises(TimedOut):
        tasks.wait("c", timeout=0.2)
    with pytest.raises(TimedOut):
        waiting.result(0.01)

    tasks.kill("c", signal.SIGKILL)
    ended = waiting.result(PATIENCE)
    stopped = tasks.get("c")

    assert ended.exit_status == 128 + signal.SIGKILL
    assert ended.exited_at is not None
    assert (stopped.status, stopped.exit_status) == (TaskStatus.STOPPED, 137)
    assert tasks.wait("c", timeout=PATIENCE) == ended
    with pytest.raises(NotFound, match="process already finished"):
        tasks.kill("c", signal.SIGKILL)
    deleted = tasks.delete("c")
    assert (deleted.exit_status, deleted.pid) == (137, pid)
    with pytest.raises(NotFound):
        tasks.get("c")
    assert tasks.list() == ()


def test_an_exec_lives_and_ends(services: Services, container: str, busybox: Path) -> None:
    """Another process in the container has an id, a status and an end of its own."""
    tasks = services.tasks
    pid = start(services, busybox)
    tasks.exec("c", "e1", TypedValue.of_json(PROCESS, process("sh", "-c", "exit 3")), Stdio())
    created = tasks.get("c", "e1")
    waiting = tasks.wait_later("c", "e1")
    other = tasks.start("c", "e1")

    assert (created.id, created.container_id, created.status) == ("e1", "c", TaskStatus.CREATED)
    assert waiting.result(PATIENCE).exit_status == 3
    assert tasks.delete_process("c", "e1").pid == other

    tasks.exec("c", "e2", TypedValue.of_json(PROCESS, process("sleep", "1000")), Stdio())
    other = tasks.start("c", "e2")
    found = {each.pid: decoded(each.info) if each.info else {} for each in tasks.pids("c")}
    assert found == {pid: {}, other: {"exec_id": "e2"}}
    tasks.kill("c", signal.SIGTERM, exec_id="e2")
    assert tasks.wait("c", "e2", timeout=PATIENCE).exit_status == 143
    assert tasks.delete_process("c", "e2").exit_status == 143
    with pytest.raises(NotFound):
        tasks.get("c", "e2")


def test_limits_and_metrics(services: Services, container: str, busybox: Path) -> None:
    """A limit that is changed is found in the metrics, which any filter on the id finds."""
    start(services, busybox)
    limits = TypedValue.of_json(RESOURCES, {"pids": {"limit": 77}})
    services.tasks.update("c", limits)
    (metric,) = services.tasks.metrics("id==c")

    assert metric.id == "c"
    assert metric.taken is not None
    assert metric.data is not None
    pids = decoded(metric.data)["pids"]
    assert isinstance(pids, dict)
    assert pids["limit"] == 77
    assert pids["current"] >= 1
    assert services.tasks.metrics("id==other") == ()
    assert len(services.tasks.metrics()) == 1


def test_streams_of_a_task(services: Services, container: str, busybox: Path) -> None:
    """Terminal size and the end of stdin are accepted for a running task; a checkpoint says what it lacks."""
    start(services, busybox)

    services.tasks.resize("c", 80, 24)
    services.tasks.close_stdin("c")
    with pytest.raises(ChubError, match=r"^checkpoint task 'c': "):
        services.tasks.checkpoint("c", timeout=PATIENCE)


def test_tasks_that_are_not(services: Services, container: str) -> None:
    """What does not exist is NotFound, by name, and a runtime that does not is said so."""
    with pytest.raises(NotFound, match=r"^task c not found"):
        services.tasks.get("c")
    with pytest.raises(NotFound, match="create task 'nothing'"):
        services.tasks.create("nothing", [], Stdio())
    services.containers.create(
        Container(
            id="odd",
            runtime=Runtime(name="io.containerd.nonsense.v2"),
            spec=TypedValue.of_json(SPEC, {"ociVersion": "1.0.2"}),
        )
    )
    with pytest.raises(ChubError, match="containerd-shim-nonsense-v2"):
        services.tasks.create("odd", [], Stdio())
    services.containers.delete("odd")


def test_a_task_is_heard_of(services: Services, container: str, busybox: Path) -> None:
    """A subscription tells of a task's life in order, each payload decoded; leaving the loop ends it.

    containerd 2.1 does not always tell of the end of a task's deletion, so nothing waits for that.
    """
    topics: list[str] = []
    with services.events.subscribe(f'namespace=={services.namespace},topic~="^/tasks/"') as events:
        pid = start(services, busybox)
        services.tasks.kill("c", signal.SIGKILL)
        services.tasks.wait("c", timeout=PATIENCE)
        services.tasks.delete("c")
        for event in events:
            topics.append(event.topic)
            assert event.namespace == services.namespace
            assert event.payload["container_id"] == "c"
            if event.topic == "/tasks/exit":
                assert event.payload["exit_status"] == 137
                assert event.payload["pid"] == pid
                break

    assert topics == ["/tasks/create", "/tasks/start", "/tasks/exit"]


def test_events_are_published_and_forwarded(services: Services) -> None:
    """What is published comes back in this namespace's name, what is forwarded in its own."""
    value = TypedValue(type_url="containerd.events.ContainerDelete", value=b"\n\x03web")
    with services.events.subscribe('topic=="/chub/test"') as events:
        services.events.publish("/chub/test", value)
        reader = iter(events)
        published = next(reader)
        services.events.forward(
            Event(
                time=published.time,
                namespace="elsewhere",
                topic="/chub/test",
                type_url=value.type_url,
                value=value.value,
            )
        )
        forwarded = next(reader)

    assert (published.namespace, published.payload) == (services.namespace, {"id": "web"})
    assert (forwarded.namespace, forwarded.payload) == ("elsewhere", {"id": "web"})
    assert forwarded.time == published.time


def test_what_happens_to_records_is_heard_of(services: Services, engine: Engine) -> None:
    """Events of images, content and snapshots are decoded, each by its own type."""
    lease = services.leases.create()
    under = services.under(lease.id)
    with services.events.subscribe(f"namespace=={services.namespace}") as events:
        digest = under.content.write("r", [b"x"])
        target = Descriptor(media_type=MANIFEST, digest=digest, size=1)
        services.images.create(Image(name="x", target=target, labels={"a": "b"}))
        services.images.delete("x")
        under.snapshots().prepare("key")
        under.snapshots().remove("key")
        services.content.delete(digest)
        services.leases.delete(lease.id, sync=True)
        heard: dict[str, Event] = {}
        for event in events:
            heard[event.topic] = event
            if event.topic == "/content/delete":
                break

    assert heard["/images/create"].payload == {"name": "x", "labels": {"a": "b"}}
    assert heard["/images/delete"].payload == {"name": "x"}
    assert heard["/snapshot/prepare"].payload["key"] == "key"
    assert heard["/content/delete"].payload == {"digest": digest}
    if engine.version == "2.1":
        assert heard["/content/create"].payload == {"digest": digest, "size": 1}
    assert all(event.time is not None and event.payload for event in heard.values())


def test_sandbox_records(services: Services) -> None:
    """Sandboxes are kept by containerd 1.7 and newer; 1.6 is Unsupported by name."""
    store = services.sandbox_store
    sandbox = Sandbox(
        id="s",
        runtime=Runtime(name="io.containerd.runc.v2"),
        spec=TypedValue.of_json(SPEC, {"ociVersion": "1.0.2"}),
        labels={"a": "1"},
        extensions={"e": TypedValue.of_json("e", 1)},
    )
    if services.version.get().older_than("1.7"):
        with pytest.raises(Unsupported, match=r"^create sandbox 's': needs containerd 1\.7 or newer, this is 1\.6"):
            store.create(sandbox)
        with pytest.raises(Unsupported, match=r"needs containerd 1\.7"):
            services.sandbox_controller.status("s")
        return
    made = store.create(sandbox)
    changed = store.update(Sandbox(id="s", labels={"b": "2"}), "labels")

    assert (made.runtime, made.spec, made.labels) == (sandbox.runtime, sandbox.spec, {"a": "1"})
    assert made.extensions == sandbox.extensions
    assert made.created is not None
    assert changed.labels == {"b": "2"}
    assert store.get("s").labels == {"b": "2"}
    assert [each.id for each in store.list()] == ["s"]
    store.delete("s")
    with pytest.raises(NotFound):
        store.get("s")


def test_sandbox_fields_of_newer_engines(services: Services) -> None:
    """What only containerd 2.1 has is Unsupported before, not dropped."""
    if not services.version.get().older_than("2.1"):
        with pytest.raises(NotFound):
            services.sandbox_controller.metrics("s", sandboxer="shim")
        return
    for call in (
        lambda: services.sandbox_controller.create("s", annotations={"a": "b"}),
        lambda: services.sandbox_controller.metrics("s"),
        lambda: services.sandbox_controller.update(Sandbox(id="s")),
    ):
        with pytest.raises(Unsupported, match=r"needs containerd 2\.1"):
            call()


def _archive() -> bytes:
    """An OCI archive of one image with one layer."""
    layer = tar_of(hello=b"hello", big=bytes(300_000))
    config = json.dumps(
        {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [digest_of(layer)]}}
    ).encode()

    def descriptor(media_type: str, data: bytes) -> dict[str, object]:
        return {"mediaType": media_type, "digest": digest_of(data), "size": len(data)}

    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": descriptor("application/vnd.oci.image.config.v1+json", config),
            "layers": [descriptor("application/vnd.oci.image.layer.v1.tar", layer)],
        }
    ).encode()
    name = {"annotations": {"io.containerd.image.name": "docker.io/library/x:1"}}
    index = {"schemaVersion": 2, "manifests": [descriptor(MANIFEST, manifest) | name]}
    blobs = {f"blobs/sha256/{digest_of(blob)[7:]}": blob for blob in (layer, config, manifest)}
    return tar_of(
        **{"oci-layout": b'{"imageLayoutVersion":"1.0.0"}', "index.json": json.dumps(index).encode()}, **blobs
    )


class Reader:
    """Pieces of bytes as a file, read no further than asked."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""

    def read(self, size: int) -> bytes:
        """Exactly so many bytes."""
        while len(self._rest) < size:
            self._rest += next(self._pieces)
        data, self._rest = self._rest[:size], self._rest[size:]
        return data


def test_transfers(services: Services) -> None:
    """An archive is imported through a stream, with progress, tagged and exported again (1.7 and newer)."""
    if services.version.get().older_than("1.7"):
        with pytest.raises(Unsupported, match=r"needs containerd 1\.7"):
            services.streaming.open()
        with pytest.raises(Unsupported, match=r"^transfer: needs containerd 1\.7"):
            services.transfer.transfer(ImageStore(name="a"), ImageStore(name="b"))
        return
    archive = _archive()
    store = ImageStore(
        name="",
        extra_references=(ImageReference(name="docker.io/library/x:1", allow_overwrite=True),),
        unpacks=(Unpack(platform=Platform(os="linux", architecture="amd64"), snapshotter="overlayfs"),),
    )
    events: list[str] = []
    with services.streaming.open() as source, services.streaming.open() as told:
        listener = threading.Thread(target=lambda: events.extend(Progress.unpacked(value).event for value in told))
        listener.start()
        pending = services.transfer.transfer_later(ImportStream(stream=source.id), store, progress_stream=told.id)
        source.send_bytes(archive[start : start + 50_000] for start in range(0, len(archive), 50_000))
        pending.result(PATIENCE)
        listener.join(PATIENCE)
    assert events[0] == "Importing"
    assert [image.name for image in services.images.list()] == ["docker.io/library/x:1"]

    tagged = ImageStore(name="docker.io/library/x:2")
    services.transfer.transfer(ImageStore(name="docker.io/library/x:1"), tagged)
    with services.streaming.open() as sink:
        pending = services.transfer.transfer_later(tagged, ExportStream(stream=sink.id, all_platforms=True))
        with tarfile.open(fileobj=Reader(sink.receive_bytes()), mode="r|", bufsize=512) as tar:  # type: ignore[call-overload]
            exported = {entry.name: entry.size for entry in tar}
        pending.result(PATIENCE)
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        blobs = {entry.name: entry.size for entry in tar if entry.name.startswith("blobs/")}
    assert blobs.items() <= exported.items()

    with pytest.raises(NotFound, match=r"docker\.io/library/nothing:1"):
        services.transfer.transfer(ImageStore(name="docker.io/library/nothing:1"), tagged)
    for image in services.images.list():
        services.images.delete(image.name, sync=True)
    wait_until(lambda: not services.content.list(), PATIENCE, "the collection of the image's content")
