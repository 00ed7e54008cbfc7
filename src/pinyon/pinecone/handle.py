"""The engine's index behind a handle that can be closed on its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pinyon.errors import ClosedError

if TYPE_CHECKING:
    from pinyon import engine
    from pinyon.types import Models


class OpenIndex:
    """The engine shares one index among all handles of a process, so closing a handle only ends its own use."""

    def __init__(self, index: engine.Index, models: Models) -> None:
        self._open: engine.Index | None = index
        self._name = index.name
        self._models = models

    @property
    def _index(self) -> engine.Index:
        if self._open is None:
            raise ClosedError(f"This handle on index {self._name!r} was closed. Get another one with pc.Index(name).")
        return self._open

    def close(self) -> None:
        """Ends the use of this handle. What it wrote is already on disk; other handles go on."""
        self._open = None
