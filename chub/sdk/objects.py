"""containerd's own objects with what uses them: `client.objects`.

What containerd itself says of them, in its own words, is at `client.snapshots`, `client.content`, `client.leases` and
`client.namespaces`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import timedelta

    from chub.api.introspection import Plugin
    from chub.core.workspace import Workspace
    from chub.objects.changes import Change
    from chub.objects.configuration import Configuration
    from chub.objects.content import BlobSummary, IngestSummary
    from chub.objects.leases import LeaseSummary
    from chub.objects.namespaces import NamespaceSummary
    from chub.objects.snapshots import SnapshotMounts, SnapshotSummary, SnapshotUsage


class Objects:
    """Snapshots, content, leases, namespaces and plugins of an engine.

    Words name an object by its key or digest, or by the beginning of that. What is removed must not be used, unless
    `force`; in docker's and Kubernetes's namespaces changes take `force` and the namespace given to the client.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._services = workspace.services

    def snapshots(self, *, filters: Sequence[str] = (), all_namespaces: bool = False) -> tuple[SnapshotSummary, ...]:
        """The snapshots of all snapshotters. `filters`: ``kind=…``, ``label=…``, ``parent=…``, ``snapshotter=…``."""
        from chub.objects.snapshots import list_snapshots

        return list_snapshots(self._services, filters=filters, all_namespaces=all_namespaces)

    def snapshot(self, word: str) -> SnapshotSummary:
        """One of them."""
        from chub.objects.snapshots import find

        return find(self._workspace, word)

    def usage(self, rows: Sequence[SnapshotSummary]) -> tuple[SnapshotUsage, ...]:
        """What snapshots take on the disk."""
        from chub.objects.snapshots import usages

        return usages(self._services, rows)

    def mounts(self, word: str) -> SnapshotMounts:
        """How a snapshot, or a view of it, is mounted."""
        from chub.objects.snapshots import mounts

        return mounts(self._workspace, word)

    def diff(self, word: str, other: str = "") -> tuple[Change, ...]:
        """What a snapshot has that its parent, or an `other` snapshot, has not."""
        from chub.objects.changes import diff

        return diff(self._workspace, word, other)

    def remove_snapshot(self, word: str, *, force: bool = False) -> str:
        """Remove a snapshot; its key."""
        from chub.objects.snapshots import remove

        return remove(self._workspace, word, force=force)

    def blobs(self, *, filters: Sequence[str] = (), all_namespaces: bool = False) -> tuple[BlobSummary, ...]:
        """The blobs of the content store. `filters`: ``label=…``."""
        from chub.objects.content import list_blobs

        return list_blobs(self._services, filters=filters, all_namespaces=all_namespaces)

    def blob(self, word: str) -> BlobSummary:
        """One of them."""
        from chub.objects.content import find

        return find(self._services, word)

    def remove_blob(self, word: str, *, force: bool = False) -> str:
        """Remove a blob; its digest."""
        from chub.objects.content import remove

        return remove(self._workspace, word, force=force)

    def ingests(self, *, all_namespaces: bool = False) -> tuple[IngestSummary, ...]:
        """What is being written to the content store."""
        from chub.objects.content import list_ingests

        return list_ingests(self._services, all_namespaces=all_namespaces)

    def leases(self, *, filters: Sequence[str] = (), all_namespaces: bool = False) -> tuple[LeaseSummary, ...]:
        """The leases, with what each protects. `filters`: ``label=…``."""
        from chub.objects.leases import list_leases

        return list_leases(self._services, filters=filters, all_namespaces=all_namespaces)

    def create_lease(
        self,
        id: str = "",
        *,
        expires: timedelta | None = None,
        labels: Mapping[str, str] | None = None,
        force: bool = False,
    ) -> str:
        """Make a lease; its id."""
        from chub.objects.leases import create

        return create(self._workspace, id, expires=expires, labels=labels, force=force)

    def remove_lease(self, id: str, *, sync: bool = False, force: bool = False) -> str:
        """End a lease; its id. With `sync` what nothing holds any more is gone then."""
        from chub.objects.leases import remove

        return remove(self._workspace, id, sync=sync, force=force)

    def namespaces(self, *, filters: Sequence[str] = ()) -> tuple[NamespaceSummary, ...]:
        """The namespaces, with how much is in each. `filters`: ``label=…``."""
        from chub.objects.namespaces import list_namespaces

        return list_namespaces(self._services, filters=filters)

    def create_namespace(self, name: str, labels: Mapping[str, str] | None = None) -> str:
        """Make a namespace; its name."""
        from chub.objects.namespaces import create

        return create(self._services, name, labels)

    def label_namespace(self, name: str, labels: Mapping[str, str], *, force: bool = False) -> str:
        """Set labels of a namespace; those with an empty value are removed."""
        from chub.objects.namespaces import label

        return label(self._services, name, labels, force=force)

    def remove_namespace(self, name: str, *, force: bool = False) -> str:
        """Remove an empty namespace; its name."""
        from chub.objects.namespaces import remove

        return remove(self._services, name, force=force)

    def plugins(self, *, filters: Sequence[str] = ()) -> tuple[Plugin, ...]:
        """What the engine is made of. `filters`: ``type=…``, ``id=…``, ``status=ok|skip|error``."""
        from chub.objects.plugins import list_plugins

        return list_plugins(self._services, filters=filters)

    def configuration(self) -> Configuration:
        """What the engine is configured with, where it runs on this host."""
        from chub.objects.configuration import configuration

        return configuration(self._services)
