"""Names and ids of containers: made, claimed, changed, and found again.

containerd knows ids only. A chub container's id has 64 hexadecimal digits; its name stands in the label
``nerdctl/name``, where nerdctl looks for it too.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

from chub.core.leasing import abandoned, mine
from chub.core.marks import NAME_LABEL, REQUEST
from chub.core.undo import gone
from chub.errors import AlreadyExists, Conflict, Invalid, NotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.api.containers import Container
    from chub.api.services import Services

CLAIM = timedelta(seconds=30)  # a claim's life, should its owner die
LONGEST = 255

_ADJECTIVES = (
    "able amber ample arctic azure brisk bronze calm candid cedar clever cobalt coral cosmic crisp daring deft eager"
    " early fair fleet fluent frosty gentle golden grand hardy humble ivory jolly keen kind lively lucid lunar mellow"
    " merry mighty misty modest noble opal patient placid plucky polar prime proud quick quiet rapid rosy rustic sage"
    " sandy serene sharp silver sleek smooth snowy solar solid stellar sterling sturdy subtle sunny swift teal tidy"
    " topaz tranquil trusty upbeat vast velvet vivid warm wise witty zesty"
)
_NOUNS = (
    "anchor anvil badger barge basin beacon birch bison bobcat brook canoe canyon cargo cedar clipper comet condor"
    " cove crane crate cutter delta dock dolphin dory eagle elk ember falcon ferry fjord fox galley garnet glacier"
    " granite grove gull harbor hare hawk heron hull island ivy jetty kayak keel kestrel lagoon lantern lark lynx"
    " maple marlin mast meadow mesa moose oak orca osprey otter owl pallet pebble pelican pier pine puffin quay raft"
    " raven reef ridge robin rudder sail salmon schooner seal sloop sparrow spruce stork swan tern tide tugboat"
    " walrus wharf whale willow wren yawl"
)


def new_id() -> str:
    """A container id: 64 hexadecimal digits."""
    return os.urandom(32).hex()


def lease_of(id: str) -> str:
    """The lease that holds what belongs to a container while it is made and, with a foreground run, while it runs."""
    return f"chub-{id[:16]}"


def made_up(seed: str) -> str:
    """A name that is easy to say, derived from an id: ``brisk_otter_3f2a``."""
    adjectives, nouns = _ADJECTIVES.split(), _NOUNS.split()
    number = int(seed[:8], 16)
    return f"{adjectives[number % len(adjectives)]}_{nouns[number // 97 % len(nouns)]}_{seed[8:12]}"


def checked(name: str) -> str:
    """`name`, if docker's grammar allows it; raises Invalid."""
    bare = name.removeprefix("/")
    if not re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+", bare):
        raise Invalid(
            f"Invalid container name ({name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed",
            hint="a name has two or more letters, digits, '_', '.' and '-', a letter or digit first",
        )
    if len(bare) > LONGEST:
        message = f"Invalid container name ({bare[:20]}…): {len(bare)} characters"
        raise Invalid(message, hint=f"at most {LONGEST} are allowed")
    return bare


def name_of(container: Container) -> str:
    """The container's name; "" where its maker gave it none."""
    return container.labels.get(NAME_LABEL, "")


@contextmanager
def claimed(
    services: Services, name: str, *, given_up: Callable[[Container], bool] = lambda _: False
) -> Iterator[None]:
    """Hold `name` while its container is made: of two clients at once, exactly one gets it.

    The lock is a lease with the name in its id: making it is atomic, and a dead owner's claim expires. Raises Conflict
    in docker's words if a container has the name, and is not `given_up`: removed, as it should have been.
    """
    lease = f"chub-name-{name}"
    _take(services, lease, name)
    try:
        for holder in services.containers.list(f'labels."{NAME_LABEL}"=={name}'):
            if not given_up(holder):
                raise taken(name, holder.id)
        yield
    finally:
        gone(services.leases.delete, lease)  # it may have expired, and the next claim have removed it


def rename(services: Services, container: Container, name: str) -> Container:
    """Give a container another name, and give back its record; of two clients that want the name one gets it.

    Raises Conflict in docker's words if another container has it, Invalid for its own and for what is no name.
    """
    if not name:
        raise Invalid("Neither old nor new names may be empty")
    if name.removeprefix("/") == name_of(container):
        raise Invalid("Renaming a container with the same name as its current name")
    new = checked(name)
    labels, extensions = {NAME_LABEL: new}, {}
    if asked := container.extensions.get(REQUEST):
        request = asked.json()
        request["identity"]["name"] = new
        extensions[REQUEST] = asked.of_json(asked.type_url, request)
    fields = [f"labels.{NAME_LABEL}", *(f"extensions.{key}" for key in extensions)]
    try:
        with claimed(services, new):
            return services.containers.update(replace(container, labels=labels, extensions=extensions), *fields)
    except Conflict as failure:
        raise Conflict(f"Error when allocating new name: {failure}") from failure


def _take(services: Services, lease: str, name: str) -> None:
    """Make the lease; another's is waited for until it is gone, has expired, or its client is gone."""
    import time

    from chub.api.leases import EXPIRE_LABEL

    while True:
        try:
            services.leases.create(lease, expires=CLAIM, labels=mine())
            return
        except AlreadyExists:
            for held in services.leases.list(f"id=={lease}"):
                if EXPIRE_LABEL not in held.labels or abandoned(held):
                    gone(services.leases.delete, lease)
            time.sleep(0.02)  # containerd tells nobody about leases: there is no event to wait for


def taken(name: str, id: str) -> Conflict:
    """The error for a name in use."""
    return Conflict(
        f'Conflict. The container name "/{name}" is already in use by container "{id}". You have to remove (or rename) '
        "that container to be able to reuse that name."
    )


def find(services: Services, word: str) -> Container:
    """The container with this id, name, or unambiguous beginning of an id.

    Raises NotFound in docker's words, with a hint where another namespace has it; Conflict if several match.
    """
    bare = word.removeprefix("/")
    found = _matching(services, bare)
    if len(found) == 1:
        return found[0]
    if found:
        raise Conflict(f"multiple IDs found with provided prefix: {word}", hint="give more digits, or the whole id")
    raise NotFound(f"No such container: {word}", hint=_elsewhere(services, bare))


def _matching(services: Services, word: str) -> tuple[Container, ...]:
    """Whole id before name before beginning of an id, as docker."""
    if not re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*", word):
        return ()
    found = services.containers.list(f"id=={word}", f'labels."{NAME_LABEL}"=={word}', f"id~=^{re.escape(word)}")
    for matches in (
        tuple(each for each in found if each.id == word),
        tuple(each for each in found if name_of(each) == word),
    ):
        if matches:
            return matches
    return found


def _elsewhere(services: Services, word: str) -> str:
    """Where else there is such a container, as a hint; "" if nowhere."""
    for namespace in services.namespaces.list():
        if namespace.name != services.namespace and _matching(services.within(namespace.name), word):
            return (
                f"the namespace {namespace.name!r} has one: chub --namespace {namespace.name} …, or look at all "
                "with chub ps -a --all-namespaces"
            )
    if services.namespace == "moby":
        return "containerd knows docker's containers by their ids, while they run: docker ps --no-trunc"
    return ""
