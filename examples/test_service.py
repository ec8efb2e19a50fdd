"""A test whose service runs in a container of its own.

    sudo python3 -m pytest examples/test_service.py

chub's plugin brings the fixture `container`. The image is one with a shell and an `nc`; IMAGE names it.
"""

import os
from collections.abc import Callable

import pytest

import chub
from chub.testing import ContainerFactory

IMAGE = os.environ.get("IMAGE", "busybox")


@pytest.fixture
def service(container: ContainerFactory) -> chub.Container:
    """A server that says what it is told, ready to be asked."""
    serve = "echo serving; while :; do nc -l -p 7 -e cat; done"
    return container(IMAGE, ["sh", "-c", serve], ready="serving")


@pytest.fixture
def ask(service: chub.Container) -> Callable[[str], str]:
    """Ask the server from inside: containers have no network of the host's."""
    return lambda text: service.exec(["sh", "-c", f"until echo {text} | nc -w 2 127.0.0.1 7; do :; done"]).text


def test_it_answers(ask: Callable[[str], str]) -> None:
    """What is sent comes back."""
    assert ask("hello") == "hello\n"


def test_it_is_another_one(service: chub.Container) -> None:
    """Each test has its own: nothing that another one did is there."""
    assert service.exec(["ls", "/left-by-a-test"]).exit_code != 0
    service.exec(["touch", "/left-by-a-test"]).check()
