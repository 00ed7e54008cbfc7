"""Who waits for whom: writers for the lock of the file, commits in memory for readers, forks for transactions."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from pinyon.errors import FailedPreconditionError

FORK_WAIT: Final = 10.0
"""Seconds that a fork waits for the transactions of other threads to end."""


class Patience:
    """SQLite's busy handler: short random waits until a deadline, so that queued writers all get their turn."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._deadline = 0.0

    def __call__(self, attempts: int) -> bool:
        now = time.monotonic()
        if attempts == 0:
            self._deadline = now + self._seconds
        if now >= self._deadline:
            return False
        time.sleep(random.uniform(0.0002, 0.002 if attempts < 50 else 0.01))
        return True


class ReaderGate:
    """Lets a writer of a memory database wait for its readers, and new readers for it.

    SQLite keeps no write-ahead log in memory: there a write transaction lets no new reader in from its beginning, its
    commit needs every reader out, and it would be starved by readers that come and go.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._readers = 0
        self._writers = 0

    def enter(self) -> None:
        with self._changed:
            while self._writers:
                self._changed.wait()
            self._readers += 1

    def leave(self) -> None:
        with self._changed:
            self._readers -= 1
            self._changed.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        with self._changed:
            self._writers += 1
        try:
            with self._changed:
                while self._readers:
                    self._changed.wait()
            yield
        finally:
            with self._changed:
                self._writers -= 1
                self._changed.notify_all()


class ForkGate:
    """``with fork_gate:`` around whatever uses SQLite; a fork waits until no other thread is inside, and lets none in.

    A child must not inherit a transaction, nor a mutex of SQLite, that belongs to a thread that it does not have.
    """

    def __init__(self) -> None:
        self.orphaned = False
        self._forks = 0
        self._reset()

    def _reset(self) -> None:
        self._local = threading.local()
        self._changed = threading.Condition(threading.Lock())
        self._inside = 0

    def __enter__(self) -> None:
        depth = getattr(self._local, "depth", 0)
        if not depth:
            with self._changed:
                while self._forks:
                    self._changed.wait()
                self._inside += 1
        self._local.depth = depth + 1

    def __exit__(self, *_: object) -> None:
        self._local.depth -= 1
        if not self._local.depth:
            with self._changed:
                self._inside -= 1
                if self._forks:
                    self._changed.notify_all()

    def refuse_orphans(self, label: str) -> None:
        if self.orphaned:
            raise FailedPreconditionError(
                f"{label} cannot be used in this process: it was forked in the middle of a transaction. Fork outside "
                'of transactions, or start processes with multiprocessing.get_context("spawn").'
            )

    def before_fork(self) -> None:
        mine = min(1, getattr(self._local, "depth", 0))
        with self._changed:
            self._forks += 1
            others_left = self._changed.wait_for(lambda: self._inside <= mine, FORK_WAIT)
        self._local.orphans = bool(mine) or not others_left

    def after_fork_in_parent(self) -> None:
        with self._changed:
            self._forks -= 1
            self._changed.notify_all()

    def after_fork_in_child(self) -> None:
        self.orphaned = self.orphaned or self._local.orphans
        self._forks = 0
        self._reset()


fork_gate: Final = ForkGate()
