"""What a worker process keeps in memory of what it did lately, for those who look: log lines and slow queries.

Neither holds a key, a vector or a text; both forget the oldest first and are gone with the process.
"""

from __future__ import annotations

import logging
from collections import deque
from datetime import UTC, datetime
from typing import Any, Final

from pinyon.server.advice import advice
from pinyon.server.logs import NAME, hide_secrets, time_of
from pinyon.types import Plan
from pinyon.wire.plans import plan_body

LINES: Final = 1_000
SLOW_QUERIES: Final = 200
_LONGEST: Final = 2_000
"""Characters of one message."""


class RecentLines(logging.Handler):
    """The last lines that were logged, oldest first."""

    def __init__(self) -> None:
        super().__init__()
        self.addFilter(hide_secrets)
        self._records: deque[tuple[int, dict[str, str]]] = deque(maxlen=LINES)

    def begin(self) -> None:
        """Listen to what the server logs."""
        logging.getLogger(NAME).addHandler(self)

    def end(self) -> None:
        logging.getLogger(NAME).removeHandler(self)
        self.close()

    def emit(self, record: logging.LogRecord) -> None:
        line = {
            "time": time_of(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage()[:_LONGEST],
        }
        self._records.append((record.levelno, line))

    def last(self, count: int, level: int = logging.NOTSET) -> list[dict[str, str]]:
        """The last ``count`` lines of at least this level: time, level, logger, message."""
        self.acquire()
        try:
            found = [line for at, line in self._records if at >= level]
        finally:
            self.release()
        return found[-count:]


class SlowQueries:
    """The last queries that took longer than the settings allow."""

    def __init__(self) -> None:
        self._queries: deque[dict[str, Any]] = deque(maxlen=SLOW_QUERIES)

    def add(self, index: str, namespace: str, seconds: float, plan: Plan) -> None:
        stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        milliseconds = seconds * 1e3
        self._queries.append(
            {
                "time": stamp,
                "index": index,
                "namespace": namespace,
                "milliseconds": round(milliseconds, 3),
                "plan": plan_body(plan),
                "advice": advice(plan, milliseconds),
            }
        )

    def last(self, count: int) -> list[dict[str, Any]]:
        """Newest first."""
        return [*self._queries.copy()][::-1][:count]
