"""What a server process does for assistants besides answering: it reads their files, and finishes what was begun."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import partial
from typing import Final

from pinyon.errors import PinyonError
from pinyon.server import assistants
from pinyon.server.assistant_files import prune, settle
from pinyon.server.background import Background, contained
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
        self._tidy_at = 0.0
        self._thread = Background("pinyon-assistants", self._turn)
        service.assistant_work = self

    def start(self) -> None:
        """Begins; what an earlier process left undone comes first."""
        if not self._service.database.read_only and self._service.answerer is not None:
            self._tidy_at = 0.0
            self._thread.start()

    def stop(self, wait: float = 30.0) -> bool:
        """Ends after the texts in hand, False when that takes longer. The next start goes on from there."""
        return self._thread.stop(wait)

    def wake(self) -> None:
        """There is something new to do."""
        self._thread.wake()

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
            if self._thread.stopping.is_set():
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
            return settle(self._service, uuid, file_id, self._thread.stopping.is_set)
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

    def _turn(self) -> float:
        if time.monotonic() >= self._tidy_at:
            self._tidy_at = time.monotonic() + _TIDY
            contained(log, "assistants", self.tidy)
        if self._thread.stopping.is_set():
            return 0.0
        return self._poll if contained(log, "assistants", self.run_waiting) else min(_RETRY, self._poll)
