"""Manifests and indexes: OCI's and docker's (schema 2), which are one format under two names.

Format: OCI image specification, ``manifest.md`` and ``image-index.md``.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import cast

from chub.errors import Invalid, NotFound
from chub.oci import digests
from chub.oci.document import load
from chub.oci.platforms import Platform, rank
from chub.records import record

LIMIT = 4 * 1024 * 1024  # bytes of JSON, for a manifest and for an index

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"
MANIFESTS = frozenset({MANIFEST, DOCKER_MANIFEST})
INDEXES = frozenset({INDEX, DOCKER_INDEX})


@record
class Descriptor:
    """What a document says of another blob: its kind, its digest and how long it is."""

    media_type: str
    digest: str
    size: int  # bytes
    annotations: Mapping[str, str] = field(default_factory=dict)
    platform: Platform | None = None  # of an index's entries
    urls: tuple[str, ...] = ()  # foreign layers; never fetched


@record
class Manifest:
    """One image: its configuration, and its layers from the bottom up."""

    config: Descriptor
    layers: tuple[Descriptor, ...]
    media_type: str = MANIFEST
    annotations: Mapping[str, str] = field(default_factory=dict)


@record
class Index:
    """Images of one name for several platforms."""

    manifests: tuple[Descriptor, ...]
    media_type: str = INDEX
    annotations: Mapping[str, str] = field(default_factory=dict)

    def select(self, wanted: Platform) -> Descriptor:
        """The manifest that fits a platform best, the first of equals; NotFound when none does."""
        ranked = [
            (rank(wanted, entry.platform), place)
            for place, entry in enumerate(self.manifests)
            if entry.platform is not None and entry.media_type in MANIFESTS
        ]
        fitting = [(found, place) for found, place in ranked if found is not None]
        if not fitting:
            offered = ", ".join(str(entry.platform) for entry in self.manifests if entry.platform) or "none"
            raise NotFound(f"no image for platform {wanted}", hint=f"there are: {offered}")
        return self.manifests[min(fitting)[1]]


def parse(data: bytes, media_type: str) -> Manifest | Index:
    """Read what a descriptor of this media type names.

    Invalid when it is neither manifest nor index, when it could be read as both, or as another than was
    announced.
    """
    if media_type not in MANIFESTS | INDEXES:
        raise Invalid(f"{media_type or 'no media type'}: neither a manifest nor an index")
    document = load(data, "manifest", limit=LIMIT)
    said = document.get("mediaType", media_type)
    if said != media_type:
        raise Invalid(f"manifest: announced as {media_type}, calls itself {said}")
    if document.get("schemaVersion") != 2:
        raise Invalid("manifest: its schemaVersion is not 2")
    foreign = {"manifests"} if media_type in MANIFESTS else {"config", "layers"}
    if found := sorted((foreign | {"fsLayers", "history", "signatures"}) & document.keys()):
        raise Invalid(f"manifest: {', '.join(found)} makes it ambiguous: it may be read as another kind of document")
    annotations = _annotations(document)
    if media_type in INDEXES:
        entries = tuple(_descriptor(entry) for entry in _objects(document, "manifests"))
        return Index(manifests=entries, media_type=media_type, annotations=annotations)
    return Manifest(
        config=_descriptor(_object(document, "config")),
        layers=tuple(_descriptor(layer) for layer in _objects(document, "layers")),
        media_type=media_type,
        annotations=annotations,
    )


def build(document: Manifest | Index) -> bytes:
    """The document as JSON, the same bytes for the same record."""
    content: dict[str, object] = {"schemaVersion": 2, "mediaType": document.media_type}
    if isinstance(document, Manifest):
        content["config"] = _written(document.config)
        content["layers"] = [_written(layer) for layer in document.layers]
    else:
        content["manifests"] = [_written(entry) for entry in document.manifests]
    if document.annotations:
        content["annotations"] = dict(sorted(document.annotations.items()))
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()


def _written(descriptor: Descriptor) -> dict[str, object]:
    content: dict[str, object] = {
        "mediaType": descriptor.media_type,
        "digest": descriptor.digest,
        "size": descriptor.size,
    }
    if descriptor.urls:
        content["urls"] = list(descriptor.urls)
    if descriptor.annotations:
        content["annotations"] = dict(sorted(descriptor.annotations.items()))
    if descriptor.platform is not None:
        platform = descriptor.platform
        fields = {
            "architecture": platform.architecture,
            "os": platform.os,
            "os.version": platform.os_version,
            "variant": platform.variant,
        }
        content["platform"] = {name: value for name, value in fields.items() if value}
    return content


def _descriptor(content: Mapping[str, object]) -> Descriptor:
    digest, size, media_type = content.get("digest"), content.get("size"), content.get("mediaType")
    if not isinstance(digest, str) or not isinstance(media_type, str):
        raise Invalid("manifest: a descriptor without digest or mediaType")
    if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size < 1 << 63:
        raise Invalid(f"manifest: the size of {digest} is no size")
    urls = content.get("urls") or ()
    if not isinstance(urls, list | tuple) or not all(isinstance(url, str) for url in urls):
        raise Invalid(f"manifest: the urls of {digest} are no list of texts")
    platform = content.get("platform")
    return Descriptor(
        media_type=media_type,
        digest=digests.checked(digest),
        size=size,
        annotations=_annotations(content),
        platform=None if platform is None else _platform(_object(content, "platform")),
        urls=tuple(urls),
    )


def _platform(content: Mapping[str, object]) -> Platform:
    texts = {name: content.get(name) or "" for name in ("os", "architecture", "variant", "os.version")}
    for name, text in texts.items():
        if not isinstance(text, str):
            raise Invalid(f"manifest: a platform's {name} is no text")
    return Platform(
        os=str(texts["os"]),
        architecture=str(texts["architecture"]),
        variant=str(texts["variant"]),
        os_version=str(texts["os.version"]),
    )


def _object(content: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = content.get(name)
    if not isinstance(value, dict):
        raise Invalid(f"manifest: {name} is missing or not an object")
    return cast("Mapping[str, object]", value)


def _objects(content: Mapping[str, object], name: str) -> Iterable[Mapping[str, object]]:
    value = content.get(name)
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise Invalid(f"manifest: {name} is missing or not a list of objects")
    return cast("list[Mapping[str, object]]", value)


def _annotations(content: Mapping[str, object]) -> Mapping[str, str]:
    value = content.get("annotations") or {}
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise Invalid("manifest: annotations are not texts by name")
    return cast("Mapping[str, str]", value)
