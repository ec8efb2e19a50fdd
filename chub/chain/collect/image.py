"""The image: what its name stands for today, and whether that is what the container was made from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chub.chain.links import Evidence, Fact, Layer, Link, fact, unread
from chub.core import images
from chub.errors import ChubError, NotFound
from chub.oci.layers import chain_ids

if TYPE_CHECKING:
    from chub.api.containers import Container
    from chub.api.services import Services
    from chub.chain.collect.docker import Said


def collect(services: Services, container: Container, stack: Link) -> Link:
    """The image that the record names, in containerd. ``stack``: the snapshots, with the top chain ID."""
    if not container.image:
        return Link(layer=Layer.IMAGE, missing="none: the record (Containers.Get) names no image")
    facts = [fact("name", container.image, "Containers.Get")]
    try:
        image = services.images.get(container.image)
    except NotFound:
        missing = f"gone: Images.Get knows no {container.image}"
        return Link(layer=Layer.IMAGE, facts=tuple(facts), missing=missing)
    facts += [
        fact("digest", image.target.digest, "Images.Get"),
        fact("media type", image.target.media_type, "Images.Get"),
    ]
    try:
        found = images.read(services, image.target)
    except ChubError as failure:
        facts.append(unread("manifest", "Content.Read", str(failure)))
        return Link(layer=Layer.IMAGE, facts=tuple(facts))
    facts += [
        fact("manifest", found.manifest_digest, "Content.Read"),
        fact("config", found.config_digest, "Content.Read"),
        fact("layers", str(len(found.manifest.layers)), "Content.Read"),
    ]
    facts += _top(found.chain_ids, "Content.Read", stack)
    return Link(layer=Layer.IMAGE, facts=tuple(facts))


def of_docker(said: Said, stack: Link) -> Link:
    """The image that docker keeps, where containerd knows none."""
    if said.container is None:
        return Link(layer=Layer.IMAGE, missing="none: neither containerd's record nor docker names an image")
    inspected = f"docker inspect {said.container.id}"
    facts = [
        fact("name", said.container.image, inspected),
        fact("config", said.container.image_id, inspected),
    ]
    if said.image is None:
        facts.append(unread("layers", f"docker image inspect {said.container.image_id}", "docker has it no more"))
        return Link(layer=Layer.IMAGE, facts=tuple(facts))
    source = f"docker image inspect {said.image.id}"
    facts.append(fact("layers", str(len(said.image.diff_ids)), source))
    facts += _top(chain_ids(said.image.diff_ids), source, stack)
    return Link(layer=Layer.IMAGE, facts=tuple(facts))


def _top(chain: tuple[str, ...], source: str, stack: Link) -> list[Fact]:
    """The chain ID of the topmost layer, as the image has it and as the container's snapshots have it.

    They differ when the name was given to another image since.
    """
    if not chain:
        return []
    used = next((f for f in stack.labelled("committed") if f.value.startswith("sha256:")), None)
    others = (Evidence(used.source, used.value),) if used else ()
    return [fact("chain ID", chain[-1], source, *others)]
