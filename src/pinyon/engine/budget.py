"""The memory that namespaces of one database hold in this process, and which of them make room for others."""

from __future__ import annotations

import ctypes
import logging
import re
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final, Protocol

from pinyon.errors import InvalidRequestError
from pinyon.filters.show import shown

DEFAULT_MEMORY: Final = 4 * 2**30
"""Bytes, where nothing is said."""
NAMESPACES: Final = 10_000
"""Namespaces that may be loaded, however small they are: each costs some objects that nobody counts."""
TRIM_BYTES: Final = 32 * 2**20
"""The C library is asked to give freed memory back to the system after so much was let go."""
_SIZES: Final = {"": 1, "b": 1, "kib": 2**10, "mib": 2**20, "gib": 2**30, "kb": 10**3, "mb": 10**6, "gb": 10**9}
_SIZE: Final = re.compile(r"(\d[\d_]*(?:\.\d+)?)\s*([A-Za-z]*)")

_log = logging.getLogger("pinyon")


class State(Protocol):
    """What a namespace holds. weight: bytes, worked out when it is asked for. busy: work goes on that would be lost."""

    ns_id: int
    busy: bool

    @property
    def weight(self) -> int: ...
    def shed(self) -> None:
        """Let go of what only makes searches faster."""
        ...


class Holder(Protocol):
    """Where the namespaces of one index are kept."""

    @property
    def name(self) -> str: ...
    def unfinished(self, state: Any) -> bool:
        """Whether the namespace was not saved since much of it changed: to drop it is to do work again."""
        ...

    def drop(self, state: Any) -> None: ...


class Budget:
    """Bytes that all loaded namespaces together may hold, mapped vectors apart. Thread-safe.

    A namespace that is larger than that is served nevertheless, alone.
    """

    def __init__(self, limit: int = DEFAULT_MEMORY, namespaces: int = NAMESPACES) -> None:
        self.limit = limit
        self._namespaces = namespaces
        self._held: OrderedDict[State, tuple[Holder, int]] = OrderedDict()
        """The least recently used first; with what each weighed when it was last looked at."""
        self._reserved: dict[Hashable, int] = {}
        self._used = 0
        self._let_go = 0
        self._told: set[tuple[str, int]] = set()
        self._lock = threading.Lock()

    @property
    def used(self) -> int:
        """Bytes that are held and reserved, as last weighed."""
        return self._used

    @property
    def loaded(self) -> int:
        """Namespaces in memory."""
        return len(self._held)

    def touch(self, state: State) -> None:
        """A namespace was used."""
        with suppress(KeyError):  # dropped by another thread: whoever reads goes on with what it has
            self._held.move_to_end(state)

    def weigh(self, state: State, holder: Holder) -> None:
        """A namespace was loaded, or has changed: others make room if need be."""
        weight = state.weight
        with self._lock:
            _, before = self._held.get(state, (holder, 0))
            self._held[state] = holder, weight
            self._used += weight - before
        if self._used > self.limit or len(self._held) > self._namespaces:
            self.make_room(0, state)

    def forget(self, state: State) -> None:
        """A namespace is no longer in memory."""
        with self._lock:
            _, weight = self._held.pop(state, (None, 0))
            self._used -= weight

    @contextmanager
    def reserved(self, key: Hashable, size: int) -> Iterator[None]:
        """Room for temporary copies while the block lasts."""
        self.reserve(key, size)
        try:
            yield
        finally:
            self.reserve(key, 0)

    def reserve(self, key: Hashable, size: int) -> None:
        """Room for what is being made, until ``size`` is 0."""
        with self._lock:
            self._used += size - self._reserved.pop(key, 0)
            if size:
                self._reserved[key] = size
        self.make_room(0)

    def make_room(self, size: int, keep: State | None = None) -> None:
        """Drop the least recently used namespaces until ``size`` more bytes fit: those first that lose nothing."""
        for state, holder in self._victims(size, keep):
            holder.drop(state)
            self._returned()
        if keep is not None and self._used > self.limit:
            keep.shed()
            self._tell(keep)

    def _victims(self, size: int, keep: State | None) -> Iterator[tuple[State, Holder]]:
        for reckless in (False, True):
            while self._used + size > self.limit or len(self._held) > self._namespaces:
                victim = self._victim(keep, reckless)
                if victim is None:
                    break
                yield victim

    def _victim(self, keep: State | None, reckless: bool) -> tuple[State, Holder] | None:
        with self._lock:
            for state, (holder, weight) in self._held.items():
                if state is not keep and not state.busy and (reckless or not holder.unfinished(state)):
                    del self._held[state]
                    self._used -= weight
                    self._let_go += weight
                    return state, holder
        return None

    def _returned(self) -> None:
        if self._let_go >= min(TRIM_BYTES, self.limit // 4):
            self._let_go = 0
            trim()

    def _tell(self, state: State) -> None:
        with self._lock:
            holder, _ = self._held.get(state, (None, 0))
            weight = state.weight
            if holder is None or weight <= self.limit or (holder.name, state.ns_id) in self._told:
                return
            self._told.add((holder.name, state.ns_id))
        _log.warning(
            "a namespace of index %s holds %s, more than the memory budget of %s: it is served alone",
            holder.name,
            human(weight),
            human(self.limit),
        )


def read_size(text: str) -> int | None:
    """Bytes of ``2GB``, ``1.5 GiB`` or ``4096``; None when it is nothing like that."""
    found = _SIZE.fullmatch(text.strip())
    if found is None or found[2].lower() not in _SIZES:
        return None
    number, unit = found[1].replace("_", ""), _SIZES[found[2].lower()]
    return int(number) * unit if "." not in number else int(float(number) * unit)


def check_memory(given: object) -> int:
    """A memory budget in bytes: a whole number, or text such as ``2GB``. Raises InvalidRequestError."""
    size = read_size(given) if isinstance(given, str) else given
    if isinstance(size, bool) or not isinstance(size, int) or size < 1:
        raise InvalidRequestError(
            f"memory must be a number of bytes above 0, or a size such as '2GB' or '512MiB': got {shown(given)}."
        )
    return size


def human(size: float) -> str:
    """``1.5 GB``: three digits, decimal units."""
    for unit in ("bytes", "KB", "MB"):
        if size < 999.5:
            return f"{size:.3g} {unit}"
        size /= 1e3
    return f"{size:,.3g} GB"


def _find_malloc_trim() -> Callable[[int], int] | None:
    if sys.platform != "linux":
        return None
    # Absent from other C libraries, such as musl.
    found: Callable[[int], int] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return found


_malloc_trim = _find_malloc_trim()


def trim() -> None:
    """Give memory that was freed and that the C library keeps back to the system: tens of megabytes."""
    if _malloc_trim is not None:
        _malloc_trim(0)
