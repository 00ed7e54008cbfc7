"""What a measurement depends on besides the data: machine, versions, load; and how much memory this process holds."""

from __future__ import annotations

import ctypes
import gc
import importlib.metadata
import os
import platform
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

_PACKAGES = ("pinyon", "numpy", "faiss-cpu", "apsw")
_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")
_PEAK = "5"


def environment() -> dict[str, Any]:
    """Machine and versions, as results record them. Names no host and no user."""
    return {
        "platform": platform.platform(),
        "processor": _processor(),
        "cores": _cores(),
        "memory_bytes": _memory(),
        "python": platform.python_version(),
        "versions": _versions(),
        "load": load(),
    }


def load() -> float | None:
    """Mean number of running processes over the last minute; None where the system does not count."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def same_machine(recorded: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What differs between two environments, of all that may change recall."""
    names = ("platform", "processor", "python", "versions")
    return [f"{name}: {recorded.get(name)} -> {now[name]}" for name in names if recorded.get(name) != now[name]]


class Resident:
    """The growth of this process's resident memory since the object was made.

    Made when everything but the thing to be weighed is in memory; freed memory that the C library keeps is given back
    first, or the next build would fill it without growing anything.
    """

    def __init__(self) -> None:
        gc.collect()
        if sys.platform == "linux":
            trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
            if trim is not None:
                trim(0)
            with suppress(OSError):  # not everywhere allowed: then the peak is that of the whole process
                _CLEAR.write_text(_PEAK)
        self._before = _resident()

    def growth(self) -> tuple[int | None, int | None]:
        """Bytes now and at the peak, each more than at the beginning; None where the system does not tell."""
        now = _resident()
        grown = [None if a is None or b is None else max(0, b - a) for a, b in ((self._before[0], one) for one in now)]
        return grown[0], grown[1]


def _resident() -> tuple[int | None, int | None]:
    """Bytes of resident memory: now, and the highest so far."""
    if sys.platform == "linux":
        lines = dict(line.split(":", 1) for line in _STATUS.read_text().splitlines() if ":" in line)
        return _kilobytes(lines.get("VmRSS")), _kilobytes(lines.get("VmHWM"))
    try:
        import psutil
    except ImportError:
        return None, None
    found = psutil.Process().memory_info()
    return int(found.rss), getattr(found, "peak_wset", None)


def _kilobytes(text: str | None) -> int | None:
    return None if text is None else int(text.split()[0]) * 1024


def _processor() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _memory() -> int | None:
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return None


def _versions() -> dict[str, str]:
    found = {}
    for name in _PACKAGES:
        with suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found
