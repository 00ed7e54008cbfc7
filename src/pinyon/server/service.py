"""What every handler of a server shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pinyon import engine
from pinyon.errors import NotFoundError
from pinyon.server.http import Request
from pinyon.server.settings import Settings
from pinyon.types import Models, Usage

if TYPE_CHECKING:
    from pinyon.server.addresses import Addresses
    from pinyon.server.answering import Answerer
    from pinyon.server.assistant_work import AssistantWork
    from pinyon.server.imports import Imports
    from pinyon.server.jobs import Jobs
    from pinyon.server.observe import Observer


@dataclass(slots=True)
class Service:
    """One server process: its database, the models it was given, and how it was told to behave."""

    settings: Settings
    database: engine.Database
    models: Models
    addresses: Addresses
    observer: Observer | None = None
    """Is told of every request that was answered."""
    jobs: Jobs | None = None
    """Does what handlers only begin, such as restoring a backup."""
    imports: Imports | None = None
    """Reads the files of bulk imports."""
    answerer: Answerer | None = None
    """Reads the files of assistants and answers from them."""
    assistant_work: AssistantWork | None = None

    def count_usage(self, model: str, usage: Usage) -> None:
        """Adds what a model read and wrote to the metrics."""
        if self.observer is not None:
            self.observer.metrics.count_usage(model, usage)

    def count_pictures(self, model: str, count: int) -> None:
        """Adds what a model drew to the metrics."""
        if self.observer is not None:
            self.observer.metrics.count_pictures(model, count)

    def index(self, request: Request) -> engine.Index:
        """The index that the request's address names. Raises NotFoundError, ForbiddenError."""
        if not request.index:
            raise NotFoundError(
                f"{request.authority} is the address of the control plane. Send data requests to the host that "
                "describe_index gives, or put /indexes/<name> before the path."
            )
        request.principal.check_index(request.index)
        index = self.database.index(request.index)
        if index.spec.is_internal:
            raise NotFoundError(f"Index {request.index!r} does not exist.")
        return index
