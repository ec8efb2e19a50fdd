"""Fixtures for tests on a real engine: a containerd a worker, a namespace and a pair of roots a test."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support import engines, rootfs
from tests.support.command import CHUB, Command
from tests.support.engines import Engine

if TYPE_CHECKING:
    from chub.api.services import Services
    from chub.sdk.client import Client
    from chub.settings import Settings

LOG_TAIL = 30  # lines of the engine's log in the report of a failure
_log_offset = pytest.StashKey[int]()


@pytest.fixture(scope="session")
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A private containerd, of the version that `--engine` names."""
    with engines.containerd(engines.chosen(request.config.getoption("--engine"))) as started:
        yield started


@pytest.fixture(scope="session")
def busybox() -> Path:
    """A busybox tree with users root, u and nobody. It is shared: copy it before you write to it."""
    return rootfs.busybox()


@pytest.fixture
def roots() -> Iterator[tuple[Path, Path]]:
    """A data root and a state root of chub, for one test."""
    directory = Path(tempfile.mkdtemp(prefix="chub-t-"))  # not tmp_path: sockets and FIFOs want short names
    data, state = directory / "data", directory / "state"
    data.mkdir(mode=0o700)
    state.mkdir(mode=0o700)
    yield data, state
    shutil.rmtree(directory)


@pytest.fixture
def services(request: pytest.FixtureRequest, engine: Engine, roots: tuple[Path, Path]) -> Iterator[Services]:
    """The engine's services in a namespace of the test's own, where nothing may be left at its end."""
    from chub.api.channel import Channel
    from chub.api.namespaces import Namespace
    from chub.api.services import Services
    from tests.support.leaks import Scene

    request.node.stash[_log_offset] = engine.log.stat().st_size
    with Services(Channel(engine.address), f"t-{secrets.token_hex(4)}") as made:
        made.namespaces.create(Namespace(name=made.namespace))
        scene = Scene.before(engine, made, *roots)
        yield made
        leaks = scene.leaks()
        scene.tidy()
    if leaks:
        pytest.fail("left behind:\n" + "\n".join(f"  {leak}" for leak in leaks), pytrace=False)


@pytest.fixture
def namespace(services: Services) -> str:
    """The test's own containerd namespace."""
    return services.namespace


@pytest.fixture
def settings(engine: Engine, namespace: str, roots: tuple[Path, Path]) -> Settings:
    """Settings for the engine, the namespace and the roots of this test."""
    from chub.settings import load

    flags = {
        "address": engine.address,
        "namespace": namespace,
        "data_root": str(roots[0]),
        "state_root": str(roots[1]),
    }
    return load(flags, environ={}, files=())


@pytest.fixture
def client(settings: Settings) -> Iterator[Client]:
    """An SDK client with the settings of this test."""
    from chub.sdk.client import Client

    with Client(settings=settings) as made:
        yield made


@pytest.fixture
def chub(settings: Settings) -> Command:
    """The installed command line, as a process with the settings of this test."""
    return Command(
        words=[str(CHUB)],
        env={
            "CONTAINERD_ADDRESS": settings.address,
            "CONTAINERD_NAMESPACE": settings.namespace,
            "CHUB_DATA_ROOT": str(settings.data_root),
            "CHUB_STATE_ROOT": str(settings.state_root),
        },
    )


@pytest.fixture
def image(services: Services, settings: Settings, busybox: Path) -> Iterator[str]:
    """The name of an image of the busybox tree in the test's namespace; it goes when the test ends."""
    from chub.core.rootfs import import_rootfs

    imported = import_rootfs(services, busybox, name="busybox", snapshotter=settings.snapshotter, progress=None)
    yield "busybox"
    if imported.image_name in {each.name for each in services.images.list()}:
        services.images.delete(imported.image_name)


@pytest.fixture
def kept_rootfs(services: Services, settings: Settings) -> Iterator[None]:
    """For a test of `run --rootfs`: what that keeps of a directory for the next time goes at the end."""
    from chub.core.rootfs import list_rootfs, remove_rootfs

    yield
    for each in list_rootfs(services, snapshotter=settings.snapshotter):
        remove_rootfs(services, each.chain_id, snapshotter=settings.snapshotter)
    for directory in settings.data_root.glob(f"*/{services.namespace}/rootfs"):
        shutil.rmtree(directory)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failure comes with what the engine said during the test."""
    report = yield
    engine = getattr(item, "funcargs", {}).get("engine")
    if report.failed and isinstance(engine, Engine) and _log_offset in item.stash and engine.log.exists():
        with engine.log.open(errors="replace") as log:
            log.seek(item.stash[_log_offset])
            tail = log.readlines()[-LOG_TAIL:]
        report.sections.append((f"containerd {engine.version}, {engine.log}", "".join(tail)))
    return report
