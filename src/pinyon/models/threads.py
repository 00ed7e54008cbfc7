"""How many threads a model may use."""

from __future__ import annotations

import os

__all__ = ["capped", "usable_cores"]


def usable_cores() -> int:
    """Cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def capped(threads: int, most: int = 8) -> int:
    """The threads to use: as many as asked for, but never more than cores; with 0 one per core, at most ``most``."""
    cores = usable_cores()
    return min(threads, cores) if threads else min(cores, most)
