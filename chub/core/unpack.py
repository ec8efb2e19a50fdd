"""A layer from the content store into a committed snapshot: containerd's diff service does the work."""

from __future__ import annotations

import os
from collections.abc import Mapping

from chub.api.types import Descriptor
from chub.core.marks import VERSION, VERSION_LABEL
from chub.core.undo import gone
from chub.errors import AlreadyExists, DataLoss, NotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.api.services import Services
    from chub.api.snapshots import Snapshots


def unpack(
    services: Services,
    layer: Descriptor,
    *,
    snapshotter: str,
    diff_id: str,
    chain_id: str,
    parent: str = "",
    labels: Mapping[str, str] | None = None,
) -> None:
    """Make the committed snapshot ``chain_id`` of a layer on top of ``parent``, if there is none yet.

    The services must be under a lease. DataLoss when the layer's bytes are not those of the diff ID.
    """
    snapshots = services.snapshots(snapshotter)
    if exists(snapshots, chain_id):
        return
    key = f"extract-{os.urandom(6).hex()} {chain_id}"
    try:
        mounts = snapshots.prepare(key, parent, {VERSION_LABEL: VERSION})
        applied = services.diff.apply(layer, mounts)
        if applied.digest != diff_id:
            raise DataLoss(f"layer {layer.digest}: unpacked it is {applied.digest}, not the {diff_id} announced")
        snapshots.commit(key, chain_id, labels)
    except AlreadyExists:  # another client was faster
        gone(snapshots.remove, key)
    except BaseException:
        gone(snapshots.remove, key)
        raise


def exists(snapshots: Snapshots, name: str) -> bool:
    """Is there a snapshot of this name?"""
    try:
        snapshots.stat(name)
    except NotFound:
        return False
    return True
