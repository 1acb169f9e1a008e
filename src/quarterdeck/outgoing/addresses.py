"""Where a request may go: addresses of the public Internet, and what an administrator names besides.

The URLs come from users and models, and the server stands inside a network that they shall not reach through it. So it
is the address that counts, after every way of hiding another one in it was taken apart, and never the spelling of the
URL.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, field

from quarterdeck.errors import FieldViolation, Invalid, Reason

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_QUOTED_IN_ERRORS = 80
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_TUNNELS = tuple(map(ipaddress.IPv6Network, ("2001::/23", "2001:db8::/32", "3ffe::/16", "3fff::/20")))
"""Protocol assignments (Teredo among them), documentation, and the first experimental network."""
_METADATA = frozenset({ipaddress.IPv4Address("168.63.129.16"), ipaddress.IPv4Address("100.100.100.200")})
"""Services that clouds put in front of their machines at addresses that look public: Azure's, Alibaba's."""
_SPECIAL = tuple(map(ipaddress.IPv4Network, ("192.0.0.0/24", "192.88.99.0/24", "0.0.0.0/8", "100.64.0.0/10")))
"""What older versions of Python, or all, take for public: protocol assignments (Oracle's metadata among them), 6to4
relays, this network, and carriers' shared addresses."""
_ISATAP = frozenset({0x00005EFE, 0x02005EFE})
_LOW_32 = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class AllowList:
    """Targets that are allowed although they are not public: networks, and names with whatever they resolve to."""

    networks: tuple[Network, ...] = ()
    hosts: frozenset[str] = field(default_factory=frozenset)

    def allows_host(self, host: str) -> bool:
        return _plain(host) in self.hosts

    def allows_address(self, address: Address) -> bool:
        return any(address.version == network.version and address in network for network in self.networks)


NOTHING_MORE = AllowList()
"""The public Internet alone."""


def parse_allow_list(entries: Iterable[str], *, setting: str) -> AllowList:
    """The list of the setting with this name: each entry an address, a network such as `10.1.0.0/16`, or a host name.

    Raises Invalid, which names the setting, for an entry that is none of them.
    """
    networks: list[Network] = []
    hosts: set[str] = set()
    for entry in filter(None, (each.strip() for each in entries)):
        network = _network(entry)
        if network is not None:
            networks.append(network)
        else:
            hosts.add(_host(entry, setting))
    return AllowList(tuple(networks), frozenset(hosts))


def read_address(text: str) -> Address | None:
    """An address as a resolver gives it, without its zone; None for anything else."""
    try:
        return ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None


def is_public(address: Address) -> bool:
    """Whether this is an address of the public Internet, and so is every address that hides in it."""
    if isinstance(address, ipaddress.IPv4Address):
        return (
            address.is_global
            and not address.is_multicast
            and not address.is_reserved
            and address not in _METADATA
            and not any(address in network for network in _SPECIAL)
        )
    hidden = _hidden(address)
    if hidden is not None:
        return is_public(hidden)
    return (
        address in _GLOBAL_UNICAST
        and address.is_global
        and not address.is_multicast
        and not any(address in tunnel for tunnel in _TUNNELS)
    )


def may_connect(address: Address, allowed: AllowList) -> bool:
    """Whether a request may be sent to this address."""
    if is_public(address) or allowed.allows_address(address):
        return True
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped is not None and allowed.allows_address(mapped)


def _hidden(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address to which a packet for this one may end up going."""
    number = int(address)
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address in _NAT64 or (number >> 32) & _LOW_32 in _ISATAP:
        return ipaddress.IPv4Address(number & _LOW_32)
    return None


def _network(entry: str) -> Network | None:
    try:
        return ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return None


def _host(entry: str, setting: str) -> str:
    name = _plain(entry)
    # A slash is a network with a mistake in it, a colon or a scheme would never match.
    if not name or any(not (char.isalnum() or char in "-._") for char in name):
        why = f"{entry[:_QUOTED_IN_ERRORS]!r} is neither an address, a network such as 10.1.0.0/16, nor a host name"
        raise Invalid(Reason.FIELD_INVALID, why, violations=(FieldViolation(setting, why),))
    return name


def _plain(host: str) -> str:
    return host.strip("[]").rstrip(".").casefold()
