"""Flags of `run` and `create` that docker has choices for and chub has not: the one that chub does is taken."""

from typing import Annotated

from chub.cli.flags.parsers import flag
from chub.errors import Contradiction, Invalid, Unsupported
from chub.records import record

CONTAINER = "Container"
NO_RESTART = ("", "no")
RESTARTS = ("", "no", "always", "on-failure", "unless-stopped")


@record
class TakenFlags:
    """What chub does anyway, asked for: no pull, no restart, no health check, the host's users and platform."""

    pull: Annotated[
        str | None,
        flag(CONTAINER, "--pull", metavar="missing|never", help="Taken as docker's; no image is pulled yet."),
    ] = None
    quiet: Annotated[
        bool, flag(CONTAINER, "--quiet", "-q", help="Suppress the pull output, of which there is none yet.")
    ] = False
    restart: Annotated[
        str, flag(CONTAINER, "--restart", metavar="no", help="Taken as docker's; nothing restarts it yet.")
    ] = ""
    platform: Annotated[
        str, flag(CONTAINER, "--platform", metavar="PLATFORM", help="Taken where it is the host's.")
    ] = ""
    userns: Annotated[str, flag(CONTAINER, "--userns", metavar="host", help="Taken as docker's.")] = ""
    isolation: Annotated[str, flag(CONTAINER, "--isolation", metavar="default", help="Taken as docker's.")] = ""
    no_healthcheck: Annotated[
        bool, flag(CONTAINER, "--no-healthcheck", help="Taken as docker's; no health is checked yet.")
    ] = False
    disable_content_trust: Annotated[
        bool, flag(CONTAINER, "--disable-content-trust", help="Taken as docker's; no image is pulled yet.")
    ] = True

    def check(self, *, remove: bool) -> None:
        """Refuse what docker's command line does not have (Invalid), and what chub does not have yet (Unsupported)."""
        if self.pull == "always":
            raise Unsupported("--pull always is not supported yet", hint="chub images lists the images that are here")
        if self.pull not in (None, "", "missing", "never"):
            raise Invalid(f'invalid pull option: {self.pull!r}: must be one of "always", "missing" or "never"')
        if self.restart not in NO_RESTART:
            if remove:
                raise Contradiction("conflicting options: cannot specify both --restart and --rm")
            raise Unsupported(f"--restart {self.restart} is not supported yet")
        self._check_platform()
        if self.userns not in ("", "host"):
            raise Invalid("--userns: invalid USER mode")
        if not self.disable_content_trust:
            raise Unsupported("--disable-content-trust=false is not supported yet")

    def check_values(self) -> None:
        """Refuse what docker's daemon does not know: Invalid."""
        if self.isolation not in ("", "default"):
            raise Invalid(f"invalid isolation ({self.isolation}): linux only supports 'default'")
        policy, _, count = self.restart.partition(":")
        if policy not in RESTARTS:
            raise Invalid(f"invalid restart policy: unknown policy '{policy}'; use one of {_listed(RESTARTS[1:])}")
        if count and policy != "on-failure":
            raise Invalid("invalid restart policy: maximum retry count can only be used with 'on-failure'")

    def _check_platform(self) -> None:
        if not self.platform:
            return
        from chub.oci import platforms

        if platforms.rank(platforms.host(), platforms.parse(self.platform)) != 0:
            raise Unsupported(
                f"--platform {self.platform} is not supported yet", hint=f"this host runs {platforms.host()}"
            )


def _listed(words: tuple[str, ...]) -> str:
    *first, last = (f"'{word}'" for word in words)
    return f"{', '.join(first)}, or {last}"
