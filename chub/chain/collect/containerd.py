"""What containerd says: its own process, the container's record, the task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chub.chain.host import Host, moment, why
from chub.chain.links import Evidence, Fact, Layer, Link, fact, unread
from chub.errors import ChubError, NotFound

if TYPE_CHECKING:
    from chub.api.containers import Container
    from chub.api.services import Services
    from chub.api.tasks import Task

GET = "Containers.Get"


def record(services: Services, id: str) -> tuple[Container | None, str]:
    """The container's record; None and why there is none."""
    try:
        return services.containers.get(id), ""
    except NotFound:
        return None, f"{GET} in namespace {services.namespace}: no container {id}"


def collect(services: Services, container: Container | None, missing: str, host: Host) -> Link:
    """The record, and the daemon that keeps it."""
    facts: list[Fact] = []
    if container:
        facts += [
            fact("id", container.id, GET),
            fact("namespace", services.namespace, GET),
            fact("runtime", container.runtime.name, GET),
            *([fact("created", moment(container.created), GET)] if container.created else []),
            *([fact("sandbox", container.sandbox, GET)] if container.sandbox else []),
            *(fact("label", value, GET, of=key) for key, value in sorted(container.labels.items())),
        ]
    return Link(layer=Layer.CONTAINERD, facts=(*facts, *_daemon(services, host)), missing=missing)


def _daemon(services: Services, host: Host) -> list[Fact]:
    """The process that serves the socket."""
    version = services.version.get()
    pid = services.introspection.server().pid
    told = [Evidence("Introspection.Server", str(pid))] if pid else []
    peer = f"SO_PEERCRED of {services.address}"
    try:
        pid = host.listener(services.address)
        told.append(Evidence(peer, str(pid)))
    except OSError as failure:
        told.append(Evidence(peer, "", failed=why(failure)))
    facts = [
        fact("version", version.version, "Version.Version"),
        Fact(label="daemon pid", evidence=tuple(told)),
        fact("socket", services.address, "this connection"),
    ]
    try:
        facts.append(fact("binary", host.link(f"/proc/{pid}/exe"), f"/proc/{pid}/exe"))
    except OSError as failure:
        facts.append(unread("binary", f"/proc/{pid}/exe", why(failure)))
    return facts


def task(services: Services, id: str) -> tuple[Task | None, Link]:
    """The task: what of the container runs, or ended and was not deleted yet."""
    source = "Tasks.Get"
    try:
        found = services.tasks.get(id)
    except NotFound:
        return None, Link(layer=Layer.TASK, missing=f"none: {source} knows no task {id}, so nothing of it runs")
    except ChubError as failure:
        return None, Link(layer=Layer.TASK, missing=f"cannot be read: {failure}")
    facts = [
        fact("status", str(found.status), source),
        fact("pid", str(found.pid), source),
        *(
            fact(name, path, source)
            for name, path in (("stdin", found.stdin), ("stdout", found.stdout), ("stderr", found.stderr))
            if path
        ),
        fact("terminal", "yes" if found.terminal else "no", source),
    ]
    if found.status == "stopped":
        facts.append(fact("exit status", str(found.exit_status), source))
        if found.exited_at:
            facts.append(fact("exited", moment(found.exited_at), source))
    return found, Link(layer=Layer.TASK, facts=tuple(facts))
