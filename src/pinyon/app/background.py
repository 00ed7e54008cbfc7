"""What a server does between requests: restores, collections and schedules, and bulk imports."""

from __future__ import annotations

from pinyon.app.imports import REMOTE, BulkImporter
from pinyon.server.imports import Imports
from pinyon.server.jobs import Jobs
from pinyon.server.service import Service

__all__ = ["Background"]


class Background:
    """The background work of one server process, as ``server.process`` starts and stops it."""

    def __init__(self, service: Service) -> None:
        settings = service.settings
        importer = BulkImporter(settings.import_roots, remote=REMOTE if settings.import_remote else ())
        self._jobs = Jobs(service)
        self._imports = Imports(service, importer)

    def start(self) -> None:
        """What an earlier process left undone comes first."""
        self._jobs.start()
        self._imports.start()

    def stop(self) -> None:
        """Ends after the piece of work in hand; what is left undone is done at the next start."""
        self._imports.stop()
        self._jobs.stop()
