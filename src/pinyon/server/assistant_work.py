"""What a server process does for assistants besides answering: it reads their files, and finishes what was begun."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Final

from pinyon.errors import PinyonError
from pinyon.server import assistants
from pinyon.server.assistant_files import prune, settle
from pinyon.server.service import Service

log = logging.getLogger("pinyon.assistants")

_RETRY: Final = 5.0
"""Seconds between two attempts while there is work that could not be done, such as on a full disk."""
_TIDY: Final = 3600.0


class AssistantWork:
    """The files of one process, one after another, in a thread of its own; making it gives it to the service.

    Several processes may share a data directory: the work on a file is done under a lease, so that only one of them
    does it. poll: seconds between looks for what other processes left, or were asked for.
    """

    def __init__(self, service: Service, *, poll: float = 15.0) -> None:
        self._service = service
        self._poll = poll
        self._stopping = threading.Event()
        self._work = threading.Event()
        self._thread: threading.Thread | None = None
        service.assistant_work = self

    def start(self) -> None:
        """Begins; what an earlier process left undone comes first."""
        if self._thread is None and not self._service.database.read_only and self._service.answerer is not None:
            self._stopping.clear()
            self._thread = threading.Thread(target=self._keep_working, name="pinyon-assistants", daemon=True)
            self._thread.start()

    def stop(self, wait: float = 30.0) -> bool:
        """Ends after the texts in hand, False when that takes longer. The next start goes on from there."""
        self._stopping.set()
        self._work.set()
        thread, self._thread = self._thread, None
        if thread is None:
            return True
        thread.join(wait)
        return not thread.is_alive()

    def wake(self) -> None:
        """There is something new to do."""
        self._work.set()

    def run_waiting(self) -> bool:
        """Does what waits, the oldest first; False when something is left for later."""
        registry = self._service.database.registry
        for entry in registry.list(assistants.KIND):
            if entry["status"] == assistants.INITIALIZING:
                self._finish(entry["uuid"], partial(assistants.initialize, self._service, entry))
            elif entry["status"] == assistants.TERMINATING:
                self._finish(entry["uuid"], partial(assistants.terminate, self._service, entry))
        done = True
        for work in sorted(registry.list(assistants.WORK), key=lambda work: str(work["created_at"])):
            if self._stopping.is_set():
                return True
            done &= self._settle(work["uuid"], work["file_id"])
        return done

    def tidy(self) -> None:
        """Removes bytes that no file names, of uploads that were never acknowledged, and operations of long ago."""
        registry = self._service.database.registry
        for assistant in registry.list(assistants.KIND):
            prune(self._service, assistant["uuid"])
        named = [
            (assistant["uuid"], file["blob"])
            for assistant in registry.list(assistants.KIND)
            for file in registry.list(assistants.files_of(assistant["uuid"]))
        ]
        self._service.database.blobs.sweep(named)

    def _settle(self, uuid: str, file_id: str) -> bool:
        try:
            return settle(self._service, uuid, file_id, self._stopping.is_set)
        except PinyonError as error:
            log.error("file %s of assistant %s: %s", file_id, uuid, error)
            return False

    def _finish(self, uuid: str, step: Callable[[], object]) -> None:
        with self._service.database.lease(f"assistant-{uuid}") as mine:
            try:
                if mine:
                    step()
            except PinyonError as error:
                log.error("assistant %s: %s", uuid, error)

    def _keep_working(self) -> None:
        tidied = -_TIDY
        while True:
            if time.monotonic() - tidied >= _TIDY:
                tidied = time.monotonic()
                _contained(self.tidy)
            self._work.clear()  # before anything is looked at, so that no wake is missed
            if self._stopping.is_set():
                return
            done = _contained(self.run_waiting)
            self._work.wait(self._poll if done else min(_RETRY, self._poll))


def _contained(work: Callable[[], object]) -> bool:
    """Neither a disk that says no nor an entry that another release wrote may end the thread."""
    try:
        return work() is not False
    except PinyonError as error:
        log.error("assistants: %s", error)
    except (LookupError, TypeError, ValueError, AttributeError):
        log.exception("work on assistants failed")
    return False
