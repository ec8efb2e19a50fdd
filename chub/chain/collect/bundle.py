"""The bundle: the directory that containerd writes and the shim gives to runc."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from chub.chain.host import Host, why
from chub.chain.links import Evidence, Fact, Layer, Link, fact, unread

if TYPE_CHECKING:
    from chub.api.containers import Container


def collect(host: Host, directories: tuple[Evidence, ...], container: Container | None) -> Link:
    """What is in the bundle, and whether its spec is the record's. ``directories``: who says where it is."""
    if not directories:
        return Link(layer=Layer.BUNDLE, missing="none: there is no shim and no state of runc's to name it")
    where = Fact(label="directory", evidence=directories)
    try:
        names = host.names(where.value)
    except OSError as failure:
        reason = "none" if isinstance(failure, FileNotFoundError) else "cannot be read"
        return Link(layer=Layer.BUNDLE, missing=f"{reason}: {where.value}: {why(failure)}")
    return Link(
        layer=Layer.BUNDLE,
        facts=(where, _spec(host, where.value, container), fact("files", " ".join(names), where.value)),
    )


def _spec(host: Host, directory: str, container: Container | None) -> Fact:
    """The digest of the OCI spec, as runc was given it and as containerd keeps it."""
    path = f"{directory}/config.json"
    try:
        given = Evidence(path, _digest(host.read_bytes(path)))
    except OSError as failure:
        return unread("spec", path, why(failure))
    kept = container.spec if container else None
    return Fact(label="spec", evidence=(given, Evidence("Containers.Get", _digest(kept.value))) if kept else (given,))


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
