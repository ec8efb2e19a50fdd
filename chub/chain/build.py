"""Put a chain together: find the container, then ask each layer for what it can say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chub.chain import find
from chub.chain.collect import bundle, containerd, docker_store, image, kernel, runc, shim, snapshot
from chub.chain.collect import docker as docker_layer
from chub.chain.host import Host
from chub.chain.links import Chain, Evidence, Layer, Link
from chub.core import listing, names
from chub.core.workspace import Workspace
from chub.docker.client import Docker
from chub.errors import DataLoss

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chub.api.containers import Container
    from chub.api.services import Services
    from chub.api.tasks import Task


def chain(
    workspace: Workspace,
    word: str,
    *,
    everywhere: bool = False,
    docker: Docker | None = None,
    host: Host | None = None,
) -> Chain:
    """The chain of the container of this id, name or beginning of an id.

    It is looked for in the workspace's namespace, or everywhere. ``docker``: the daemon to ask; without it, the
    one that DOCKER_HOST or docker's default names. Raises NotFound when there is no such container, Conflict
    when there are several; what a layer cannot say is said in its link.
    """
    docker = docker or Docker()
    place = find.by_name(workspace.services, word, everywhere=everywhere, docker=docker)
    return _at(workspace, place, docker, host or Host())


def chain_of_process(
    workspace: Workspace, pid: int, *, docker: Docker | None = None, host: Host | None = None
) -> Chain:
    """The chain of the container that a process is in, whichever namespace or containerd it is of."""
    host = host or Host()
    return _at(workspace, find.by_process(workspace.services, pid, host=host), docker or Docker(), host)


def _at(workspace: Workspace, place: find.Place, docker: Docker, host: Host) -> Chain:
    with find.engine(workspace.services, place) as engine:
        record, missing = containerd.record(engine, place.id)
        said = docker_layer.collect(docker, place.id, place.namespace, record, host)
        task, task_link = containerd.task(engine, place.id)
        links = (
            said.link,
            containerd.collect(engine, record, missing, host),
            *_files(engine, place, record, said, _running(task), host),
            task_link,
            *_below(place, record, said, task, Workspace(engine, workspace.settings), host),
        )
    name = (names.name_of(record) if record else "") or (said.container.name if said.container else "")
    return Chain(
        id=place.id,
        name=name,
        namespace=place.namespace,
        address=place.address,
        found=place.found,
        links=links,
    )


def _running(task: Task | None) -> int:
    """The pid of init while it can be looked at; 0 for none: after its end the number may be a stranger's."""
    return task.pid if task and task.status != "stopped" else 0


def _files(
    services: Services,
    place: find.Place,
    record: Container | None,
    said: docker_layer.Said,
    pid: int,
    host: Host,
) -> tuple[Link, Link]:
    """The image and the snapshot, from whoever keeps them: containerd, or docker."""
    snapshotter, key = (record.snapshotter, record.snapshot_key) if record else ("", "")
    source = "Containers.Get"
    if said.container and not key and not said.container.graph.upper:
        # docker's containerd store: the key is the id
        snapshotter, key, source = said.container.driver, place.id, f"docker inspect {place.id}"
    if key:
        stack = snapshot.collect(services, Evidence(source, snapshotter), key, host, pid)
    else:
        stack = docker_store.collect(said, host, pid)
    if record and record.image:
        return image.collect(services, record, stack), stack
    return image.of_docker(said, stack), stack


def _below(
    place: find.Place,
    record: Container | None,
    said: docker_layer.Said,
    task: Task | None,
    workspace: Workspace,
    host: Host,
) -> tuple[Link, ...]:
    """Shim, bundle, runc, and what the kernel says of the process."""
    init = _running(task)
    found, no_shim = shim.find(host, place, init)
    directory = found.bundle if found else ""
    state = runc.state(host, place.namespace, place.id, record, directory)
    directories = tuple(
        Evidence(source, path)
        for source, path in (
            (found.bundle_source if found else "", directory),
            (state.path, state.bundle),
        )
        if path
    )
    links = (
        shim.collect(host, found, no_shim),
        bundle.collect(host, directories, record),
        runc.collect(host, state, place.id, record, found),
    )
    if not init:
        reason = f"none: the task's status is {task.status}" if task else "none: no task, so no process"
        gone = (Link(layer=layer, missing=reason) for layer in (Layer.NAMESPACES, Layer.CGROUPS))
        return (*links, kernel.ended(workspace.data / place.id, reason), *gone)
    told = (
        Evidence("Tasks.Get", str(init)),
        *_init_pid(host, directories),
        *state.witness(state.pid),
        *docker_layer.pid_witness(said.container),
    )
    return (
        *links,
        kernel.process(host, init, told, state.witness(state.content.get("init_process_start"))),
        kernel.namespaces(host, init, found.pid if found else 1, _spec(record)),
        kernel.cgroups(host, init, state.cgroups, state.path),
    )


def _init_pid(host: Host, bundles: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
    """What runc wrote into the bundle."""
    if not bundles:
        return ()
    path = f"{bundles[0].said}/init.pid"
    try:
        return (Evidence(path, host.read(path).strip()),)
    except OSError:
        return ()


def _spec(record: Container | None) -> Mapping[str, Any]:
    """The OCI spec of the record."""
    try:
        return listing.spec_of(record) if record else {}
    except DataLoss:
        return {}  # the bundle's layer shows both digests; here it only tells which namespaces were joined
