"""Layers: how they stack."""

from collections.abc import Iterable

from chub.oci import digests


def chain_ids(diff_ids: Iterable[str]) -> tuple[str, ...]:
    """The chain ID of each layer: its diff ID on top of the chain below (OCI's config.md)."""
    chain: list[str] = []
    for diff_id in diff_ids:
        chain.append(digests.of(f"{chain[-1]} {diff_id}".encode()) if chain else diff_id)
    return tuple(chain)
