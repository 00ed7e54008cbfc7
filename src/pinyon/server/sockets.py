"""Listening sockets: on which addresses, alone or shared with sibling processes, and what to say when one is taken."""

from __future__ import annotations

import errno
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from pinyon.errors import FailedPreconditionError, InvalidRequestError

BACKLOG: Final = 2048
_TRIES: Final = 20


def addresses_of(host: str) -> list[tuple[socket.AddressFamily, str]]:
    """What a host name or address stands for, without repetition. Raises InvalidRequestError."""
    try:
        found = socket.getaddrinfo(host or None, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise InvalidRequestError(f"The host {host!r} cannot be resolved ({error}). Use an address or name.") from None
    listed: list[tuple[socket.AddressFamily, str]] = []
    for family, _, _, _, address in found:
        if family in {socket.AF_INET, socket.AF_INET6} and (family, str(address[0])) not in listed:
            listed.append((family, str(address[0])))
    if len(listed) > 1:
        # An IPv6 address that the machine lacks is no reason to serve nobody.
        listed = [one for one in listed if one[0] == socket.AF_INET or _has_ipv6(one[1])] or listed
    return listed


def listen(host: str, port: int, *, shared: bool = False) -> list[socket.socket]:
    """Sockets that listen on every address of a host, all on one port; port 0 takes a free one.

    shared: sibling processes may listen there as well (SO_REUSEPORT). Raises FailedPreconditionError when the port is
    taken or not ours to take, InvalidRequestError for a host that is none.
    """
    addresses = addresses_of(host)
    for attempt in range(_TRIES):
        opened: list[socket.socket] = []
        try:
            for family, address in addresses:
                taken = opened[0].getsockname()[1] if opened and not port else port
                opened.append(_listen(family, address, taken, shared=shared, alone=len(addresses) == 1))
            return opened
        except OSError as error:
            close_all(opened)
            if port == 0 and opened and error.errno == errno.EADDRINUSE and attempt + 1 < _TRIES:
                continue  # free on one address and taken on the other
            raise _explained(host, port, error) from None
    raise AssertionError("the last attempt returns or raises")


def reserve(host: str, port: int) -> list[socket.socket]:
    """Sockets that hold a port for processes to share, and accept nothing. Raises as ``listen`` does."""
    found = listen(host, port)
    taken = int(found[0].getsockname()[1])
    close_all(found)
    held: list[socket.socket] = []
    try:
        addresses = addresses_of(host)
        for family, address in addresses:
            held.append(_bound(family, address, taken, shared=True, alone=len(addresses) == 1))
    except OSError as error:
        close_all(held)
        raise _explained(host, taken, error) from None
    return held


def is_free(host: str, port: int) -> bool:
    """Whether nobody listens on any address of the host, siblings included."""
    try:
        close_all(listen(host, port))
    except FailedPreconditionError:
        return False
    return True


def close_all(sockets: Sequence[socket.socket]) -> None:
    for one in sockets:
        with suppress(OSError):
            one.close()


def can_share() -> bool:
    """Whether several processes can listen on one port here."""
    return hasattr(socket, "SO_REUSEPORT") and sys.platform != "win32"


def _listen(family: socket.AddressFamily, address: str, port: int, *, shared: bool, alone: bool) -> socket.socket:
    sock = _bound(family, address, port, shared=shared, alone=alone)
    try:
        sock.listen(BACKLOG)
    except BaseException:
        sock.close()
        raise
    return sock


def _bound(family: socket.AddressFamily, address: str, port: int, *, shared: bool, alone: bool) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform == "win32":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            both = alone and address == "::"
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0 if both else 1)
        sock.setblocking(False)
        sock.bind((address, port))
    except BaseException:
        sock.close()
        raise
    return sock


def _has_ipv6(address: str) -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind((address, 0))
    except OSError:
        return False
    return True


def _explained(host: str, port: int, error: OSError) -> FailedPreconditionError:
    where = f"port {port} on {host or 'all addresses'}"
    if error.errno in {errno.EADDRINUSE, getattr(errno, "WSAEADDRINUSE", -1)}:
        return FailedPreconditionError(
            f"Another program listens on {where} already, perhaps another server of ours. "
            "Stop it, or choose another port (0 takes a free one)."
        )
    if error.errno in {errno.EACCES, errno.EPERM}:
        return FailedPreconditionError(f"This user may not listen on {where}. Choose a port above 1023.")
    if error.errno == errno.EADDRNOTAVAIL:
        return FailedPreconditionError(f"This machine has no address {host}. Use 127.0.0.1, or 0.0.0.0 for all.")
    return FailedPreconditionError(f"Listening on {where} failed: {error.strerror or error}.")
