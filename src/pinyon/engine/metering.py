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
REST: Final = 8.0
"""How many times as long as a small piece of work takes nothing is done after it, so that queries beside it hardly wait
for the interpreter or for memory."""
URGENT_REST: Final = 0.5
_LEAST_REST: Final = 1e-4
_TICK: Final = 0.03
"""Seconds between looks at the queries that wait. To be woken would cost them more than looking costs."""
_URGENT_TICK: Final = 0.005

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


class _Pace:
    """Of one thread: what it spends, and its rests between small pieces of work."""

    def __init__(self, budget: Budget, hurry: threading.Event) -> None:
        self._budget = budget
        self._hurry = hurry
        self._began = time.thread_time()

    def spent(self) -> float:
        """CPU seconds since the last call; the budget pays for them."""
        now = time.thread_time()
        used = now - self._began
        self._began = now
        self._budget.spend(used)
        return used

    def rest(self, times: float) -> None:
        """Nothing is done for so many times as long as the last piece took, or until somebody waits.

        Letting go of the interpreter's lock is not enough: whoever wants it needs time to wake up.
        """
        self._hurry.wait(max(_LEAST_REST, times * self.spent()))


class Metering:
    """Checks the waiting queries of an index's namespaces. Thread-safe. No thread, and no work, without queries."""

    def __init__(self, memory: Memory, budget: Budget | None = None) -> None:
        self._memory = memory
        memory.kept = self.wake
        self._own_budget = budget
        self._since: dict[int, float] = {}
        """ns_id -> since when queries wait there, monotonic seconds."""
        self._event = threading.Event()
        self._idle = True
        self._stopped = threading.Event()
        self._hurry = threading.Event()
        """Somebody waits for the work to be done."""
        self._working = threading.Lock()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    @property
    def _budget(self) -> Budget:
        return _shared if self._own_budget is None else self._own_budget

    def wake(self, state: NamespaceState) -> None:
        """Queries wait to be checked."""
        self._since.setdefault(state.ns_id, time.monotonic())
        if self._thread is None:
            with self._starting:
                if self._thread is None and not self._stopped.is_set():
                    name = f"pinyon-meter-{self._memory.name}"
                    thread = threading.Thread(target=self._run, name=name, daemon=True)
                    thread.start()
                    self._thread = thread
        if self._idle:
            self._event.set()

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._event.wait(self._tick())
            self._idle = False
            self._event.clear()
            pace = _Pace(self._budget, self._hurry)
            with self._working:
                for ns_id in list(self._since):
                    if not self._stopped.is_set() and self._due(ns_id):
                        self._step(ns_id, pace)
            pace.spent()

    def _tick(self) -> float | None:
        """Seconds until the next look; None until somebody comes."""
        self._idle = not self._since
        states = [self._memory.loaded(ns_id) for ns_id in list(self._since)]
        if any(state is not None and state.meter.alarmed for state in states):
            return _URGENT_TICK
        return _TICK if states else None

    def _due(self, ns_id: int) -> bool:
        state = self._memory.loaded(ns_id)
        if state is None or not state.meter.waiting:
            self._since.pop(ns_id, None)
            return False
        urgent = state.meter.alarmed
        waited = time.monotonic() - self._since.get(ns_id, 0.0)
        ready = state.meter.waiting >= READY or waited >= (URGENT_COMPANY if urgent else COMPANY)
        return ready and self._budget.left > (0.0 if urgent else RESERVE)

    def _step(self, ns_id: int, pace: _Pace | None = None) -> None:
        """pace: how to go easy on other threads; None to go through with it."""
        state = self._memory.loaded(ns_id)
        if state is None:
            return
        meter = state.meter

        def between() -> None:
            if self._stopped.is_set():
                raise ClosedError("The index is being closed.")
            if pace is not None:
                pace.rest(URGENT_REST if meter.alarmed else REST)

        self._since[ns_id] = time.monotonic()
        try:
            meter.check(state.snapshot, self._memory.spec, between)
            self._memory.learned(False)
        except (PinyonError, OSError, MemoryError) as error:
            if not self._stopped.is_set():
                _log.warning("recall of index %s was not checked: %s", self._memory.name, error)

    def settle(self) -> None:
        """Check all that waits now, in the calling thread, whatever it costs."""
        with self._alone():
            for ns_id in list(self._since):
                while self._waits(ns_id):
                    self._step(ns_id)

    def _waits(self, ns_id: int) -> bool:
        state = self._memory.loaded(ns_id)
        return not self._stopped.is_set() and state is not None and state.meter.waiting > 0

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Nothing is checked inside, and what waited before is forgotten."""
        with self._alone():
            yield
            self._since.clear()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self._hurry.set()
        with self._working:
            if not self._stopped.is_set():
                self._hurry.clear()
            yield

    def close(self) -> None:
        """Stop after the piece of work under way."""
        self._stopped.set()
        self._hurry.set()
        self._event.set()
        with self._starting:  # a thread that is being started is waited for as well
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()
        self._thread = None
