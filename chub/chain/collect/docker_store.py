"""The layers of a container whose files docker keeps itself (overlay2), without containerd's snapshotters."""

from __future__ import annotations

from posixpath import join
from typing import TYPE_CHECKING

from chub.chain import layerdb
from chub.chain.collect.snapshot import by_mounts, mounted
from chub.chain.host import Host, why
from chub.chain.links import Evidence, Fact, Layer, Link, fact
from chub.oci.layers import chain_ids

if TYPE_CHECKING:
    from chub.chain.collect.docker import Said


def collect(said: Said, host: Host, pid: int) -> Link:
    """The directories, topmost first: the writable one, docker's ``-init``, then the image's.

    Three witnesses: docker's API, its layer database, and the kernel's list of mounts. ``pid``: 0 for none.
    """
    if said.container is None or not said.container.graph.upper:
        return by_mounts(host, pid)
    container = said.container
    source = f"docker inspect {container.id}"
    seen = _seen(said, host, pid)
    chain = tuple(reversed(chain_ids(said.image.diff_ids))) if said.image else ()
    facts = [
        fact("snapshotter", f"docker's own {container.driver}", source),
        fact("active", container.id, source),
        _directory(container.id, Evidence(source, container.graph.upper), seen, 0),
    ]
    lower = container.graph.lower
    init = len(lower) - len(chain)  # docker puts one directory of its own between: what it writes at the start
    for place, path in enumerate(lower):
        if not chain or place < init:
            facts.append(_directory("init", Evidence(source, path), seen, place + 1))
            continue
        chain_id = chain[place - init]
        facts.append(fact("committed", chain_id, f"docker image inspect {container.image_id}"))
        kept = [layerdb.directory(host, said.info, chain_id)] if said.info else []
        facts.append(_directory(chain_id, Evidence(source, path), seen, place + 1, *kept))
    return Link(layer=Layer.SNAPSHOT, facts=tuple(facts))


def _directory(of: str, told: Evidence, seen: tuple[Evidence, ...], place: int, *more: Evidence) -> Fact:
    mounted_there = seen[place : place + 1]
    return Fact(label="directory", of=of, evidence=(told, *more, *mounted_there))


def _seen(said: Said, host: Host, pid: int) -> tuple[Evidence, ...]:
    """The directories of the container's root, links followed: overlay2 mounts short links to them.

    Of many layers the links are relative to the driver's own directory.
    """
    source = f"/proc/{pid}/mountinfo"
    if not pid or not said.info:
        return ()
    home = f"{said.info.root}/{said.info.driver}"
    try:
        return tuple(Evidence(source, host.resolved(join(home, path))) for path in mounted(host, pid))
    except OSError as failure:
        return (Evidence(source, "", failed=why(failure)),)
