"""All that was asked for when a container was made."""

from dataclasses import field
from typing import Any, TypedDict

from chub.errors import Invalid
from chub.options.document import from_document, to_document
from chub.options.lifecycle import Lifecycle
from chub.options.limits import Limits
from chub.options.logging import Logging
from chub.options.mounts import Mounts
from chub.options.namespaces import Namespaces
from chub.options.network import Network
from chub.options.pairs import read_pairs
from chub.options.process import Process
from chub.options.resources import Resources
from chub.options.security import Security
from chub.options.terminal import Terminal
from chub.records import record

VERSION = 1  # of the JSON form; fields may be added to it, a change of what is there counts it up


@record
class Identity:
    """What the container is called, and what is written on it for others to read."""

    name: str | None = None  # None: one is made up
    labels: tuple[str, ...] = ()  # NAME=VALUE
    annotations: tuple[str, ...] = ()  # NAME=VALUE, of the OCI spec
    runtime: str | None = None  # containerd's name of a shim (io.containerd.runc.v2) or a program; None: runc
    remove: bool = False  # when it ends
    cidfile: str | None = None  # file that its id is written into; it must not exist yet


@record
class Request:
    """One container, as its user asked for it: kept as the container's extension ``chub/request``."""

    image: str  # reference as given, or the directory of a root filesystem
    rootfs: bool = False  # `image` is a directory
    words: tuple[str, ...] = ()  # program and arguments; empty: the image's
    identity: Identity = field(default_factory=Identity)
    process: Process = field(default_factory=Process)
    terminal: Terminal = field(default_factory=Terminal)
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
    security: Security = field(default_factory=Security)
    mounts: Mounts = field(default_factory=Mounts)
    resources: Resources = field(default_factory=Resources)
    limits: Limits = field(default_factory=Limits)
    namespaces: Namespaces = field(default_factory=Namespaces)
    network: Network = field(default_factory=Network)
    logging: Logging = field(default_factory=Logging)


class ContainerOptions(TypedDict, total=False):
    """The groups of options of a container that a program names one by one; what is left out has its defaults."""

    process: Process
    lifecycle: Lifecycle
    security: Security
    mounts: Mounts
    resources: Resources
    limits: Limits
    namespaces: Namespaces
    network: Network


def to_json(request: Request) -> dict[str, Any]:
    """The request as a dictionary ready for JSON, every field spelled out, with the form's version."""
    return {"version": VERSION, **to_document(request)}


def from_json(document: object) -> Request:
    """The request in what :func:`to_json` gave, of this version of chub or another.

    Missing fields have their defaults, unknown ones are ignored. Invalid: it is none, or its form is too new.
    """
    version = document.get("version") if isinstance(document, dict) else None
    if version != VERSION:
        raise Invalid(f"request of version {version!r}: this chub reads version {VERSION} only")
    return from_document(Request, document, "request")


def parse_label(text: str) -> str:
    """A label as NAME=VALUE; the value may be left out."""
    name = text.partition("=")[0].lstrip()
    if not name:
        raise Invalid(f"invalid label '{text}': empty name")
    if any(letter.isspace() for letter in name):
        raise Invalid(f"label '{name}' contains whitespaces")
    return _paired(text)


def read_label_file(path: str) -> tuple[str, ...]:
    """The labels in a file, as NAME=VALUE; a name alone is none. Raises Invalid as `read_pairs` does."""
    return read_pairs(path, lambda name: "")


def parse_annotation(text: str) -> str:
    """An annotation of the OCI spec as NAME=VALUE; the value may be left out."""
    if not text.partition("=")[0]:
        raise Invalid("invalid annotation: the empty string is not permitted as an annotation key")
    return _paired(text)


def _paired(text: str) -> str:
    return text if "=" in text else f"{text}="
