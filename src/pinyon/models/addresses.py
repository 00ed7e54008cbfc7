"""Addresses of the web: what they name, where their host is, and how to connect to the number that was checked."""

from __future__ import annotations

import ipaddress
import socket
from typing import Final, TypeAlias
from urllib.parse import SplitResult, urljoin, urlsplit

__all__ = ["Number", "Origin", "is_public", "origin", "parsed", "pinned", "resolved", "shown"]

Number: TypeAlias = "ipaddress.IPv4Address | ipaddress.IPv6Address"
Origin: TypeAlias = tuple[str, str, int]
"""Scheme, host, port."""

_PORTS: Final = {"http": 80, "https": 443}
_TRANSLATED: Final = ipaddress.IPv6Network("64:ff9b::/96")
"""The last 32 bits are an IPv4 address, to which NAT64 leads (RFC 6052)."""
_TUNNELLED: Final = ipaddress.IPv6Network("2002::/16")
"""6to4: holds an IPv4 address, and is out of use (RFC 7526)."""
_UNICAST: Final = ipaddress.IPv6Network("2000::/3")
"""All that is given out to hosts of the internet (RFC 4291)."""


def parsed(url: str, base: str = "") -> SplitResult | None:
    """An address of http or https, without its fragment; None for anything else. base: what it may be relative to."""
    try:
        parts = urlsplit(urljoin(base, url))
        known = parts.scheme in _PORTS and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return None
    return parts._replace(fragment="") if known else None


def origin(parts: SplitResult) -> Origin:
    """The host is in lower case, the port always there."""
    return parts.scheme, parts.hostname or "", parts.port or _PORTS[parts.scheme]


def shown(parts: SplitResult) -> str:
    """An address without user, password, and its query, which often is a permission to read."""
    return repr(f"{parts.scheme}://{_place(parts)}{parts.path}")[:200]


def resolved(host: str, port: int) -> list[Number]:
    """Where a host is, which is looked up now; nowhere when nobody knows its name."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    numbers = [ipaddress.ip_address(str(one[4][0]).partition("%")[0]) for one in found]
    return [getattr(number, "ipv4_mapped", None) or number for number in numbers]


def is_public(number: Number) -> bool:
    """Whether it is of a host of the internet: not of this machine, a private network, a link, a group, or a way to
    write one of these as IPv6."""
    if isinstance(number, ipaddress.IPv4Address):
        return number.is_global and not number.is_multicast
    within = number.ipv4_mapped or (ipaddress.IPv4Address(number.packed[-4:]) if number in _TRANSLATED else None)
    if within is not None:
        return is_public(within)
    return number.is_global and number in _UNICAST and number not in _TUNNELLED


def pinned(parts: SplitResult, number: Number) -> tuple[str, str]:
    """(the address with the number of its host in place of the name, host and port as they were)."""
    place = f"[{number}]" if number.version == 6 else str(number)
    return parts._replace(netloc=f"{place}:{origin(parts)[2]}").geturl(), _place(parts)


def _place(parts: SplitResult) -> str:
    return parts.netloc.rpartition("@")[2]
