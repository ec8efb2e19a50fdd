"""The records that make a chain: what is said of a container's layers, and by whom."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from chub.records import record


class Layer(StrEnum):
    """The layers of a chain, from the top."""

    DOCKER = "docker"
    CONTAINERD = "containerd"
    IMAGE = "image"
    SNAPSHOT = "snapshot"
    TASK = "task"
    SHIM = "shim"
    BUNDLE = "bundle"
    RUNC = "runc"
    PROCESS = "process"
    NAMESPACES = "namespaces"
    CGROUPS = "cgroups"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One witness: what one can open (``/proc/4242/cmdline``) or call (``Tasks.Get``), and what it said."""

    source: str
    said: str
    failed: str = ""  # why it could not be read; then `said` is empty


@record
class Fact:
    """One thing that is known, with all its witnesses: those that disagree are kept.

    ``of`` says what the label applies to where a layer has several of a kind (a directory *of* a snapshot).
    """

    label: str
    evidence: tuple[Evidence, ...]
    of: str = ""

    @property
    def value(self) -> str:
        """What the first witness that could be read said; empty when none could."""
        return next((witness.said for witness in self.evidence if not witness.failed), "")

    @property
    def source(self) -> str:
        """The first witness that could be read, else the first."""
        return next((witness.source for witness in self.evidence if not witness.failed), self.evidence[0].source)

    @property
    def agreed(self) -> bool:
        """Whether all witnesses that could be read said the same."""
        return len({witness.said for witness in self.evidence if not witness.failed}) <= 1


@record
class Link:
    """One layer of the chain.

    ``missing`` says why the layer has nothing (more) to show: it takes no part, is gone, or cannot be read.
    """

    layer: Layer
    facts: tuple[Fact, ...] = ()
    missing: str = ""

    def fact(self, label: str, of: str = "") -> Fact | None:
        """The first fact of this label (and, where given, of this thing)."""
        return next((f for f in self.facts if f.label == label and of in ("", f.of)), None)

    def value(self, label: str, of: str = "") -> str:
        """The value of that fact; empty when it is not there."""
        found = self.fact(label, of)
        return found.value if found else ""

    def labelled(self, label: str) -> tuple[Fact, ...]:
        """All facts of this label."""
        return tuple(f for f in self.facts if f.label == label)


@record
class Chain:
    """A container, layer by layer, each fact with its sources."""

    id: str
    name: str = ""  # empty: only its id
    namespace: str
    address: str  # the containerd it was found in
    found: tuple[Evidence, ...] = ()  # how the container was found, where it took more than its id
    links: tuple[Link, ...] = field(default=())

    def __getitem__(self, layer: str) -> Link:
        return next(link for link in self.links if link.layer == layer)

    @property
    def disagreements(self) -> tuple[tuple[Layer, Fact], ...]:
        """The facts whose sources contradict each other, with their layers."""
        return tuple((link.layer, fact) for link in self.links for fact in link.facts if not fact.agreed)

    def as_json(self) -> dict[str, Any]:
        """The chain as JSON can hold it; fields are only ever added."""
        return {
            "id": self.id,
            "name": self.name,
            "namespace": self.namespace,
            "address": self.address,
            "found": [_evidence_json(witness) for witness in self.found],
            "links": [
                {
                    "layer": str(link.layer),
                    "missing": link.missing,
                    "facts": [_fact_json(fact) for fact in link.facts],
                }
                for link in self.links
            ],
        }


def fact(label: str, said: str, source: str, *more: Evidence, of: str = "") -> Fact:
    """A fact with its first witness, and more of them."""
    return Fact(label=label, evidence=(Evidence(source, said), *more), of=of)


def unread(label: str, source: str, why: str, *, of: str = "") -> Fact:
    """A fact that its source would tell, and cannot."""
    return Fact(label=label, evidence=(Evidence(source, "", failed=why),), of=of)


def _fact_json(fact: Fact) -> dict[str, Any]:
    return {
        "label": fact.label,
        "of": fact.of,
        "value": fact.value,
        "agreed": fact.agreed,
        "evidence": [_evidence_json(witness) for witness in fact.evidence],
    }


def _evidence_json(witness: Evidence) -> dict[str, str]:
    return {"source": witness.source, "said": witness.said, "failed": witness.failed}
