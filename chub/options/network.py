"""What the container sees of networks, and what it is called."""

from chub.errors import Invalid, Unsupported
from chub.options.namespaces import CONTAINER
from chub.records import record

LONGEST_HOSTNAME = 64  # bytes: the kernel's limit


@record
class Network:
    """Its network and host name."""

    network: str = "none"  # none: loopback only; host: the host's; container:C: that container's
    hostname: str | None = None  # None: the short id; with the host's network, the host's


def parse_hostname(text: str) -> str:
    """A host name, as odd as docker takes it but such as the kernel takes; empty is as if none was given."""
    if len(text.encode(errors="surrogateescape")) > LONGEST_HOSTNAME:
        raise Invalid(f"invalid hostname: {text}: longer than {LONGEST_HOSTNAME} bytes")
    if not text.isprintable():
        raise Invalid(f"invalid hostname: {text!r}: it holds control characters")
    return text


def parse_network(text: str) -> str:
    """A network: ``none``, ``host`` or ``container:C``; empty is the default, none. Unsupported: docker's others."""
    if text not in ("", "none", "host") and not text.startswith(CONTAINER):
        raise Unsupported(f"network {text} is not supported yet", hint="use none, host or container:CONTAINER")
    return text or "none"
