"""The fixture `fuzz`: a check, tried for a fixed time."""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

DEADLINE = 10_000  # milliseconds for one input
ROUND = 300  # inputs between two looks at the clock
MEMORY = 2 << 30  # bytes that the checks may take
PATIENCE = 180  # seconds beyond the time given until a test hangs

Check = Callable[..., None]
Fuzz = Callable[..., Callable[[Check], None]]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Each of these may take its time."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.timeout(config.getoption("--fuzz-seconds") + PATIENCE))


@pytest.fixture
def fuzz(request: pytest.FixtureRequest) -> Fuzz:
    """A decorator that takes strategies, as hypothesis's `given`, and tries the function below it at once."""
    seconds: float = request.config.getoption("--fuzz-seconds")

    def with_strategies(*strategies: Any, **named: Any) -> Callable[[Check], None]:
        def tried(check: Check) -> None:
            chosen = settings(max_examples=ROUND, deadline=DEADLINE, suppress_health_check=list(HealthCheck))
            one_round = chosen(given(*strategies, **named)(check))  # type: ignore[no-untyped-call]
            end = monotonic() + seconds
            while monotonic() < end:
                one_round()

        return tried

    return with_strategies


@pytest.fixture(autouse=True, scope="session")
def memory_limit() -> Iterator[None]:
    """More memory than `MEMORY` is an error."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    with open("/proc/self/statm") as file:
        size = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + MEMORY, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)
