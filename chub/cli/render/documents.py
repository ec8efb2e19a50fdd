"""Snapshots, mounts and blobs as JSON, and mounts as commands."""

import shlex
from typing import Any

from chub.api.types import Mount
from chub.objects.content import BlobSummary
from chub.objects.snapshots import SnapshotSummary
from chub.oci.config import rfc3339


def snapshot(row: SnapshotSummary) -> dict[str, Any]:
    """What `snapshot info` tells."""
    found = row.snapshot
    return {
        "Name": found.name,
        "Parent": found.parent,
        "Kind": str(found.kind),
        "Snapshotter": row.snapshotter,
        "Namespace": row.namespace,
        "Created": rfc3339(found.created) if found.created else "",
        "Updated": rfc3339(found.updated) if found.updated else "",
        "Labels": dict(found.labels),
        "Images": list(row.images),
        "Containers": list(row.containers),
    }


def blob(row: BlobSummary) -> dict[str, Any]:
    """What `content info` tells."""
    found = row.blob
    return {
        "Digest": found.digest,
        "Size": found.size,
        "Kind": row.kind,
        "Namespace": row.namespace,
        "Created": rfc3339(found.created) if found.created else "",
        "Updated": rfc3339(found.updated) if found.updated else "",
        "Labels": dict(found.labels),
        "Images": list(row.images),
    }


def mount(row: Mount) -> dict[str, Any]:
    """A mount as containerd has it."""
    return {"Type": row.type, "Source": row.source, "Target": row.target, "Options": list(row.options)}


def mount_command(row: Mount, target: str) -> str:
    """The command line of mount(8) that does it at a directory."""
    options = ["-o", ",".join(row.options)] if row.options else []
    return shlex.join(["mount", "-t", row.type, row.source, target + row.target, *options])
