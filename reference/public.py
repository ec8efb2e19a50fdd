"""The SDK, as pages: every name of ``chub.__all__``, and the nouns that a client leads to."""

from __future__ import annotations

from dataclasses import dataclass

import chub

NOUNS = (
    ("Containers", "chub.sdk.containers.Containers"),
    ("Images", "chub.sdk.images.Images"),
    ("RootFilesystems", "chub.sdk.rootfs.RootFilesystems"),
)
"""What a client's attributes are."""

SERVICES = (
    ("Services", "chub.api.services.Services"),
    ("Containers", "chub.api.containers.Containers"),
    ("Content", "chub.api.content.Content"),
    ("Diff", "chub.api.diff.Diff"),
    ("Events", "chub.api.events.Events"),
    ("Images", "chub.api.images.Images"),
    ("Introspection", "chub.api.introspection.Introspection"),
    ("Leases", "chub.api.leases.Leases"),
    ("Namespaces", "chub.api.namespaces.Namespaces"),
    ("Snapshots", "chub.api.snapshots.Snapshots"),
    ("Tasks", "chub.api.tasks.Tasks"),
    ("Transfers", "chub.api.transfer.Transfers"),
    ("Versions", "chub.api.version.Versions"),
)
"""containerd's own services."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A page of the SDK."""

    file: str
    title: str
    about: str
    names: tuple[tuple[str, str], ...]  # name, and the full name of what it is


def parts() -> tuple[Part, ...]:
    """All pages; each public name is on one of them."""
    found: dict[str, list[tuple[str, str]]] = {}
    for name in chub.__all__:
        place = getattr(chub, name).__module__
        area = ".".join(place.split(".")[:2])
        found.setdefault(area if area in ("chub.sdk", "chub.options", "chub.errors") else "", []).append(
            (name, f"{place}.{name}")
        )
    clients = sorted(found["chub.sdk"], key=lambda each: (each[0] != "Client", each[0]))
    return (
        Part(
            file="client.md",
            title="Client and nouns",
            about="`import chub`; a `Client` leads to all else.",
            names=(*clients, *NOUNS),
        ),
        Part(
            file="options.md",
            title="Options",
            about="What a container may be asked to have: a `Request`, of one record for each group of options.",
            names=tuple(found["chub.options"]),
        ),
        Part(
            file="records.md",
            title="Records",
            about="What is told: of imports, chains, layers, events and leftovers.",
            names=tuple(found[""]),
        ),
        Part(
            file="errors.md",
            title="Errors",
            about="All are a `ChubError`, and most have a `hint` that says what to do.",
            names=tuple(found["chub.errors"]),
        ),
        Part(
            file="services.md",
            title="containerd's API",
            about="`client.services`: an attribute for each service, with records instead of protobuf.",
            names=SERVICES,
        ),
    )
