"""Plugins: what an engine is made of, and what of it does not work."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chub.core.filters import by_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.api.introspection import Plugin
    from chub.api.services import Services

FILTERS = ("type", "id", "status")
SKIPPED = ("skip plugin", "not configured")  # what containerd says where a plugin is not for this host


def status(plugin: Plugin) -> str:
    """``ok``, ``skip`` for one that is not meant for this host or its configuration, or ``error``; as ctr tells it."""
    if not plugin.error:
        return "ok"
    return "skip" if any(words in plugin.error for words in SKIPPED) else "error"


def list_plugins(services: Services, *, filters: Sequence[str] = ()) -> tuple[Plugin, ...]:
    """The plugins by type and id. `filters`: type, whole or its last parts without the version, id, status."""
    values = by_name(filters, FILTERS)
    tests: list[Callable[[Plugin], bool]] = []
    if types := values.get("type"):
        tests.append(lambda plugin: any(each in (plugin.type, short_type(plugin)) for each in types))
    if ids := values.get("id"):
        tests.append(lambda plugin: plugin.id in ids)
    if wanted := values.get("status"):
        tests.append(lambda plugin: status(plugin) in wanted)
    found = (plugin for plugin in services.introspection.plugins() if all(test(plugin) for test in tests))
    return tuple(sorted(found, key=lambda plugin: (plugin.type, plugin.id)))


def short_type(plugin: Plugin) -> str:
    """``snapshotter`` of ``io.containerd.snapshotter.v1``."""
    return plugin.type.removeprefix("io.containerd.").rpartition(".v")[0]
