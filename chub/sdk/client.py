"""The client: one engine and namespace, and the nouns in it."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cached_property

from chub.api.channel import Channel
from chub.api.services import Services
from chub.core.workspace import Workspace
from chub.settings import Settings, load

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from types import TracebackType

    from chub.api.content import Content
    from chub.api.events import Event, Missed
    from chub.api.leases import Leases
    from chub.api.namespaces import Namespaces
    from chub.api.snapshots import Snapshots
    from chub.api.streams import Stream
    from chub.api.version import Version
    from chub.chain.layers import ImageLayers
    from chub.chain.links import Chain
    from chub.core.events import Happening
    from chub.doctor.findings import Finding, Mended
    from chub.objects.disk_usage import DiskUsage
    from chub.sdk.containers import Containers
    from chub.sdk.images import Images
    from chub.sdk.objects import Objects
    from chub.sdk.rootfs import RootFilesystems


class Client:
    """A connection to containerd, made at the first call. Threads may share one.

    What is not given comes from the environment (``CONTAINERD_ADDRESS``, ``CONTAINERD_NAMESPACE``, …), chub's config
    files, and defaults. `timeout` (seconds; None: for ever) is the deadline of calls that do not wait for a program.
    `settings` are what came of it, and `services` is containerd's whole API, one attribute for each of its services.
    """

    def __init__(
        self,
        address: str | None = None,
        *,
        namespace: str | None = None,
        snapshotter: str | None = None,
        timeout: float | None = 30.0,
        settings: Settings | None = None,
    ) -> None:
        self.settings = settings or load({"address": address, "namespace": namespace, "snapshotter": snapshotter})
        channel = Channel(self.settings.address, timeout=timeout)
        self.services = Services(channel, self.settings.namespace)
        self.workspace = Workspace(self.services, self.settings)

    def close(self) -> None:
        """Close the connection, and end every call that is under way."""
        self.services.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @cached_property
    def containers(self) -> Containers:
        """Containers."""
        from chub.sdk.containers import Containers

        return Containers(self.workspace)

    @cached_property
    def images(self) -> Images:
        """Images."""
        from chub.sdk.images import Images

        return Images(self.workspace)

    @cached_property
    def rootfs(self) -> RootFilesystems:
        """Imported root filesystems that are no images."""
        from chub.sdk.rootfs import RootFilesystems

        return RootFilesystems(self.workspace)

    @property
    def snapshots(self) -> Snapshots:
        """Containerd's snapshots, of the snapshotter in the settings."""
        return self.services.snapshots(self.settings.snapshotter)

    @property
    def content(self) -> Content:
        """Containerd's content store."""
        return self.services.content

    @property
    def leases(self) -> Leases:
        """Containerd's leases."""
        return self.services.leases

    @property
    def namespaces(self) -> Namespaces:
        """Containerd's namespaces."""
        return self.services.namespaces

    @cached_property
    def objects(self) -> Objects:
        """Containerd's snapshots, content, leases, namespaces and plugins, with what uses them."""
        from chub.sdk.objects import Objects

        return Objects(self.workspace)

    def events(self, *filters: str, everywhere: bool = False) -> Stream[Event | Missed]:
        """What happens in this client's namespace (or `everywhere`), as it happens.

        It goes on through a restart of containerd, and then says with a `Missed` that some may not have been told.
        Leaving the loop ends it. `filters` are containerd's, as ``topic~="^/tasks/"``; an event that any of them
        matches comes.
        """
        if not everywhere:
            here = f"namespace=={self.settings.namespace}"
            filters = tuple(f"{here},{each}" for each in filters) or (here,)
        return self.services.events.follow(*filters)

    def happenings(
        self, *, since: datetime | None = None, until: datetime | None = None, filters: Sequence[str] = ()
    ) -> Stream[Happening | Missed]:
        """What happens to containers and images of this namespace, in docker's words, `until` a time or for ever.

        With `since` first what is provable of the past: when those that are there were made, last started and ended.
        `filters` are docker's, NAME=VALUE: "event=die", "container=web". It goes on through a restart of containerd, as
        `events`. Raises Invalid for a wrong filter.
        """
        from chub.core.events import happenings

        return happenings(self.workspace, since=since, until=until, filters=filters)

    def df(self, *, all_namespaces: bool = False) -> DiskUsage:
        """What images and containers of this namespace (of all namespaces) take on the disk, and what could go.

        Blobs and snapshots that several images share are counted once; the size of a container has its log in it.
        """
        from chub.objects.disk_usage import disk_usage

        return disk_usage(self.workspace, all_namespaces=all_namespaces)

    def version(self) -> Version:
        """The engine's version."""
        return self.services.version.get()

    def chain(self, container: str = "", *, pid: int | None = None, everywhere: bool = False) -> Chain:
        """Every layer between a container and the kernel, with evidence.

        The container is named (id, name, beginning of an id), and looked for in this namespace or `everywhere`, among
        docker's too; or it is the one that process `pid` is in, of any namespace and any containerd of this host.
        """
        from chub.chain import build

        if pid is not None:
            return build.chain_of_process(self.workspace, pid)
        return build.chain(self.workspace, container, everywhere=everywhere)

    def doctor(self, *, everywhere: bool = False, patience: timedelta = timedelta(minutes=1)) -> tuple[Finding, ...]:
        """What is left over or broken in this namespace, or `everywhere` in the engine, with evidence.

        What is younger than `patience` is taken to be on its way where no lease tells whether its client lives.
        """
        from chub.doctor.examine import examine

        return examine(self.workspace, everywhere=everywhere, patience=patience)

    def mend(self, findings: Iterable[Finding]) -> Mended:
        """Mend those findings of `doctor` that are mendable and still there, and have containerd collect garbage.

        Only what is chub's own and nothing that lives depends on is mendable. What cannot be mended is told of in the
        result; the rest goes on.
        """
        from chub.doctor.examine import mend

        return mend(self.workspace, findings)

    def layers(self, image: str, *, docker: bool = False) -> ImageLayers:
        """An image's layers: blobs, diff IDs, chain IDs, snapshot directories; beside them docker's if asked for."""
        from chub.chain import layers
        from chub.docker.client import Docker

        return layers.layers(
            self.services, image, snapshotter=self.settings.snapshotter, docker=Docker() if docker else None
        )
