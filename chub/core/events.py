"""What happens to containers and images, in docker's words: from containerd's events, and of the past what is provable.

containerd keeps no events. What happened before somebody listened is told by what is there now: when a container and an
image were made, and when a container of chub's was last started and ended. Who sent a signal and which program was
executed is in no event of containerd's.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from chub.api.events import Event, Missed
from chub.api.streams import Stream
from chub.core.filters import by_name
from chub.core.images import read
from chub.core.listing import State, Summary, containers, summary
from chub.core.marks import NAME_LABEL
from chub.core.workspace import Workspace
from chub.errors import Invalid, NotFound
from chub.oci import references
from chub.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.api.images import Image

CONTAINER, IMAGE = "container", "image"
ELSEWHERE = ("config", "network", "node", "plugin", "secret", "service", "volume")  # docker's types that chub lacks
FILTERS = ("container", "daemon", "event", "image", "label", "scope", "type", *ELSEWHERE)
SCOPE = "local"
TOPICS = 'topic~="^/(containers|images|tasks)/"'
PLAIN = {"/tasks/start": "start", "/tasks/oom": "oom", "/tasks/paused": "pause", "/tasks/resumed": "unpause"}
OF_EXEC = {"/tasks/exec-added": "exec_create", "/tasks/exec-started": "exec_start"}


@record
class Happening:
    """Something that happened to a container or an image, as docker's events have it."""

    time: datetime
    type: str  # container or image
    action: str  # create, start, die, …
    id: str
    attributes: Mapping[str, str]  # labels, image, name; exitCode, execDuration, execID, oldName
    scope: str = SCOPE


def happenings(
    workspace: Workspace,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    filters: Sequence[str] = (),
) -> Stream[Happening | Missed]:
    """What happens in this namespace, with what is provable of the time from `since`, until `until` or for ever.

    Without `since` nothing of the past comes, but all of it with an `until`, as docker does. A restart of the engine is
    survived; a `Missed` comes then. `filters` are docker's, NAME=VALUE. Raises Invalid for a wrong one, and for an end
    before the beginning.
    """
    if since and until and since > until:
        raise Invalid(f"`since` time ({since.timestamp():.9f}) cannot be after `until` time ({until.timestamp():.9f})")
    accept = accepting(filters, lambda: (workspace.engine, socket.gethostname()))
    witness = _Witness(workspace)
    if since is None and until is not None:
        since = datetime.fromtimestamp(0, UTC)
    if until is not None and until <= datetime.now(UTC):
        return Stream(filter(accept, witness.past(since, until)), lambda: None)
    following = workspace.services.events.follow(f"namespace=={workspace.services.namespace},{TOPICS}")
    clock = None
    if until is not None:
        clock = threading.Timer((until - datetime.now(UTC)).total_seconds(), following.cancel)
        clock.daemon = True
        clock.start()

    def end() -> None:
        following.cancel()
        if clock is not None:
            clock.cancel()

    told = witness.story(following, witness.past(since, datetime.now(UTC)))
    return Stream((each for each in told if isinstance(each, Missed) or accept(each)), end)


class _Witness:
    """Knows the containers and images there are, for what events leave out."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._attributes: dict[str, dict[str, str]] = {}  # by container
        self._started: dict[str, datetime] = {}
        self._images: dict[str, str] = {}  # id by name

    def story(self, following: Stream[Event | Missed], past: Sequence[Happening]) -> Iterator[Happening | Missed]:
        """The past, then what is told."""
        yield from past
        for event in following:
            if isinstance(event, Missed):
                yield event
                self.past(None, event.until)
            else:
                yield from self._told(event)

    def past(self, since: datetime | None, until: datetime) -> Sequence[Happening]:
        """Look at all that is there, and tell what that proves; nothing without `since`."""
        found: list[Happening] = []
        for row in containers(self._workspace, all=True):
            found += self._life(row)
        for image in self._workspace.services.images.list():
            found += self._named(image, image.created)
        found.sort(key=lambda each: each.time)
        return [each for each in found if since is not None and since <= each.time <= until]

    def _life(self, row: Summary) -> Iterator[Happening]:
        id = row.record.id
        self._know(row)
        started, finished = row.started, row.finished
        if row.record.created:
            yield self._container(row.record.created, "create", id)
        if started and row.state is not State.CREATED:
            self._started[id] = started
            yield self._container(started, "start", id)
        if finished and row.exit_code is not None:
            yield self._died(finished, id, row.exit_code)

    def _know(self, row: Summary) -> None:
        self._attributes[row.record.id] = {**row.labels, "image": row.image, "name": row.name}

    def _told(self, event: Event) -> Iterator[Happening]:
        time, payload = event.time or datetime.now(UTC), event.payload
        if event.topic.startswith("/images/"):
            yield from self._image(time, event.topic, str(payload.get("name", "")))
            return
        id = str(payload.get("container_id") or payload.get("id") or "")
        if event.topic == "/tasks/start":
            self._started[id] = time
        if event.topic in PLAIN:
            yield self._container(time, PLAIN[event.topic], id)
        elif event.topic in OF_EXEC:
            yield self._container(time, OF_EXEC[event.topic], id, execID=str(payload.get("exec_id", "")))
        elif event.topic == "/tasks/exit":
            yield self._ended(time, id, payload)
        elif event.topic == "/containers/create":
            self._fetch(id, str(payload.get("image", "")))
            yield self._container(time, "create", id)
        elif event.topic == "/containers/update":
            yield from self._renamed(time, id, payload)
        elif event.topic == "/containers/delete":
            yield self._container(time, "destroy", id)
            self._attributes.pop(id, None)
            self._started.pop(id, None)

    def _fetch(self, id: str, image: str) -> None:
        """Read the record of a container; one that has gone already has an image only."""
        try:
            found = self._workspace.services.containers.get(id)
        except NotFound:
            self._attributes[id] = {"image": image} if image else {}
        else:
            self._know(summary(self._workspace, found, None))

    def _container(self, time: datetime, action: str, id: str, **more: str) -> Happening:
        if id not in self._attributes:
            self._fetch(id, "")
        attributes = {**self._attributes[id], **more}
        return Happening(time=time, type=CONTAINER, action=action, id=id, attributes=attributes)

    def _ended(self, time: datetime, id: str, payload: Mapping[str, Any]) -> Happening:
        code, process = payload["exit_status"], payload["id"]
        if process != id:
            return self._container(time, "exec_die", id, execID=process, exitCode=str(code))
        return self._died(time, id, code)

    def _died(self, time: datetime, id: str, code: int) -> Happening:
        known = {"exitCode": str(code)}
        if id in self._started:
            known["execDuration"] = str(int((time - self._started[id]).total_seconds()))
        return self._container(time, "die", id, **known)

    def _renamed(self, time: datetime, id: str, payload: Mapping[str, Any]) -> Iterator[Happening]:
        before = self._attributes.get(id, {}).get("name", "")
        self._fetch(id, str(payload.get("image", "")))
        after = (payload.get("labels") or {}).get(NAME_LABEL, before)
        if after != before:
            yield self._container(time, "rename", id, name=after, oldName=f"/{before}")

    def _image(self, time: datetime, topic: str, name: str) -> Iterator[Happening]:
        """Of a name that has gone again the id is not known: then it stands for itself."""
        if topic != "/images/delete":
            for image in self._workspace.services.images.list(f"name=={name}"):
                yield from self._named(image, time)
            return
        id = self._images.pop(name, references.familiar(name))
        happened = Happening(time=time, type=IMAGE, action="untag", id=id, attributes={"name": id})
        yield happened
        if id not in self._images.values():
            yield replace(happened, action="delete")

    def _named(self, image: Image, time: datetime | None) -> Iterator[Happening]:
        """A name that an image got; containerd updates records also where that stays as it was."""
        try:
            id = read(self._workspace.services, image.target).config_digest
        except (NotFound, Invalid):
            id = image.target.digest
        known, self._images[image.name] = self._images.get(image.name), id
        name = references.familiar(image.name)
        if time is not None and id != known:
            yield Happening(time=time, type=IMAGE, action="tag", id=id, attributes={"name": name})


def accepting(filters: Sequence[str], daemons: Callable[[], Collection[str]]) -> Callable[[Happening], bool]:
    """Whether all filters let something through; of several values for one name one has to match, of labels all."""
    values = by_name(filters, FILTERS)
    tests = [(_TESTS[name], values[name]) for name in _TESTS if name in values]
    nobody = any(name in values for name in ELSEWHERE)
    nobody = nobody or ("daemon" in values and not set(daemons()) & set(values["daemon"]))
    return lambda happened: not nobody and all(test(happened, wanted) for test, wanted in tests)


def _of_container(happened: Happening, wanted: Sequence[str]) -> bool:
    """By the beginning of its id or name, as docker."""
    name = happened.attributes.get("name", "")
    return happened.type == CONTAINER and (happened.id.startswith(tuple(wanted)) or name.startswith(tuple(wanted)))


def _of_image(happened: Happening, wanted: Sequence[str]) -> bool:
    name = happened.attributes.get("name" if happened.type == IMAGE else "image", "")
    return not {happened.id, name, _untagged(name)}.isdisjoint(wanted)


def _untagged(name: str) -> str:
    head, colon, tag = name.rpartition(":")
    return head if colon and "/" not in tag else name


def _labelled(happened: Happening, wanted: Sequence[str]) -> bool:
    pairs = [text.partition("=") for text in wanted]
    return all(
        name in happened.attributes and (not equals or happened.attributes[name] == value)
        for name, equals, value in pairs
    )


_TESTS: Mapping[str, Callable[[Happening, Sequence[str]], bool]] = {
    "container": _of_container,
    "event": lambda happened, wanted: happened.action in wanted,
    "image": _of_image,
    "label": _labelled,
    "scope": lambda happened, wanted: happened.scope in wanted,
    "type": lambda happened, wanted: happened.type in wanted,
}
