"""Arrays that grow at their end without being copied each time, for values that share their beginning."""

from __future__ import annotations

import threading
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

N = TypeVar("N", bound=np.generic)
_SPARE: Final = 8
"""A copy leaves room for one row in so many, so that all copies together cost some times as much as the rows."""


class Room:
    """An array with spare places behind those that values use. What a value covers is never written again."""

    __slots__ = ("_array", "_lock", "_used")

    def __init__(self, array: NDArray[Any], used: int) -> None:
        self._array = array
        self._used = used
        self._lock = threading.Lock()

    def _extended(self, n: int, added: NDArray[Any]) -> NDArray[Any] | None:
        """None where another value went on from row ``n`` already, or where there is no room."""
        with self._lock:
            end = n + len(added)
            if self._used != n or end > len(self._array):
                return None
            self._array[n:end] = added
            self._used = end
        return _sealed(self._array[:end])


def appended(array: NDArray[N], room: Room | None, added: NDArray[N]) -> tuple[NDArray[N], Room]:
    """(n,) and (m,) -> (n + m,), read-only, in place where ``room`` allows, and the room of the result. Any thread."""
    n = len(array)
    grown = None if room is None else room._extended(n, added)
    if room is not None and grown is not None:
        return grown, room
    # Exact at first, since most namespaces never grow.
    whole = np.empty(n + len(added) + (n // _SPARE if n else 0), array.dtype)
    whole[:n] = array
    room = Room(whole, n)
    grown = room._extended(n, added)
    assert grown is not None, "there is room for what it was made for"
    return grown, room


def _sealed(array: NDArray[N]) -> NDArray[N]:
    array.flags.writeable = False
    return array
