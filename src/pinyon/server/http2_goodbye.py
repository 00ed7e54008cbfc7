"""How an HTTP/2 connection ends without losing a request (RFC 9113, 6.8)."""

from __future__ import annotations

import math
import struct
import time
from collections.abc import Callable
from typing import Final

import h2.connection
from h2.errors import ErrorCodes

_GOAWAY: Final = struct.Struct(">BHBBIII")
"""Length (24 bits), type, flags, stream; last stream, error."""
_ANY_STREAM: Final = 2**31 - 1
_PING: Final = b"goodbye!"
_SECONDS: Final = 0.5
"""How long a client may take to confirm that it heard our goodbye."""


class Goodbye:
    """Tells the client to begin no more, and takes what it begins until it has heard that.

    write: sends a frame of ours behind all that h2 has to say.
    """

    def __init__(self, connection: h2.connection.H2Connection, write: Callable[[bytes], None]) -> None:
        self._h2 = connection
        self._write = write
        self.begun = False
        self.heard = False
        """The client knows that it is to begin no more streams: all that it did begin have come in."""
        self.due = math.inf
        """Time (monotonic, as the loop's) at which the client had long enough to hear it."""

    def begin(self) -> None:
        self.begun = True
        self._say(ErrorCodes.NO_ERROR, _ANY_STREAM)
        self._h2.ping(_PING)
        self.due = time.monotonic() + _SECONDS

    def is_confirmed_by(self, ping: bytes | None) -> bool:
        return self.begun and ping == _PING

    def hear(self) -> None:
        """The client heard it, or had time to: name the last stream that is answered."""
        self.heard, self.due = True, math.inf
        self.blame(ErrorCodes.NO_ERROR)

    def blame(self, code: ErrorCodes) -> None:
        """Say why it ends, and which stream was the last."""
        self._say(code, self._h2.highest_inbound_stream_id)

    def _say(self, code: ErrorCodes, last: int) -> None:
        """A frame of our own, since h2 takes a goodbye for the end of the streams that are under way."""
        self._write(_GOAWAY.pack(0, 8, 7, 0, 0, last, code))
