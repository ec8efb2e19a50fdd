"""What the container's standard streams are connected to."""

from chub.records import record


@record
class Terminal:
    """Standard input and the kind of streams."""

    interactive: bool = False  # standard input is open; else it is /dev/null
    tty: bool = False  # a pseudo-terminal: one stream, \r\n
