"""Where each index is reached: a port of its own, a virtual host, or a path."""

from __future__ import annotations

from typing import Protocol

from pinyon.server.http import Request


class Addresses(Protocol):
    def host_of(self, name: str, request: Request) -> str:
        """The host that describe_index gives for an index, in the style and under the name that the client used."""
        ...

    def index_at(self, port: int, authority: str) -> str:
        """The index that lives at a local port, or under a virtual host; "" for the main address."""
        ...
