"""`chub` with marks on stderr: when it begins, has parsed, calls, is answered, ends.

`tests.bench.budget` runs it as a file by ``python -P -X importtime``, so that the marks stand among Python's
own lines on its imports. Two public places are replaced: ``chub.cli.context.connect`` and
``grpc.insecure_channel``.
"""

import time

BEGAN = time.perf_counter_ns()

import os  # noqa: E402

TYPE_CHECKING = False
if TYPE_CHECKING:
    import typer

    from chub.sdk.client import Client


def mark(event: str, name: str = "", at: int = 0) -> None:
    """Write down that something happens now, or happened `at`."""
    os.write(2, f"mark {at or time.perf_counter_ns()} {event} {name}\n".encode())


mark("begin", at=BEGAN)

from chub.cli import context as place  # noqa: E402
from chub.cli import deferred, main  # noqa: E402

mark("phase", "import of chub.cli.main, with typer")
plain = place.connect


def connect(context: "typer.Context") -> "Client":
    """Import grpc a moment before it would be, and see every call from then on."""
    mark("phase", "the command's module, its options, parsing")
    deferred.install()
    import grpc  # noqa: F401

    mark("phase", "import of grpc")
    from tests.bench.tracer import trace

    trace(mark)
    mark("phase", "(the tracer itself)")
    client = plain(context)
    mark("phase", "import of the SDK, settings, channel")
    return client


place.connect = connect
try:
    main.main()
finally:
    mark("phase", "tidying up after the last call")
