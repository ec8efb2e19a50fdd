"""Docker's own layer store: where it keeps the files of a layer.

``DATA/image/DRIVER/layerdb/sha256/CHAIN-ID/cache-id`` names the directory ``DATA/DRIVER/CACHE-ID``; with
overlay2, its ``diff`` holds the files. The format is docker's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chub.chain.host import why
from chub.chain.links import Evidence

if TYPE_CHECKING:
    from chub.chain.host import Host
    from chub.docker.records import Info


def directory(host: Host, info: Info, chain_id: str) -> Evidence:
    """The directory of a layer's files, by the chain ID of the layer and all below it."""
    algorithm, _, hex_digits = chain_id.partition(":")
    path = f"{info.root}/image/{info.driver}/layerdb/{algorithm}/{hex_digits}/cache-id"
    try:
        return Evidence(path, f"{info.root}/{info.driver}/{host.read(path).strip()}/diff")
    except OSError as failure:
        return Evidence(path, "", failed=why(failure))
