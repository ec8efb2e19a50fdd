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
    options: tuple[str, ...] = ()  # NAME=VALUE; the last one of a name counts

    @property
    def max_size(self) -> int | None:
        """Bytes after which the oldest output goes; None: all stays."""
        given = self._given.get("max-size", "-1")
        return None if given == "-1" else parse_size(given)

    @property
    def max_file(self) -> int:
        """How many times `max_size` stays."""
        return parse_int(self._given.get("max-file", "1"))

    @property
    def _given(self) -> dict[str, str]:
        return {name: value for name, _, value in (option.partition("=") for option in self.options)}


def parse_log_driver(text: str) -> str:
    """The name of a driver that chub has; empty is the default."""
    if text in OTHERS:
        raise Unsupported(f"logging driver '{text}' is not supported yet", hint="use json-file or none")
    if text and text not in DRIVERS:
        raise Invalid(
            f'error looking up logging plugin {text}: plugin "{text}" not found', hint="use json-file or none"
        )
    return text or DRIVERS[0]


def logging(driver: str, options: tuple[str, ...]) -> Logging:
    """A driver with options, each NAME=VALUE. Raises Invalid in docker's words, Unsupported for docker's others."""
    if driver == "none" and options:
        raise Invalid("invalid logging opts for driver none")
    for name in {option.partition("=")[0] for option in options} - {"max-size", "max-file"}:
        if name in LATER:
            raise Unsupported(f"log opt '{name}' is not supported yet")
        raise Invalid(f"unknown log opt '{name}' for json-file log driver")
    asked = Logging(driver=driver, options=options)
    if asked.max_size == 0:
        raise Invalid("max-size must be a positive number")
    if asked.max_file < 1:
        raise Invalid("max-file cannot be less than 1")
    return asked
