"""All services of one containerd, each made when it is first used."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from chub.api.calls import Caller
from chub.api.channel import Channel

if TYPE_CHECKING:
    from types import TracebackType

    from chub.api.containers import Containers
    from chub.api.content import Content
    from chub.api.diff import Diff
    from chub.api.events import Events
    from chub.api.images import Images
    from chub.api.introspection import Introspection
    from chub.api.leases import Leases
    from chub.api.namespaces import Namespaces
    from chub.api.sandboxes import SandboxController, SandboxStore
    from chub.api.snapshots import Snapshots
    from chub.api.streaming import Streaming
    from chub.api.tasks import Tasks
    from chub.api.transfer import Transfers
    from chub.api.version import Versions


class Services:
    """containerd's services, seen from a namespace and, maybe, under a lease. Threads may share one."""

    def __init__(self, channel: Channel, namespace: str = "default", *, lease: str = "") -> None:
        self.channel = channel
        self.namespace = namespace
        self.lease = lease
        self._caller = Caller(channel, namespace, lease)
        self._snapshots: dict[str, Snapshots] = {}

    @property
    def address(self) -> str:
        """The path of the socket."""
        return self.channel.path

    def within(self, namespace: str) -> Services:
        """The same engine on the same channel, seen from another namespace and under no lease."""
        return Services(self.channel, namespace)

    def under(self, lease_id: str) -> Services:
        """The same, but what is made belongs to a lease: nothing of it is collected while that lasts."""
        return Services(self.channel, self.namespace, lease=lease_id)

    def close(self) -> None:
        """Close the channel, of all views."""
        self.channel.close()

    def __enter__(self) -> Services:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @cached_property
    def containers(self) -> Containers:
        """Containers: metadata."""
        from chub.api.containers import Containers

        return Containers(self._caller)

    @cached_property
    def tasks(self) -> Tasks:
        """Tasks: what runs."""
        from chub.api.tasks import Tasks

        return Tasks(self._caller)

    @cached_property
    def images(self) -> Images:
        """Images: names."""
        from chub.api.images import Images

        return Images(self._caller)

    @cached_property
    def content(self) -> Content:
        """Content: blobs."""
        from chub.api.content import Content

        return Content(self._caller)

    def snapshots(self, name: str = "overlayfs") -> Snapshots:
        """Snapshots of one snapshotter."""
        if name not in self._snapshots:
            from chub.api.snapshots import Snapshots

            self._snapshots[name] = Snapshots(self._caller, name)
        return self._snapshots[name]

    @cached_property
    def diff(self) -> Diff:
        """Diff: layers into snapshots, and back."""
        from chub.api.diff import Diff

        return Diff(self._caller)

    @cached_property
    def leases(self) -> Leases:
        """Leases: what protects from collection."""
        from chub.api.leases import Leases

        return Leases(self._caller)

    @cached_property
    def namespaces(self) -> Namespaces:
        """Namespaces of the engine."""
        from chub.api.namespaces import Namespaces

        return Namespaces(self._caller)

    @cached_property
    def events(self) -> Events:
        """Events: what happens, in all namespaces."""
        from chub.api.events import Events

        return Events(self._caller)

    @cached_property
    def introspection(self) -> Introspection:
        """Introspection: plugins, the engine's own process."""
        from chub.api.introspection import Introspection

        return Introspection(self._caller)

    @cached_property
    def version(self) -> Versions:
        """Version of the engine."""
        from chub.api.version import Versions

        return Versions(self._caller)

    @cached_property
    def transfer(self) -> Transfers:
        """Transfer: pull, push, import, export, tag by the engine itself (containerd 1.7 and newer)."""
        from chub.api.transfer import Transfers

        return Transfers(self._caller)

    @cached_property
    def streaming(self) -> Streaming:
        """Streaming: what Transfer reads from and writes to (containerd 1.7 and newer)."""
        from chub.api.streaming import Streaming

        return Streaming(self._caller)

    @cached_property
    def sandbox_store(self) -> SandboxStore:
        """Sandboxes: metadata (containerd 1.7 and newer)."""
        from chub.api.sandboxes import SandboxStore

        return SandboxStore(self._caller)

    @cached_property
    def sandbox_controller(self) -> SandboxController:
        """Sandboxes: what runs (containerd 1.7 and newer)."""
        from chub.api.sandboxes import SandboxController

        return SandboxController(self._caller)
