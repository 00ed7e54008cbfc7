"""What a server process does besides answering: restoring backups, copying collections, scheduled backups."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Final

from pinyon.server import collecting, restoring, scheduling
from pinyon.server.background import contained
from pinyon.server.service import Service

log = logging.getLogger("pinyon.jobs")

LEASE: Final = "schedules"
"""Whoever holds it runs the schedules of the data directory."""

_PAUSE: Final = 0.5
"""Seconds between two attempts at least, when the disk says no again and again."""


class Jobs:
    """The background work of one process; making it gives it to the service, ``start`` sets it going.

    Any process does the restores and collections that are there to do, each under a lease, so that nothing is done
    twice and what a killed process left is taken up. One process at a time runs schedules.
    clock: the time. poll: seconds between looks for what other processes left, or asked for.
    failures: scheduled backups of this process that failed, by index.
    """

    def __init__(self, service: Service, *, clock: Callable[[], datetime] = restoring.now, poll: float = 15.0) -> None:
        self.failures: Counter[str] = Counter()
        self.clock = clock
        self._service = service
        self._poll = poll
        self._stopping = threading.Event()
        self._work = threading.Event()
        self._plans = threading.Event()
        self._threads: list[threading.Thread] = []
        service.jobs = self

    def start(self) -> None:
        """Begins; what an earlier process left undone comes first."""
        if self._threads or self._service.database.read_only:
            return
        self._stopping.clear()
        for name, target in (("pinyon-jobs", self._keep_working), ("pinyon-schedules", self._keep_schedules)):
            thread = threading.Thread(target=target, name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self, wait: float = 30.0) -> bool:
        """Ends after the piece of work in hand; False when that takes longer than ``wait`` seconds.

        What is left undone is done at the next start.
        """
        self._stopping.set()
        self.wake()
        for thread in self._threads:
            thread.join(wait)
        alive = any(thread.is_alive() for thread in self._threads)
        self._threads.clear()
        return not alive

    def wake(self) -> None:
        """There is something new to do."""
        self._work.set()
        self._plans.set()

    # -- work ---------------------------------------------------------------------------------------------------------

    def do_work(self) -> None:
        """Does every restore and every collection that waits, one after another."""
        registry = self._service.database.registry
        for kind, work in ((restoring.PENDING, restoring.work), (collecting.KIND, collecting.work)):
            for entry in registry.list(kind):
                if not self._stopping.is_set():
                    contained(log, f"{kind} {entry.get('name')!r}", partial(work, self._service, entry))

    def run_schedules(self) -> None:
        """Drops what has expired, then makes what is due. The caller holds the lease."""
        scheduling.expire(self._service, self.clock())
        for index in scheduling.run_due(self._service, self.clock()):
            self.failures[index] += 1
            observer = self._service.observer
            if observer is not None:
                observer.metrics.failed_backups.labels(index).inc()

    # -- threads ------------------------------------------------------------------------------------------------------

    def _keep_working(self) -> None:
        while True:
            self._work.clear()  # before anything is looked at, so that no wake is missed
            if self._stopping.is_set():
                return
            contained(log, "background work", self.do_work)
            self._work.wait(self._poll)

    def _keep_schedules(self) -> None:
        while not self._stopping.is_set():
            contained(log, "backup schedules", self._hold_schedules)
            self._stopping.wait(self._poll)

    def _hold_schedules(self) -> None:
        """Runs schedules for as long as the lease is ours."""
        with self._service.database.lease(LEASE) as mine:
            while mine:
                self._plans.clear()
                if self._stopping.is_set():
                    return
                contained(log, "backup schedules", self.run_schedules)
                self._plans.wait(self._until_next())

    def _until_next(self) -> float:
        due = scheduling.next_due(self._service)
        if due is None:
            return self._poll
        return max(_PAUSE, min(self._poll, (due - self.clock()).total_seconds()))
