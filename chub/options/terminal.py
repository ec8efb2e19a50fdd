"""What the container's standard streams are connected to."""

from chub.errors import Invalid
from chub.records import record

STREAMS = ("stdin", "stdout", "stderr")
CONTROL = "@abcdefghijklmnopqrstuvwxyz[\\]^_"  # ctrl-@ is 0, ctrl-a 1, and so on
LEAVE = "ctrl-p,ctrl-q"


@record
class Terminal:
    """Standard input and the kind of streams."""

    interactive: bool = False  # standard input is open; else it is /dev/null
    tty: bool = False  # a pseudo-terminal: one stream, \r\n
    attached: tuple[str, ...] = STREAMS  # what its first client is connected to; none: it runs detached

    @property
    def stdin_once(self) -> bool:
        """Whether the program's input ends with its first client's."""
        return self.interactive and "stdin" in self.attached


def parse_attach(text: str) -> str:
    """The name of a stream."""
    if text.lower() not in STREAMS:
        raise Invalid("valid streams are STDIN, STDOUT and STDERR")
    return text.lower()


def parse_keys(text: str) -> bytes:
    """The keys that leave a terminal, as docker writes them: ``ctrl-p,ctrl-q``, ``a,b``; empty for the usual ones."""
    found = bytearray()
    for key in (text or LEAVE).split(","):
        name = key.lower().removeprefix("ctrl-")
        if len(key) == 1 and key.isascii():
            found.append(ord(key))
        elif key.lower().startswith("ctrl-") and len(name) == 1 and name in CONTROL:
            found.append(CONTROL.index(name))
        else:
            raise Invalid(f"Invalid escape keys ({text}) provided", hint="write them as ctrl-p,ctrl-q or a,b")
    return bytes(found)
