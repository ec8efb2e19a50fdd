"""Whose containers are spared."""

import pytest

from chub.api.containers import Container
from chub.core.owners import spared

POD = {"io.cri-containerd.kind": "container"}


@pytest.mark.parametrize(
    ("labels", "namespace", "expected"),
    [
        ({}, "moby", True),
        ({}, "k8s.io", True),
        (POD, "k8s.io", True),
        (POD, "default", True),
        ({"nerdctl/name": "web"}, "k8s.io", True),
        ({"nerdctl/name": "web"}, "default", False),
        ({}, "default", False),
        ({"chub/version": "1"}, "k8s.io", False),
        ({"chub/version": "1"}, "moby", False),
    ],
)
def test_what_is_spared(labels: dict[str, str], namespace: str, expected: bool) -> None:
    """Docker's and Kubernetes's, and what others made in their namespaces; chub's own nowhere."""
    assert spared(Container(id="web", labels=labels), namespace) is expected
