"""Which containers a listing shows: docker's filters of ``ps``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from chub.core import names
from chub.core.filters import by_name, labelled, truth
from chub.core.listing import EPOCH, State, Summary, bound, network_of
from chub.errors import ChubError, Invalid
from chub.options.network import parse_ports
from chub.options.values import parse_int

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chub.core.workspace import Workspace

FILTERS = (
    "ancestor",
    "before",
    "exited",
    "expose",
    "health",
    "id",
    "is-task",
    "isolation",
    "label",
    "name",
    "network",
    "publish",
    "since",
    "status",
    "volume",
)
STATES = ("created", "running", "paused", "restarting", "removing", "exited", "dead")
HEALTHS = ("none", "starting", "healthy", "unhealthy")

Test = Callable[[Summary], bool]


class Selection:
    """What filters (NAME=VALUE) let through: values of one name are alternatives, but all labels must be there.

    Raises Invalid in docker's words for a wrong filter, NotFound for a container that ``before`` or ``since`` names.
    """

    def __init__(self, workspace: Workspace, filters: Sequence[str] = ()) -> None:
        self._workspace = workspace
        self._values = by_name(filters, FILTERS)
        self._tests = [*self._plain(), *self._beside(), *self._ancestors()]

    @property
    def everything(self) -> bool:
        """Whether the filters ask also for containers that do not run."""
        return "status" in self._values

    def of(self, rows: Iterable[Summary]) -> tuple[Summary, ...]:
        """Those of `rows` that the filters let through."""
        rows = tuple(rows)
        if ids := self._values.get("id"):  # as docker's: names do not narrow down what ids have found
            rows = _with_ids(rows, ids)
        elif patterns := self._values.get("name"):
            rows = tuple(row for row in rows if any(_named(row, pattern) for pattern in patterns))
        return tuple(row for row in rows if all(test(row) for test in self._tests))

    def _plain(self) -> list[Test]:
        """Tests that look at nothing but the row."""
        values = self._values
        tests: list[Test] = [labelled(label) for label in values.get("label", ())]
        if states := _known("status", "state", values.get("status", ()), STATES):
            tests.append(lambda row: row.state in states)
        if healths := _known("health", "health", values.get("health", ()), HEALTHS):
            tests.append(lambda row: "none" in healths)  # nothing looks after a container's health yet
        if codes := [_number("exited", text) for text in values.get("exited", ())]:
            tests.append(lambda row: row.state is State.EXITED and row.exit_code in codes)
        for name in ("expose", "publish"):
            for text in values.get(name, ()):
                _check_ports(name, text)
                tests.append(lambda row: False)  # no container has ports yet
        if truth("is-task", values.get("is-task", [])):
            tests.append(lambda row: False)  # swarm's
        if networks := values.get("network"):
            tests.append(lambda row: network_of(row.record) in networks)
        if places := values.get("volume"):
            tests.append(
                lambda row: any({each["source"], each["destination"]} & set(places) for each in bound(row.record))
            )
        return tests

    def _beside(self) -> list[Test]:
        """Tests for what was made before or after another container."""
        tests: list[Test] = []
        for word in self._values.get("before", ()):
            before = names.find(self._workspace.services, word).created or EPOCH
            tests.append(lambda row, limit=before: (row.record.created or EPOCH) < limit)  # type: ignore[misc]
        for word in self._values.get("since", ()):
            since = names.find(self._workspace.services, word).created or EPOCH
            tests.append(lambda row, limit=since: (row.record.created or EPOCH) > limit)  # type: ignore[misc]
        return tests

    def _ancestors(self) -> list[Test]:
        """A test for what was made of an image, whatever name of it was used."""
        if not (words := self._values.get("ancestor")):
            return []
        from chub.core.images import find

        services = self._workspace.services
        wanted: set[str] = set()
        for word in words:
            try:
                wanted.add(find(services, word).target.digest)
            except ChubError:
                continue
        targets: dict[str, dict[str, str]] = {}

        def made_of(row: Summary) -> bool:
            if row.namespace not in targets:
                images = services.within(row.namespace).images.list()
                targets[row.namespace] = {image.name: image.target.digest for image in images}
            return targets[row.namespace].get(row.record.image) in wanted

        return [made_of]


def _with_ids(rows: Sequence[Summary], words: Sequence[str]) -> tuple[Summary, ...]:
    """The rows whose id is one of the words, or the only one that begins so."""
    found = []
    for word in words:
        matching = [row for row in rows if row.record.id.startswith(word)]
        whole = [row for row in matching if row.record.id == word]
        found += (whole or matching) if word and len(whole or matching) == 1 else []
    return tuple(row for row in rows if row in found)


def _named(row: Summary, pattern: str) -> bool:
    """Whether a name is this one, or has this regular expression in it; docker's names have a slash before them."""
    if not row.name:
        return False
    spellings = (row.name, f"/{row.name}")
    if pattern in spellings:
        return True
    try:
        wanted = re.compile(pattern)
    except re.error:
        return False
    return any(wanted.search(name) for name in spellings)


def _known(name: str, what: str, values: Sequence[str], known: Sequence[str]) -> Sequence[str]:
    """The values of a filter, if all of them are `known`."""
    for value in values:
        if value not in known:
            said = f"invalid value for {what} ({value}): must be one of {', '.join(known)}"
            raise Invalid(f"invalid filter '{name}={value}': {said}")
    return values


def _number(name: str, text: str) -> int:
    try:
        return parse_int(text)
    except Invalid:
        message = f"invalid filter '{name}={text}': strconv.Atoi: parsing \"{text}\": invalid syntax"
        raise Invalid(message) from None


def _check_ports(name: str, text: str) -> None:
    """Refuse what is no PORT[-PORT][/PROTOCOL], in docker's words."""
    try:
        parse_ports(text.partition("/")[0])
    except Invalid as failure:
        raise Invalid(f"error while looking up for {name} {text}: {failure}") from failure
