"""Python loads this by itself where PYTHONPATH names this folder: connections beyond this machine fail, and are noted.

Noted, because a library that reports its use in the background swallows the failure.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

HERE = {"127.0.0.1", "::1", "localhost", None}


class NetworkUsedError(RuntimeError):
    """Not an OSError, so that code which survives a dead network does not survive this."""


def _refuse(call: str, host: Any) -> None:
    name = host.decode() if isinstance(host, bytes) else host
    if name not in HERE:
        with Path(os.environ["NETWORK_TRIED"]).open("a", encoding="utf-8") as notes:
            notes.write(f"{call} {name}\n")
        raise NetworkUsedError(f"a program tried {call} to {name!r}: it must work offline")


def _guarded(name: str) -> Any:
    original = getattr(socket.socket, name)

    def guard(self: socket.socket, *arguments: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            _refuse(name, arguments[-1][0])
        return original(self, *arguments)

    return guard


def _looking_up(host: Any, *arguments: Any, **named: Any) -> Any:
    _refuse("getaddrinfo", host)
    return _look_up(host, *arguments, **named)


for _name in ("connect", "connect_ex", "sendto"):
    setattr(socket.socket, _name, _guarded(_name))
_look_up, socket.getaddrinfo = socket.getaddrinfo, _looking_up
