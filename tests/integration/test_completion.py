"""Names of what the engine has, completed, and a real bash that does it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.command import CHUB, Command
from tests.support.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def two(chub: Command, image: str) -> Iterator[None]:
    """A container `alive` that runs and one `made` that does not."""
    chub.ok("run", "-d", "--network", "none", "--name", "alive", image, "sleep", "600")
    chub.ok("create", "--network", "none", "--name", "made", image, "true")
    yield
    chub.ok("rm", "-f", "alive", "made")


@pytest.mark.usefixtures("two")
def test_names(chub: Command, namespace: str) -> None:
    """Each command is offered what it has to do with: containers in their state, images, snapshots, namespaces."""

    def offered(*words: str) -> list[str]:
        return [line.partition("\t")[0] for line in chub.ok("__complete", "--", *words).splitlines()]

    assert offered("stop", "") == ["alive"]
    assert offered("start", "") == ["made"]
    assert offered("rm", "") == ["alive", "made"]
    assert offered("rm", "made", "") == ["alive"]
    assert offered("container", "rename", "m") == offered("rename", "m") == ["made"]
    assert offered("run", "--rm", "bus") == ["busybox:latest"]
    assert offered("inspect", "") == ["alive", "busybox:latest", "made"]
    assert namespace in offered("ps", "--namespace", "")
    assert offered("--namespace", "elsewhere", "rm", "") == []


@pytest.mark.usefixtures("two")
def test_bash(chub: Command) -> None:
    """Tab completes commands, names, and values after ``=`` and ``:``, on the line as it stands."""
    env = dict(chub.env) | {"PATH": f"{CHUB.parent}:/usr/bin:/bin", "PS1": "", "HISTFILE": ""}
    with Terminal(Command(words=["bash", "--norc", "--noprofile"], env=env), columns=200) as bash:
        bash.type("source <(chub completion bash); echo set  up\r")
        bash.until("set up")
        for typed, done in (
            ("pause al", "pause alive "),
            ("run --network=h", "run --network=host "),
            ("run busybox:l", "run busybox:latest "),
            ("rena", "rename "),
        ):
            bash.type(f"chub {typed}\t")
            bash.until(f"chub {done}")
            bash.type("\x15")
        bash.type("exit\r")
        bash.process.wait(10)
