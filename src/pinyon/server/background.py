"""A thread of a server process that does what waits, and then waits for more."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from pinyon.errors import PinyonError


class Background:
    """turn: does what waits, and gives the seconds after which it wants to look again. It is asked to look sooner by
    ``wake``, and should come back soon once ``stopping`` is set."""

    def __init__(self, name: str, turn: Callable[[], float]) -> None:
        self.stopping = threading.Event()
        self._name = name
        self._turn = turn
        self._work = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begins, unless it has begun."""
        if self._thread is None:
            self.stopping.clear()
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()

    def stop(self, wait: float) -> bool:
        """Ends after the turn under way, False when that takes longer than so many seconds."""
        self.stopping.set()
        self.wake()
        thread, self._thread = self._thread, None
        if thread is None:
            return True
        thread.join(wait)
        return not thread.is_alive()

    def wake(self) -> None:
        """There is something new to do."""
        self._work.set()

    def _run(self) -> None:
        while True:
            self._work.clear()  # before anything is looked at, so that no wake is missed
            if self.stopping.is_set():
                return
            self._work.wait(self._turn())


def contained(log: logging.Logger, what: str, work: Callable[[], object]) -> bool:
    """Neither a disk that says no nor an entry that another release wrote may end the thread, or stop what follows.

    False when the work failed, which is logged, or says False.
    """
    try:
        return work() is not False
    except PinyonError as error:
        log.error("%s: %s", what, error)
    except (LookupError, TypeError, ValueError, AttributeError):
        log.exception("%s failed", what)
    return False
