"""The programs that an engine makes containers with, and what they say of themselves."""

from __future__ import annotations

from contextlib import suppress

from chub.chain import programs
from chub.chain.host import Host
from chub.core.host import init_program
from chub.errors import NotFound
from chub.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.api.services import Services


@record
class Component:
    """A program's version; "" for what it does not tell."""

    name: str
    path: str
    version: str
    commit: str


def runc(services: Services) -> Component | None:
    """The runc that containerd finds on its own PATH; None where that cannot be seen, or runc does not answer."""
    host = Host()
    with suppress(OSError):
        path = host.environment(host.listener(services.address)).get("PATH", "")
        if found := programs.on_path("runc", path):
            return _asked(host, "runc", found)
    return None


def init() -> Component | None:
    """What ``--init`` puts into containers; None where the host has none."""
    try:
        return _asked(Host(), "docker-init", init_program())
    except NotFound:
        return None


def _asked(host: Host, name: str, path: str) -> Component | None:
    said = programs.ask(host, path, "--version", read=str)
    return None if said.failed else parse(name, path, said.said)


def parse(name: str, path: str, said: str) -> Component:
    """What runc and crun (``runc version 1.1.5``, a line ``commit: …``) and tini (``… - git.COMMIT``) print."""
    first, *rest = said.splitlines() or [""]
    version, _, commit = first.partition(" version ")[2].partition(" - git.")
    commit = next((line.partition(":")[2] for line in rest if line.startswith("commit:")), commit)
    return Component(name=name, path=path, version=version.strip(), commit=commit.strip())
