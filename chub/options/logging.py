"""What is kept of a container's output."""

from chub.errors import Invalid, Unsupported
from chub.options.resources import parse_size
from chub.options.values import parse_int
from chub.records import record

DRIVERS = ("json-file", "none")
OTHERS = "local syslog journald gelf fluentd awslogs splunk etwlogs gcplogs".split()  # docker's
LATER = "compress labels labels-regex env env-regex tag mode max-buffer-size".split()  # json-file's


@record
class Logging:
    """Driver and limits. "json-file" is docker's name for what is kept on disk, in whatever format."""

    driver: str = "json-file"  # or "none": nothing is kept
    max_size: int | None = None  # bytes after which the oldest output goes; None: all stays
    max_file: int = 1  # how many times `max_size` stays


def parse_log_driver(text: str) -> str:
    """The name of a driver that chub has; empty is the default."""
    if text in OTHERS:
        raise Unsupported(f"logging driver '{text}' is not supported yet", hint="use json-file or none")
    if text and text not in DRIVERS:
        raise Invalid(f"logger: no log driver named '{text}' is registered", hint="use json-file or none")
    return text or DRIVERS[0]


def logging(driver: str, options: tuple[str, ...]) -> Logging:
    """A driver with options, each NAME=VALUE. Raises Invalid in docker's words, Unsupported for docker's others."""
    given = dict(option.partition("=")[::2] for option in options)
    if driver == "none" and given:
        raise Invalid("invalid logging opts for driver none")
    for name in given.keys() - {"max-size", "max-file"}:
        if name in LATER:
            raise Unsupported(f"log opt '{name}' is not supported yet")
        raise Invalid(f"unknown log opt '{name}' for json-file log driver")
    max_size = None if given.get("max-size", "-1") == "-1" else parse_size(given["max-size"])
    max_file = parse_int(given.get("max-file", "1"))
    if max_file < 1:
        raise Invalid("max-file cannot be less than 1")
    if max_size is None and max_file > 1:
        raise Invalid("max-file can be set only together with max-size")
    return Logging(driver=driver, max_size=max_size or None, max_file=max_file)
