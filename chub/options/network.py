"""What the container sees of networks, and what it is called."""

import ipaddress

from chub.errors import Invalid, Unsupported
from chub.options.namespaces import CONTAINER
from chub.records import record

LONGEST_HOSTNAME = 64  # bytes: the kernel's limit
LONGEST_DOMAIN = 255  # bytes: RFC 1035, section 2.3.4
HIGHEST_PORT = 65535
PROTOCOLS = ("tcp", "udp", "sctp")
HOST_GATEWAY = "host-gateway"  # docker's word for the address of its bridge


@record
class Network:
    """Its network and host name."""

    network: str = "none"  # none: loopback only; host: the host's; container:C: that container's
    hostname: str | None = None  # None: the short id; with the host's network, the host's
    domainname: str = ""
    dns: tuple[str, ...] = ()  # addresses of name servers, instead of the host's
    dns_search: tuple[str, ...] = ()  # domains, instead of the host's; "." alone: none
    dns_options: tuple[str, ...] = ()  # of resolv.conf(5), instead of the host's
    hosts: tuple[str, ...] = ()  # NAME:ADDRESS, further lines of /etc/hosts
    exposed: tuple[str, ...] = ()  # PORT/PROTOCOL that it says it listens at; nothing is published


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


def parse_dns(text: str) -> str:
    """The address of a name server, of IPv4 or IPv6."""
    return _address(text.strip(), f"IP address is not correctly formatted: {text}")


def parse_dns_search(text: str) -> str:
    """A domain to look names up in; ``.`` stands for none."""
    domain = text.strip().rstrip(".")
    labels = domain.split(".")
    plain = all(label.replace("-", "").replace("_", "").isalnum() and label.isascii() for label in labels)
    if text.strip() != "." and not (plain and len(domain) < LONGEST_DOMAIN):
        raise Invalid(f"{text} is not a valid domain")
    return domain or "."


def parse_host(text: str) -> str:
    """A line of /etc/hosts as NAME:ADDRESS; NAME=ADDRESS and brackets around the address will do."""
    place = min((text.find(sign) for sign in ":=" if sign in text), default=0)
    name, address = text[:place], text[place + 1 :]
    if not name:
        raise Invalid(f'bad format for add-host: "{text}"')
    if address == HOST_GATEWAY:
        raise Unsupported(f"{HOST_GATEWAY} is not supported yet", hint="there is no bridge to the host yet")
    if address.startswith("[") and address.endswith("]"):
        address = address[1:-1]
    return f"{name}:{_address(address, f'invalid IP address in add-host: {chr(34)}{address}{chr(34)}')}"


def parse_exposed(text: str) -> tuple[str, ...]:
    """The ports of ``PORT[-PORT][/PROTOCOL]``, each as PORT/PROTOCOL; tcp unless said."""
    numbers, _, protocol = text.partition("/")
    protocol = protocol.lower() or "tcp"
    try:
        ports = parse_ports(numbers)
        if protocol not in PROTOCOLS:
            raise Invalid(f"invalid proto: {protocol}")
    except Invalid as failure:
        raise Invalid(f"invalid range format for --expose: {text}, error: {failure}") from failure
    return tuple(f"{port}/{protocol}" for port in ports)


def parse_ports(text: str) -> range:
    """The ports of ``PORT[-PORT]``; Invalid in docker's words."""
    if not text:
        raise Invalid("Empty string specified for ports.")
    first, dash, last = text.partition("-")
    ports = range(_port(first), _port(last if dash else first) + 1)
    if not ports:
        raise Invalid(f"Invalid range specified for the Port: {text}")
    return ports


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise Invalid(f'strconv.ParseUint: parsing "{text}": invalid syntax')
    if int(text) > HIGHEST_PORT:
        raise Invalid(f'strconv.ParseUint: parsing "{text}": value out of range')
    return int(text)


def _address(text: str, complaint: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError as failure:
        raise Invalid(complaint) from failure
