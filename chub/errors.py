"""What can go wrong, as classes: branch on the class, read the message, do what the hint says."""


class ChubError(Exception):
    """Something chub was asked for did not happen.

    ``str(error)`` is one sentence: what failed, then why. ``hint`` says what the reader can do about it, or is
    empty. ``exit_code`` is what a command ends with; None leaves it to the command (``run``: 125, others: 1).
    """

    exit_code: int | None = None

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class NotFound(ChubError):
    """What was named does not exist (in this namespace)."""


class AlreadyExists(ChubError):
    """What was to be made exists already."""


class Conflict(ChubError):
    """The request collides with the state that something is in: a name in use, a running container, a used image."""


class Invalid(ChubError):
    """The request itself makes no sense: a malformed name, an option that contradicts another."""


class NotATerminal(Invalid):
    """A terminal was asked for where standard input is none."""

    exit_code = 1


class Contradiction(Invalid):
    """Two options that exclude each other."""

    exit_code = 1


class PermissionDenied(ChubError):
    """The caller may not do this."""


class Unavailable(ChubError):
    """The engine does not answer: not running, restarting, or its socket is out of reach."""


class TimedOut(ChubError):
    """The engine did not answer within the deadline."""


class Cancelled(ChubError):
    """The call was cancelled by its caller."""


class Unsupported(ChubError):
    """This engine, runtime or version of chub cannot do it; the message names what would be needed."""


class ResourceExhausted(ChubError):
    """A limit was met: a full disk, a message that is too large."""


class DataLoss(ChubError):
    """Bytes are not what they should be: a wrong digest or size, a tree that changed while it was read."""


class EngineFault(ChubError):
    """The engine failed in a way it has no better word for."""


class ProgramNotStarted(ChubError):
    """The runtime refused to execute a program in a container."""

    exit_code = 128


class ProgramNotFound(ProgramNotStarted):
    """The program named does not exist in the container."""

    exit_code = 127


class ProgramNotExecutable(ProgramNotStarted):
    """The program named exists in the container and cannot be executed."""

    exit_code = 126
