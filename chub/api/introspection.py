"""containerd's Introspection service: what the engine is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from google.protobuf import empty_pb2

from chub._generated.services.introspection.v1 import introspection_pb2 as pb
from chub._generated.services.introspection.v1 import introspection_pb2_grpc as rpc
from chub.api.calls import Caller
from chub.api.channel import USUAL, Timeout
from chub.api.types import Platform, platform_of
from chub.api.wire import TypedValue, moment, typed, untyped
from chub.records import record


@record
class Plugin:
    """A part of containerd."""

    type: str  # "io.containerd.snapshotter.v1"
    id: str  # "overlayfs"
    requires: tuple[str, ...] = ()  # types
    platforms: tuple[Platform, ...] = ()
    exports: Mapping[str, str] = field(default_factory=dict)  # "root": its directory, …
    capabilities: tuple[str, ...] = ()
    error: str = ""  # why it did not start; empty: it did
    error_code: int = 0  # the gRPC status of that


@record
class Deprecation:
    """Something in use that a later containerd will not have."""

    id: str
    message: str
    last_occurrence: datetime | None = None


@record
class Server:
    """The engine's own process. containerd 1.6 tells the uuid only."""

    uuid: str  # kept in its root directory
    pid: int = 0  # 0: not told
    pidns: int = 0  # inode number of its pid namespace; 0: not told
    deprecations: tuple[Deprecation, ...] = ()


@record
class PluginInfo:
    """A plugin and what it says of itself."""

    plugin: Plugin
    extra: TypedValue | None = None  # of the task manager: "containerd.types.RuntimeInfo"


class Introspection:
    """containerd's `Introspection` service."""

    def __init__(self, caller: Caller) -> None:
        self._call = caller.unary
        self._stub = caller.channel.stub(rpc.IntrospectionStub)

    def plugins(self, *filters: str, timeout: Timeout = USUAL) -> tuple[Plugin, ...]:
        """Those which any of the filters ("type==io.containerd.snapshotter.v1") matches, or all."""
        answer = self._call(self._stub.Plugins, pb.PluginsRequest(filters=filters), "plugins", timeout)
        return tuple(_plugin(found) for found in answer.plugins)

    def server(self, *, timeout: Timeout = USUAL) -> Server:
        """The engine's process."""
        found = self._call(self._stub.Server, empty_pb2.Empty(), "the engine", timeout)
        return Server(
            uuid=found.uuid,
            pid=found.pid,
            pidns=found.pidns,
            deprecations=tuple(
                Deprecation(id=d.id, message=d.message, last_occurrence=moment(d.last_occurrence))
                for d in found.deprecations
            ),
        )

    def plugin_info(
        self, type: str, id: str, options: TypedValue | None = None, *, timeout: Timeout = USUAL
    ) -> PluginInfo:
        """Ask one plugin about itself: containerd 2.1 and newer."""
        request = pb.PluginInfoRequest(type=type, id=id, options=untyped(options))
        found = self._call(self._stub.PluginInfo, request, f"plugin {type}.{id}", timeout, since="2.1")
        return PluginInfo(plugin=_plugin(found.plugin), extra=typed(found.extra))


def _plugin(message: pb.Plugin) -> Plugin:
    return Plugin(
        type=message.type,
        id=message.id,
        requires=tuple(message.requires),
        platforms=tuple(platform_of(found) for found in message.platforms),
        exports=dict(message.exports),
        capabilities=tuple(message.capabilities),
        error=message.init_err.message,
        error_code=message.init_err.code,
    )
