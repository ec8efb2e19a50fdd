"""Where a container is: by id, name or beginning of an id, in one namespace or all; or by a process of it."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING

from chub.api.channel import Channel
from chub.api.services import Services
from chub.chain.host import why
from chub.chain.links import Evidence
from chub.core import names
from chub.errors import ChubError, Conflict, NotFound, PermissionDenied
from chub.records import record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chub.chain.host import Host
    from chub.docker.client import Docker
    from chub.docker.records import Info

DOCKER_NAMESPACE = "moby"  # docker's, unless its daemon was told another; docker before 27 does not say


@record
class Place:
    """Where a container is."""

    address: str  # of the containerd
    namespace: str
    id: str
    found: tuple[Evidence, ...] = ()  # how, where it took more than looking it up by id

    def is_named_by(self, arguments: Mapping[str, str]) -> bool:
        """Whether a shim with these arguments was started for this container, by this containerd."""
        words = (arguments["-namespace"], arguments["-id"], os.path.realpath(arguments["-address"]))
        return words == (self.namespace, self.id, os.path.realpath(self.address))


@contextmanager
def engine(services: Services, place: Place) -> Iterator[Services]:
    """Services in the place's namespace, of its containerd: the one at hand, or another for this while."""
    if os.path.realpath(place.address) == os.path.realpath(services.address):
        yield services.within(place.namespace)
        return
    other = Services(Channel(place.address), namespace=place.namespace)
    try:
        yield other
    finally:
        other.close()


def by_name(services: Services, word: str, *, everywhere: bool, docker: Docker | None) -> Place:
    """The container of this id, name, or beginning of an id.

    docker's names count where its containers are looked for: ``everywhere``, or in docker's own namespace.
    Raises NotFound, with a hint where it could be found; Conflict if several match.
    """
    info = _info(docker)
    if everywhere:
        spaces = [namespace.name for namespace in services.namespaces.list()]
        found = [place for space in spaces if (place := _in_namespace(services.within(space), word))]
        found += [place for place in [_in_docker(services, word, docker, info)] if place and not _known(place, found)]
        if len(found) > 1:
            where = ", ".join(f"{place.namespace}/{place.id[:12]}" for place in found)
            raise Conflict(f"several containers match {word!r}: {where}", hint="name one with --namespace and its id")
        if not found:
            raise NotFound(f"No such container: {word}", hint="looked in all namespaces, and in docker where it runs")
        return found[0]
    theirs = _in_docker(services, word, docker, info)
    if theirs and theirs.namespace == services.namespace and os.path.exists(theirs.address):
        return theirs
    try:
        return _place(services, names.find(services, word).id, word)
    except NotFound as failure:
        if theirs is None:
            raise
        raise NotFound(str(failure), hint=f"docker has one of that name: chub chain -A {word}") from failure


def by_process(services: Services, pid: int, *, host: Host) -> Place:
    """The container that a process is in: its ancestor below a shim, the shim's arguments, its cgroup.

    The shim names its containerd, which need not be the one at hand. NotFound for a process of no container.
    """
    try:
        shim, arguments = shim_above(host, pid)
        candidates = [*ids_in_cgroups(host, pid), arguments["-id"]]
    except PermissionError as failure:
        hint = "become root"
        raise PermissionDenied(f"process {pid} and those above it: {why(failure)}", hint=hint) from failure
    except OSError as failure:
        raise NotFound(f"process {pid}: {why(failure)}") from failure
    place = Place(address=arguments["-address"], namespace=arguments["-namespace"], id=arguments["-id"])
    with engine(services, place) as theirs:
        for id in candidates:
            try:
                if any(found.pid == pid for found in theirs.tasks.pids(id)):
                    found = Evidence(f"/proc/{shim}/cmdline", f"namespace {place.namespace}, socket {place.address}")
                    members = Evidence("Tasks.ListPids", f"{id} has process {pid}")
                    return Place(address=place.address, namespace=place.namespace, id=id, found=(found, members))
            except NotFound:
                continue  # a part of a cgroup path that is no container's id
    raise NotFound(f"process {pid} is below the shim {shim}, and in no container that its containerd knows")


def shim_above(host: Host, pid: int) -> tuple[int, dict[str, str]]:
    """The nearest shim among a process's ancestors, and its arguments by name.

    Only a process in chub's own pid namespace counts: a program inside a container can call itself a shim.
    """
    at = pid
    while at > 1:
        at = host.parent(at)
        if at and (arguments := shim_arguments(host, at)):
            return at, arguments
    raise NotFound(
        f"process {pid} is in no container of containerd's: no ancestor of it is a shim",
        hint="processes of containers have a containerd-shim above them",
    )


def shim_arguments(host: Host, pid: int) -> dict[str, str] | None:
    """The arguments by name, if the process is a shim of this host, with namespace, id and containerd."""
    words = host.cmdline(pid)
    if not words or not os.path.basename(words[0]).startswith("containerd-shim"):
        return None
    if host.namespace(pid, "pid") != host.namespace("self", "pid"):
        return None
    arguments = dict(pairwise(words))
    return arguments if {"-namespace", "-id", "-address"} <= arguments.keys() else None


def ids_in_cgroups(host: Host, pid: int) -> list[str]:
    """What may be a container's id in the cgroup paths of a process, innermost first.

    cgroupfs: ``/NAMESPACE/ID``; systemd: ``/…/docker-ID.scope``, ``cri-containerd-ID.scope``.
    """
    found: dict[str, None] = {}
    for cgroup in host.cgroups(pid):
        for part in reversed(cgroup.path.split("/")):
            bare = part.removesuffix(".scope")
            for word in (bare, bare.rpartition("-")[2]):
                if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", word):
                    found[word] = None
    return list(found)


def _in_namespace(services: Services, word: str) -> Place | None:
    try:
        return _place(services, names.find(services, word).id, word)
    except NotFound:
        return None


def _place(services: Services, id: str, word: str) -> Place:
    found = () if id.startswith(word) else (Evidence("Containers.List", f"{word} is {id}"),)
    return Place(address=services.address, namespace=services.namespace, id=id, found=found)


def _info(docker: Docker | None) -> Info | None:
    """What docker says of itself; None where it cannot be asked: the chain's docker layer says why."""
    try:
        return docker.info() if docker and docker.present else None
    except ChubError:
        return None


def _in_docker(services: Services, word: str, docker: Docker | None, info: Info | None) -> Place | None:
    if docker is None or info is None:
        return None
    try:
        container = docker.container(word)
    except ChubError:
        return None
    return Place(
        address=info.containerd or services.address,
        namespace=info.namespace or DOCKER_NAMESPACE,
        id=container.id,
        found=(Evidence(f"docker inspect {word}", f"{container.name} is {container.id}"),),
    )


def _known(place: Place, others: list[Place]) -> bool:
    return any((place.namespace, place.id) == (other.namespace, other.id) for other in others)
