"""What there is of images, and what docker would say of one."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from chub.api.images import Image
from chub.core.filters import by_name, labelled, truth
from chub.core.images import Resolved, find, namespaces, read
from chub.errors import Invalid, NotFound
from chub.oci import references
from chub.oci.config import rfc3339
from chub.options.times import SECOND, parse_moment
from chub.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.api.services import Services

ZERO_TIME = "0001-01-01T00:00:00Z"  # Go's: never set
FILTERS = ("before", "dangling", "label", "reference", "since", "until")


@record
class ImageSummary:
    """One name of an image, for a list."""

    namespace: str
    name: str  # as containerd has it
    repository: str  # as docker shows it; empty: the name is no reference
    tag: str  # empty: it has none
    id: str  # digest of the configuration, or of the target where that cannot be read
    digest: str  # of the target
    created: datetime | None
    size: int  # bytes: of the snapshots where it is unpacked, else of the blobs
    labels: Mapping[str, str]  # of the configuration


@record
class Step:
    """One step of an image's history."""

    image: str  # its id, for the newest one; empty for those below
    created: datetime | None
    created_by: str
    size: int  # bytes on the disk; 0 where the step made no layer
    comment: str


def list_images(
    services: Services,
    *,
    snapshotter: str = "overlayfs",
    reference: str = "",
    filters: Sequence[str] = (),
    all_namespaces: bool = False,
) -> tuple[ImageSummary, ...]:
    """The images' names, the newest image first.

    ``reference`` and ``filters`` (NAME=VALUE) are docker's: REPOSITORY[:TAG] with ``*``; reference, label,
    dangling, before and since. Invalid for another filter.
    """
    views = tuple(namespaces(services)) if all_namespaces else (services,)
    wanted = [*filters, f"reference={reference}"] if reference else list(filters)
    found = [row for view in views for row in _rows(view, snapshotter)]
    for accept in _accepting(services, wanted):
        found = [row for row in found if accept(row)]
    oldest = datetime.min.replace(tzinfo=UTC)
    return tuple(sorted(found, key=lambda row: row.created or oldest, reverse=True))


def users(services: Services, *, all_namespaces: bool = False) -> dict[str, int]:
    """How many containers were made of each image, by its target's digest. Those that have no image count nowhere."""
    counted: Counter[str] = Counter()
    for view in tuple(namespaces(services)) if all_namespaces else (services,):
        targets = {image.name: image.target.digest for image in view.images.list()}
        counted.update(targets[each.image] for each in view.containers.list() if each.image in targets)
    return dict(counted)


def history(services: Services, word: str, *, snapshotter: str = "overlayfs") -> tuple[Step, ...]:
    """How an image came to be, the last step first."""
    image = find(services, word)
    documents = read(services, image.target)
    chain = iter(documents.chain_ids)
    steps = []
    for step in documents.config.history:
        chain_id = "" if step.empty_layer else next(chain, "")
        steps.append(
            Step(
                image="",
                created=step.created,
                created_by=step.created_by,
                size=(_size(services, snapshotter, (chain_id,)) or 0) if chain_id else 0,
                comment=step.comment,
            )
        )
    if steps:
        steps[-1] = replace(steps[-1], image=documents.config_digest)
    return tuple(reversed(steps))


def inspect(services: Services, image: Resolved, *, snapshotter: str = "overlayfs") -> dict[str, Any]:
    """An image in the words and the order of docker's ``image inspect``."""
    config = image.config
    names = [each.name for each in services.images.list(f"target.digest=={image.descriptor.digest}")]
    tagged, repositories = _references(names)
    record = services.images.get(image.name)
    steps = config.history
    described: dict[str, Any] = {
        "Id": image.config_digest,
        "RepoTags": tagged,
        "RepoDigests": [f"{repository}@{image.descriptor.digest}" for repository in repositories],
        "Parent": "",
        "Comment": steps[-1].comment if steps else "",
        "Created": rfc3339(config.created) if config.created else ZERO_TIME,
        "DockerVersion": "",
        "Author": config.author,
        "Architecture": config.architecture,
        "Variant": config.variant,
        "Os": config.os,
        "OsVersion": config.os_version,
        "Size": _image_size(services, snapshotter, image),
        "GraphDriver": {"Data": None, "Name": snapshotter},
        "RootFS": {"Type": "layers", "Layers": list(config.diff_ids)},
        "Metadata": {"LastTagTime": rfc3339(record.updated) if record.updated else ZERO_TIME},
        "Descriptor": {
            "mediaType": image.descriptor.media_type,
            "digest": image.descriptor.digest,
            "size": image.descriptor.size,
        },
        "Config": _config(image),
    }
    return {key: value for key, value in described.items() if value or key not in ("Variant", "OsVersion")}


def _config(image: Resolved) -> dict[str, Any]:
    config = image.config
    described: dict[str, Any] = {
        "Cmd": _listed(config.cmd),
        "Entrypoint": _listed(config.entrypoint),
        "Env": _listed(config.env or None),
        "ExposedPorts": {port: {} for port in sorted(config.exposed_ports)},
        "Healthcheck": config.healthcheck,
        "Labels": dict(sorted(config.labels.items())) or None,
        "OnBuild": _listed(config.on_build),
        "Shell": _listed(config.shell),
        "StopSignal": config.stop_signal,
        "User": config.user,
        "Volumes": {path: {} for path in config.volumes} or None,
        "WorkingDir": config.workdir,
    }
    optional = ("ExposedPorts", "Healthcheck", "Shell", "StopSignal")
    return {key: value for key, value in described.items() if value or key not in optional}


def _listed(words: Sequence[str] | None) -> list[str] | None:
    return None if words is None else list(words)


def _rows(services: Services, snapshotter: str) -> list[ImageSummary]:
    images = services.images.list()
    proper = {image.target.digest for image in images if _parsed(image.name)}
    return [
        _summary(services, snapshotter, image)
        for image in images
        if _parsed(image.name) or image.target.digest not in proper  # the CRI plugin names each by its id, too
    ]


def _summary(services: Services, snapshotter: str, image: Image) -> ImageSummary:
    reference = _parsed(image.name)
    named: dict[str, Any] = {
        "namespace": services.namespace,
        "name": image.name,
        "repository": reference.familiar if reference else "",
        "tag": reference.tag or "" if reference else "",
        "digest": image.target.digest,
    }
    try:
        documents = read(services, image.target)
    except (NotFound, Invalid):  # for another platform, or not all of it is here
        return ImageSummary(**named, id=image.target.digest, created=image.created, size=0, labels={})
    resolved = Resolved(name=image.name, descriptor=image.target, documents=documents)
    return ImageSummary(
        **named,
        id=documents.config_digest,
        created=documents.config.created or image.created,
        size=_image_size(services, snapshotter, resolved),
        labels=documents.config.labels,
    )


def _image_size(services: Services, snapshotter: str, image: Resolved) -> int:
    size = _size(services, snapshotter, image.documents.chain_ids)
    return sum(layer.size for layer in image.documents.manifest.layers) if size is None else size


def _size(services: Services, snapshotter: str, chain_ids: Sequence[str]) -> int | None:
    """Bytes that snapshots take on the disk; None if one is missing."""
    snapshots = services.snapshots(snapshotter)
    try:
        return sum(snapshots.usage(chain_id).size for chain_id in chain_ids)
    except NotFound:
        return None


def _parsed(name: str) -> references.Reference | None:
    try:
        return references.parse(name)
    except Invalid:
        return None


def _references(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Of containerd's names: those with a tag and the repositories, as docker shows them."""
    parsed = [reference for name in names if (reference := _parsed(name))]
    tagged = [reference.short() for reference in parsed if reference.tag and not reference.digest]
    return sorted(tagged), sorted({reference.familiar for reference in parsed})


def _accepting(services: Services, filters: Sequence[str]) -> list[Callable[[ImageSummary], bool]]:
    """A test for each name of a filter: values of one name are alternatives, but all labels must be there."""
    values = by_name(filters, FILTERS)
    tests: list[Callable[[ImageSummary], bool]] = []
    if patterns := [_pattern(text) for text in values.get("reference", ())]:
        tests.append(lambda row: any(_matches(row, pattern) for pattern in patterns))
    for label in values.get("label", ()):
        tests.append(labelled(label))
    dangling = truth("dangling", values.get("dangling", []))
    if dangling is not None:
        tests.append(lambda row: dangling is not bool(row.tag))
    for text in values.get("until", ()):
        until = parse_moment(text, time.time_ns())
        tests.append(lambda row, until=until: row.created is None or row.created.timestamp() * SECOND < until)  # type: ignore[misc]
    for name in ("before", "since"):
        for word in values.get(name, ()):
            tests.append(_beside(services, word, before=name == "before"))
    return tests


def _beside(services: Services, word: str, *, before: bool) -> Callable[[ImageSummary], bool]:
    limit = read(services, find(services, word).target).config.created
    if limit is None:
        return lambda _: False
    return lambda row: row.created is not None and (row.created < limit if before else row.created > limit)


def _pattern(text: str) -> re.Pattern[str]:
    """A pattern of docker's (Go's path.Match): ``*`` and ``?`` stand for all but a slash, ``[a-z]`` and ``[^a]``."""
    parts, rest = [], text
    while rest:
        if set_of := re.match(r"\[(\^?)((?:\\.|[^\]\\])+)\]", rest):
            parts.append(f"[{set_of[1]}{set_of[2].replace('[', chr(92) + '[')}]")
            rest = rest[set_of.end() :]
            continue
        if rest[0] == "[" or rest == "\\":
            raise Invalid("syntax error in pattern")
        literal = rest[0] == "\\"
        letter, rest = (rest[1], rest[2:]) if literal else (rest[0], rest[1:])
        parts.append({"*": "[^/]*", "?": "[^/]"}.get("" if literal else letter, re.escape(letter)))
    try:
        return re.compile("".join(parts))
    except re.error:
        raise Invalid("syntax error in pattern") from None


def _matches(row: ImageSummary, wanted: re.Pattern[str]) -> bool:
    """Whether a pattern is of an image's repository, or of repository and tag."""
    names = (row.repository, f"{row.repository}:{row.tag}", row.name)
    return bool(row.repository) and any(wanted.fullmatch(name) for name in names)
