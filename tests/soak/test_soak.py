"""Many containers, and one container many times: nothing fails, nothing is left, nothing grows."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

import chub as sdk
from chub.core.listing import State
from chub.engine.shims import find
from chub.options.process import Process
from chub.options.request import Identity, Request
from tests.support.command import Command
from tests.support.engines import Engine
from tests.support.keepers import keepers
from tests.support.waiting import wait_until

MANY = int(os.environ.get("CHUB_SOAK_MANY", "100"))  # containers
CYCLES = int(os.environ.get("CHUB_SOAK_CYCLES", "1000"))
WARM = 50  # cycles after which caches are full
AT_ONCE = 8
PATIENCE = 60.0  # seconds
HOUR = 3600
GROWTH = 1 << 20  # bytes of memory that allocators may differ by

pytestmark = pytest.mark.timeout(HOUR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """What is held for a test's containers."""

    files: frozenset[str]  # of chub, and containerd's bundles
    descriptors: dict[str, int]  # open in the keeper's two processes, and in this one
    memory: int  # bytes of the keeper's two processes
    leases: int
    shims: int

    @classmethod
    def now(cls, client: sdk.Client, engine: Engine, roots: tuple[Path, Path]) -> Holdings:
        """What is held now."""
        worker, guard = sorted(keepers(roots))
        bundles = engine.bundles / client.services.namespace
        return cls(
            files=frozenset(str(path) for root in (*roots, bundles) for path in root.rglob("*")),
            descriptors={
                name: len(os.listdir(f"/proc/{pid}/fd"))
                for name, pid in (("guard", guard), ("worker", worker), ("client", os.getpid()))
            },
            memory=sum(map(_memory, (guard, worker))),
            leases=len(client.services.leases.list()),
            shims=len(_shims(client, engine)),
        )


def _memory(pid: int) -> int:
    """What a process has of the memory for itself, in bytes."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) << 10 for line in lines if line.startswith("Pss:"))


def _shims(client: sdk.Client, engine: Engine) -> list[int]:
    return [shim.pid for shim in find(Path(engine.address)) if shim.namespace == client.services.namespace]


def _request(image: str, *words: str, name: str) -> Request:
    return Request(image=image, words=words, identity=Identity(name=name), process=Process())


@pytest.fixture
def holder(client: sdk.Client, image: str) -> Iterator[sdk.Container]:
    """A container that runs all the time: so the keeper does."""
    made = client.containers.launch(_request(image, "sleep", "100000", name="holder"))
    yield made
    with suppress(sdk.NotFound):
        made.remove(force=True)


def test_what_has_ended_keeps_no_process(
    client: sdk.Client, image: str, engine: Engine, roots: tuple[Path, Path]
) -> None:
    """A hundred containers that have ended have no shim, and the keeper ends."""
    with ThreadPoolExecutor(AT_ONCE) as threads:
        requests = [_request(image, "sh", "-c", f"echo {each}; exit {each}", name=f"c{each}") for each in range(MANY)]
        made = list(threads.map(client.containers.launch, requests))

    wait_until(lambda: all(each.state is State.EXITED for each in _all(client)), PATIENCE, "their ends")
    assert [each.reload().exit_code for each in made] == list(range(MANY))
    wait_until(lambda: not _shims(client, engine), PATIENCE, "the end of their shims")
    assert [b"".join(line.data for line in each.logs()) for each in made] == [b"%d\n" % each for each in range(MANY)]
    wait_until(lambda: not keepers(roots), PATIENCE, "the end of the keeper")
    with ThreadPoolExecutor(AT_ONCE) as threads:
        list(threads.map(sdk.Container.remove, made))


def _all(client: sdk.Client) -> tuple[sdk.Container, ...]:
    return client.containers.list(all=True)


def test_eight_at_a_time(chub: Command, client: sdk.Client, image: str) -> None:
    """A hundred runs: every byte and every exit status arrives."""

    def run(number: int) -> tuple[str, str, int]:
        ended = chub("run", "--rm", image, "sh", "-c", f"echo {number}; exit {number}", timeout=PATIENCE)
        return ended.stdout, ended.stderr, ended.exit_status

    with ThreadPoolExecutor(AT_ONCE) as threads:
        said = list(threads.map(run, range(MANY)))

    assert said == [(f"{number}\n", "", number) for number in range(MANY)]
    assert _all(client) == ()


def test_one_container_a_thousand_times(
    client: sdk.Client,
    image: str,
    engine: Engine,
    roots: tuple[Path, Path],
    holder: sdk.Container,
) -> None:
    """Started and stopped again and again: no file, descriptor, lease or process is left, and no memory is taken."""
    web = client.containers.create(_request(image, "sleep", "100000", name="web"))
    for cycle in range(CYCLES):
        web.start()
        web.stop(timeout=0)
        if cycle == WARM:
            before = _settled(client, engine, roots, web)
    after = _settled(client, engine, roots, web)

    assert (after.files, after.descriptors) == (before.files, before.descriptors)
    assert (after.leases, after.shims) == (before.leases, before.shims)
    assert after.memory < before.memory + GROWTH
    web.remove()


def _settled(client: sdk.Client, engine: Engine, roots: tuple[Path, Path], container: sdk.Container) -> Holdings:
    """What is held once a container's end is finished."""
    note = client.workspace.state / "keeper" / "1" / f"{container.id}.json"
    wait_until(lambda: not note.exists() and len(_shims(client, engine)) == 1, PATIENCE, "the end of its shim")
    return Holdings.now(client, engine, roots)
