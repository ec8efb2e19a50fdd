"""How a container is stopped."""

from chub.records import record


@record
class Lifecycle:
    """What `stop` and `restart` do where they are not told otherwise."""

    stop_signal: str | None = None  # TERM, SIGTERM, 15, RTMIN+3; None: the image's, else SIGTERM
    stop_timeout: int | None = None  # seconds until it is killed; negative: never; None: 10
