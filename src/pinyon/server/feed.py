"""A streamed answer, between the thread that makes its pieces and the connection that sends them."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Generator
from contextlib import closing
from typing import Final

from pinyon.errors import PinyonError
from pinyon.server.heads import RequestTimeoutError

log = logging.getLogger("pinyon.server")

ROOM: Final = 64 * 1024
"""Bytes that wait for the connection at most; one larger piece may wait alone."""


class Feed:
    """A bounded buffer: a thread pours in, the loop takes out.

    is_gone: whether nobody wants the rest. patience: seconds that the thread waits for room, over the whole answer, so
    that a client who reads slowly cannot keep it. more: is called in the thread when there is something to take.
    """

    def __init__(self, is_gone: Callable[[], bool], patience: float, more: Callable[[], object]) -> None:
        self.error: PinyonError | None = None
        """Why the answer is not whole, once ``take`` gave None."""
        self._is_gone = is_gone
        self._patience = patience
        self._more = more
        self._pieces: list[bytes] = []
        self._size = 0
        self._ended = False
        self._told = False
        """The loop was told that there is something, and has not looked yet."""
        self._changed = threading.Condition()

    # -- in the thread ------------------------------------------------------------------------------------------------

    def pour(self, pieces: Generator[bytes, None, None]) -> None:
        """Takes every piece as there is room for it, until nobody wants more; closes the generator. Never raises."""
        self.error = PinyonError("The answer was not finished. The log of the server says why.")
        try:
            with closing(pieces):
                for piece in pieces:
                    if self._is_gone():
                        break
                    if piece:
                        self._put(piece)
            self.error = None
        except PinyonError as error:
            log.info("a streamed answer ended early: %s", error)
            self.error = error
        except Exception:  # a bug in a generator ends its answer, and is logged whole
            log.exception("a streamed answer failed")
        finally:
            with self._changed:
                self._ended = True
            self._tell()

    def _put(self, piece: bytes) -> None:
        """Raises RequestTimeoutError when the reader has used up our patience."""
        with self._changed:
            while self._size and self._size + len(piece) > ROOM and not self._is_gone():
                if self._patience <= 0:
                    raise RequestTimeoutError("The answer was read too slowly. Read it as it comes.")
                began = time.monotonic()
                self._changed.wait(self._patience)
                self._patience -= time.monotonic() - began
            self._pieces.append(piece)
            self._size += len(piece)
        self._tell()

    def _tell(self) -> None:
        with self._changed:
            told, self._told = self._told, True
        if not told:
            self._more()

    # -- on the loop --------------------------------------------------------------------------------------------------

    def take(self) -> bytes | None:
        """What has come since the last time, b"" when that is nothing, None when nothing more will come."""
        with self._changed:
            self._told = False
            if not self._pieces and self._ended:
                return None
            found = b"".join(self._pieces)
            self._pieces.clear()
            self._size = 0
            self._changed.notify_all()
            return found

    def wake(self) -> None:
        """The reader has left: a thread that waits for room looks again."""
        with self._changed:
            self._changed.notify_all()
