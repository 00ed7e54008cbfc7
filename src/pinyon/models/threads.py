"""How many threads a model may use."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["BLAS", "capped", "usable_cores"]


def usable_cores() -> int:
    """Cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def capped(threads: int, most: int = 8) -> int:
    """The threads to use: as many as asked for, but never more than cores; with 0 one per core, at most ``most``."""
    cores = usable_cores()
    return min(threads, cores) if threads else min(cores, most)


class _Blas:
    """Holds the process's BLAS libraries to one thread while at least one caller wants it.

    The setting is one for the whole process, and only the thread that made it may take it back: others are ignored
    in silence. Callers overlap and end in any order, so a thread of its own sets the limit for the first and lifts
    it after the last.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holders = 0
        self._controller: Any = None
        self._release = threading.Event()
        self._keeper: threading.Thread | None = None

    @contextmanager
    def one_thread(self) -> Iterator[None]:
        with self._lock:
            if self._holders == 0:
                self._limit()
            self._holders += 1
        try:
            yield
        finally:
            with self._lock:
                self._holders -= 1
                if self._holders == 0:
                    self._lift()

    def _limit(self) -> None:
        if self._controller is None:
            from threadpoolctl import ThreadpoolController

            # Looking through the loaded libraries takes longer than embedding a query, so it is done once.
            self._controller = ThreadpoolController()
        limited = threading.Event()
        self._release.clear()
        self._keeper = threading.Thread(target=self._keep, args=(limited,), name="pinyon-blas", daemon=True)
        self._keeper.start()
        limited.wait()

    def _keep(self, limited: threading.Event) -> None:
        with self._controller.limit(limits=1, user_api="blas"):
            limited.set()
            self._release.wait()

    def _lift(self) -> None:
        self._release.set()
        if self._keeper is not None:
            self._keeper.join()


BLAS = _Blas()
if hasattr(os, "register_at_fork"):
    # A child has none of its parent's threads: neither those that hold the limit nor the one that keeps it.
    os.register_at_fork(after_in_child=BLAS.__init__)  # type: ignore[misc]
