"""A program that is executed in a container that runs."""

from chub.records import record


@record
class Execution:
    """What is executed, and how it differs from the container's first process."""

    words: tuple[str, ...]  # the program and its arguments
    env: tuple[str, ...] = ()  # NAME=VALUE beside the container's; NAME alone takes the variable out
    workdir: str | None = None  # absolute; None or "": the container's
    user: str | None = None  # NAME|UID[:GROUP|GID]; None or "": the container's
    privileged: bool = False  # with every capability of the host
    interactive: bool = False  # standard input is open; else it is /dev/null
    tty: bool = False  # a pseudo-terminal: one stream, \r\n
