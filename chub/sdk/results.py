"""What programs and containers came to."""

from __future__ import annotations

from datetime import datetime

from chub.errors import ChubError
from chub.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self


@record
class ExecResult:
    """A program that was executed in a container, at its end."""

    exit_code: int
    stdout: bytes
    stderr: bytes

    @property
    def text(self) -> str:
        """Standard output as text."""
        return self.stdout.decode(errors="replace")

    def check(self) -> Self:
        """This, if the program ended with 0; else raise `ProgramFailed`."""
        if self.exit_code != 0:
            raise ProgramFailed(self)
        return self


@record
class Result(ExecResult):
    """A container that ran to its end."""

    id: str
    name: str
    started: datetime
    finished: datetime


class Captured:
    """A program's input, given at once, and all of its output."""

    def __init__(self, input: bytes | None) -> None:
        from chub.core.stdio import Streams

        self.stdout, self.stderr = bytearray(), bytearray()
        chunks = iter([input] if input else [])
        self.streams = Streams(
            source=(lambda: next(chunks, b"")) if input is not None else None,
            stdout=self.stdout.extend,
            stderr=self.stderr.extend,
        )


class ProgramFailed(ChubError):
    """A program ended with another exit code than 0; `result` has its output."""

    def __init__(self, result: ExecResult) -> None:
        last = result.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        super().__init__(f"the program ended with exit code {result.exit_code}" + (f": {last}" if last else ""))
        self.result = result
