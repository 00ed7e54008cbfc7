"""Waiting for what other threads and processes do."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE = 60.0
"""Seconds until a test gives up: how long a busy machine takes says nothing about the code under test."""


def eventually(holds: Callable[[], object], seconds: float = PATIENCE) -> bool:
    """Whether it holds, now or soon."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True
