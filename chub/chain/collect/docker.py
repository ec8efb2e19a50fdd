"""What docker says of a container, if it made it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chub.chain.find import DOCKER_NAMESPACE
from chub.chain.host import Host, moment, why
from chub.chain.links import Evidence, Fact, Layer, Link, fact, unread
from chub.errors import ChubError, NotFound
from chub.records import record

if TYPE_CHECKING:
    from chub.api.containers import Container as Record
    from chub.docker.client import Docker
    from chub.docker.records import Container, Image, Info

BUNDLE_LABEL = "com.docker/engine.bundle.path"  # docker's mark on every containerd record it makes


@record
class Said:
    """What docker knows, for the layers below that it has a hand in."""

    link: Link
    container: Container | None = None
    image: Image | None = None  # None: removed, or docker does not keep this container
    info: Info | None = None


def collect(docker: Docker, id: str, namespace: str, record: Record | None, host: Host) -> Said:
    """Ask docker. It takes no part only where the record is not its own and its API does not know the id."""
    source = f"docker inspect {id}"
    own = namespace == DOCKER_NAMESPACE or (record is not None and BUNDLE_LABEL in record.labels)
    try:
        container, info = docker.container(id), docker.info()
    except NotFound as failure:
        told = str(failure).removeprefix("docker: ")
        reason = "the namespace is docker's, but" if own else "takes no part:"
        return Said(link=_missing(unread("container", source, told), f"{reason} docker at {docker.path} says: {told}"))
    except ChubError as failure:
        reason = "cannot be asked:" if own else f"takes no part: namespace {namespace} is not docker's, and"
        return Said(link=_missing(unread("container", source, str(failure)), f"{reason} {failure}"))
    facts = [
        fact("name", container.name, source),
        fact("id", container.id, source),
        fact("status", container.status, source),
        fact("image", container.image, source),
        fact("image id", container.image_id, source),
        fact("store", container.driver, source),
        fact("runtime", container.runtime, source),
        *([fact("created", moment(container.created), source)] if container.created else []),
        *([fact("exit status", str(container.exit_code), source)] if container.status == "exited" else []),
        *([fact("finished", moment(container.finished), source)] if container.finished else []),
        fact("version", info.version, "docker info"),
        _daemon(docker, host),
        fact("socket", docker.path, "this connection"),
    ]
    if info.containerd:
        facts.append(fact("containerd", info.containerd, "docker info"))
    return Said(
        link=Link(layer=Layer.DOCKER, facts=tuple(facts)),
        container=container,
        image=_image(docker, container),
        info=info,
    )


def _missing(evidence: Fact, reason: str) -> Link:
    return Link(layer=Layer.DOCKER, facts=(evidence,), missing=reason)


def _daemon(docker: Docker, host: Host) -> Fact:
    source = f"SO_PEERCRED of {docker.path}"
    try:
        return fact("daemon pid", str(host.listener(docker.path)), source)
    except OSError as failure:
        return unread("daemon pid", source, why(failure))


def _image(docker: Docker, container: Container) -> Image | None:
    try:
        return docker.image(container.image_id)
    except ChubError:
        return None


def pid_witness(container: Container | None) -> tuple[Evidence, ...]:
    """What docker says is the pid of init, if it has one."""
    if container is None or not container.pid:
        return ()
    return (Evidence(f"docker inspect {container.id}", str(container.pid)),)


def status_witness(container: Container | None) -> tuple[Evidence, ...]:
    """What docker says of the status, where it has the same words as containerd and runc."""
    if container is None or container.status not in ("created", "running", "paused"):
        return ()
    return (Evidence(f"docker inspect {container.id}", container.status),)
