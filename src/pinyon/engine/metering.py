"""When checks run: in one thread of an index, within a budget of CPU time that all indexes of the process share."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from pinyon.engine.memory import Memory
from pinyon.engine.meter import READY
from pinyon.engine.namespace import NamespaceState
from pinyon.errors import ClosedError, PinyonError

RATE: Final = 1 / 30
"""Seconds of CPU time that a second earns."""
SAVED: Final = 0.75
"""Seconds that can be saved, so that a sudden change is looked into at once. With what a minute earns, and a step that
takes more than is left, this is 5 % of one core in any minute."""
RESERVE: Final = 0.4
"""Of these, what is kept for when it is urgent."""
COMPANY: Final = 0.25
"""Seconds that a query waits for others to be checked with."""
URGENT_COMPANY: Final = 0.02
_TICK: Final = 0.05

_log = logging.getLogger("pinyon")


class Budget:
    """A bucket of CPU seconds that fills at ``RATE`` up to ``SAVED``. Thread-safe."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._level = SAVED
        self._at = clock()

    @property
    def left(self) -> float:
        """May be below 0: a step is not cut short."""
        return self.spend(0.0)

    def spend(self, seconds: float) -> float:
        """Gives what is left."""
        with self._lock:
            now = self._clock()
            self._level = min(SAVED, self._level + RATE * (now - self._at)) - seconds
            self._at = now
            return self._level


_shared = Budget()
"""Of all indexes of this process."""


def _anew() -> None:
    """In a forked child: the lock may have been held by a thread that did not come along."""
    global _shared
    _shared = Budget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_anew)


class Metering:
    """Checks the waiting queries of an index's namespaces. Thread-safe. No thread, and no work, without queries."""

    def __init__(self, memory: Memory, budget: Budget | None = None) -> None:
        self._memory = memory
        memory.kept = self.wake
        self._own_budget = budget
        self._since: dict[int, float] = {}
        """ns_id -> since when queries wait there, monotonic seconds."""
        self._event = threading.Event()
        self._working = threading.Lock()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stopping = False

    @property
    def _budget(self) -> Budget:
        return _shared if self._own_budget is None else self._own_budget

    def wake(self, state: NamespaceState) -> None:
        """Queries wait to be checked."""
        self._since.setdefault(state.ns_id, time.monotonic())
        if self._thread is None:
            with self._starting:
                if self._thread is None and not self._stopping:
                    name = f"pinyon-meter-{self._memory.name}"
                    thread = threading.Thread(target=self._run, name=name, daemon=True)
                    thread.start()
                    self._thread = thread
        self._event.set()

    def _run(self) -> None:
        while not self._stopping:
            self._event.wait(_TICK if self._since else None)
            self._event.clear()
            began = time.thread_time()
            with self._working:
                for ns_id in list(self._since):
                    if not self._stopping and self._due(ns_id):
                        self._step(ns_id)
                        began = self._spent(began)
            self._spent(began)

    def _spent(self, began: float) -> float:
        now = time.thread_time()
        self._budget.spend(now - began)
        return now

    def _due(self, ns_id: int) -> bool:
        state = self._memory.loaded(ns_id)
        if state is None or not state.meter.waiting:
            self._since.pop(ns_id, None)
            return False
        urgent = state.meter.urgent
        waited = time.monotonic() - self._since.get(ns_id, 0.0)
        ready = state.meter.waiting >= READY or waited >= (URGENT_COMPANY if urgent else COMPANY)
        return ready and self._budget.left > (0.0 if urgent else RESERVE)

    def _step(self, ns_id: int) -> None:
        state = self._memory.loaded(ns_id)
        if state is None:
            return
        self._since[ns_id] = time.monotonic()
        try:
            state.meter.check(state.snapshot, self._memory.spec, self._go_on)
        except (PinyonError, OSError, MemoryError) as error:
            if not self._stopping:
                _log.warning("recall of index %s was not checked: %s", self._memory.name, error)

    def _go_on(self) -> None:
        if self._stopping:
            raise ClosedError("The index is being closed.")

    def settle(self) -> None:
        """Check all that waits now, in the calling thread, whatever it costs."""
        with self._working:
            for ns_id in list(self._since):
                while not self._stopping and (state := self._memory.loaded(ns_id)) is not None and state.meter.waiting:
                    self._step(ns_id)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Nothing is checked inside, and what waited before is forgotten."""
        with self._working:
            yield
            self._since.clear()

    def close(self) -> None:
        """Stop after the piece of work under way."""
        self._stopping = True
        self._event.set()
        with self._starting:  # a thread that is being started is waited for as well
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()
        self._thread = None
