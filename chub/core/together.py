"""Independent calls at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar, overload

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")


@overload
def together(a: Callable[[], A], b: Callable[[], B], /) -> tuple[A, B]: ...
@overload
def together(a: Callable[[], A], b: Callable[[], B], c: Callable[[], C], /) -> tuple[A, B, C]: ...
@overload
def together(*calls: Callable[[], A]) -> tuple[A, ...]: ...
def together(*calls: Callable[[], Any]) -> tuple[Any, ...]:
    """Call all, each in a thread of its own but the last, and give their results in order.

    All have ended when this returns. The first failure (in the order given) is raised.
    """
    outcomes: list[Any] = [None] * len(calls)
    failures: list[BaseException | None] = [None] * len(calls)

    def call(place: int) -> None:
        try:
            outcomes[place] = calls[place]()
        except BaseException as failure:  # noqa: BLE001  raised below, in the caller's thread
            failures[place] = failure

    threads = [threading.Thread(target=call, args=(place,), daemon=True) for place in range(len(calls) - 1)]
    for thread in threads:
        thread.start()
    call(len(calls) - 1)
    for thread in threads:
        thread.join()
    for failure in failures:
        if failure is not None:
            raise failure
    return tuple(outcomes)
