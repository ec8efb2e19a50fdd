"""The network of `run` and `create` as flags."""

from typing import Annotated

from chub.cli.flags.parsers import flag
from chub.options.network import (
    Network,
    parse_dns,
    parse_dns_search,
    parse_exposed,
    parse_host,
    parse_hostname,
    parse_network,
)
from chub.records import record

NETWORK = "Network"


@record
class NetworkFlags:
    """`Network` as flags."""

    network: Annotated[
        str,
        flag(NETWORK, "--network", "--net", metavar="none|host|container:C", parse=parse_network, help="Its network."),
    ] = "none"
    hostname: Annotated[
        str | None,
        flag(NETWORK, "--hostname", "-h", metavar="NAME", parse=parse_hostname, help="Its host name."),
    ] = None
    domainname: Annotated[
        str, flag(NETWORK, "--domainname", metavar="NAME", parse=parse_hostname, help="Its NIS domain name.")
    ] = ""
    add_host: Annotated[
        tuple[str, ...],
        flag(NETWORK, "--add-host", metavar="NAME:ADDRESS", parse=parse_host, help="Add a line to /etc/hosts."),
    ] = ()
    dns: Annotated[
        tuple[str, ...],
        flag(NETWORK, "--dns", metavar="ADDRESS", parse=parse_dns, help="Name server to ask, not the host's."),
    ] = ()
    dns_search: Annotated[
        tuple[str, ...],
        flag(
            NETWORK,
            "--dns-search",
            metavar="DOMAIN",
            parse=parse_dns_search,
            help="Domain to look names up in, not the host's.",
        ),
    ] = ()
    dns_option: Annotated[
        tuple[str, ...],
        flag(NETWORK, "--dns-option", "--dns-opt", metavar="OPTION", help="Option of resolv.conf, not the host's."),
    ] = ()
    expose: Annotated[
        tuple[str, ...],
        flag(NETWORK, "--expose", metavar="PORT[-PORT][/udp]", help="Say that it listens there; nothing is opened."),
    ] = ()

    def record(self) -> Network:
        """As the SDK takes it. Raises Invalid for a port to expose that is none."""
        return Network(
            network=self.network,
            hostname=self.hostname,
            domainname=self.domainname,
            dns=self.dns,
            dns_search=self.dns_search,
            dns_options=self.dns_option,
            hosts=self.add_host,
            exposed=tuple(port for text in self.expose for port in parse_exposed(text)),
        )
