"""The records of a chain, and their JSON."""

from __future__ import annotations

import json

from chub.chain.links import Chain, Evidence, Fact, Layer, Link, fact, unread

AGREED = fact("pid", "7", "Tasks.Get", Evidence("/proc/7/status", "7"))
TORN = Fact(label="root", evidence=(Evidence("Containers.Get", "/a"), Evidence("options.json", "/b")))
CHAIN = Chain(
    id="web",
    namespace="demo",
    address="/run/containerd/containerd.sock",
    links=(
        Link(layer=Layer.TASK, facts=(AGREED,)),
        Link(layer=Layer.RUNC, facts=(TORN, unread("version", "runc --version", "not run"))),
        Link(layer=Layer.DOCKER, missing="takes no part"),
    ),
)


def test_witnesses_that_agree() -> None:
    """The value is the first's word, and all are kept."""
    assert (AGREED.value, AGREED.source, AGREED.agreed, len(AGREED.evidence)) == ("7", "Tasks.Get", True, 2)


def test_a_witness_that_could_not_be_read_contradicts_nobody() -> None:
    """Its reason is kept, its silence is no answer."""
    partly = Fact(label="pid", evidence=(Evidence("a", "", failed="permission denied"), Evidence("b", "7")))

    assert (partly.value, partly.source, partly.agreed) == ("7", "b", True)


def test_contradictions_are_named() -> None:
    """With their layer."""
    assert CHAIN.disagreements == ((Layer.RUNC, TORN),)


def test_facts_by_name() -> None:
    """A layer by its name, a fact by its label, and nothing for what is not there."""
    assert CHAIN["task"].value("pid") == "7"
    assert CHAIN["task"].value("status") == ""
    assert CHAIN["runc"].labelled("root") == (TORN,)


def test_json_is_stable() -> None:
    """The keys that programs may rely on."""
    said = json.loads(json.dumps(CHAIN.as_json()))

    assert sorted(said) == ["address", "found", "id", "links", "name", "namespace"]
    assert sorted(said["links"][0]) == ["facts", "layer", "missing"]
    assert said["links"][0]["facts"][0] == {
        "label": "pid",
        "of": "",
        "value": "7",
        "agreed": True,
        "evidence": [
            {"source": "Tasks.Get", "said": "7", "failed": ""},
            {"source": "/proc/7/status", "said": "7", "failed": ""},
        ],
    }
    assert said["links"][2] == {"layer": "docker", "missing": "takes no part", "facts": []}
