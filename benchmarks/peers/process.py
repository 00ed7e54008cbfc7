"""What a process and its children hold of the machine, where /proc tells; elsewhere what the standard library knows."""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path

PROC = Path("/proc")


def _family(pid: int) -> list[int]:
    """The process and all its descendants that still run."""
    found = [pid]
    for task in (PROC / str(pid) / "task").glob("*/children"):
        for child in task.read_text().split():
            found += _family(int(child))
    return found


def _field(pid: int, name: str) -> float:
    """A line of /proc/<pid>/status in MB, 0 when the process has just ended."""
    try:
        lines = (PROC / str(pid) / "status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(name + ":")), 0.0)


def resident() -> float:
    """MB in memory now, children included."""
    return _sum("VmRSS")


def peak() -> float:
    """MB in memory at the most so far, children included."""
    return _sum("VmHWM")


def _sum(name: str) -> float:
    if not (PROC / "self" / "status").exists():
        unit = 2**20 if sys.platform == "darwin" else 2**10
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    return sum(_field(pid, name) for pid in _family(os.getpid()))


def cpu() -> float:
    """Seconds of processor time so far, children included."""
    if not (PROC / "self" / "stat").exists():
        own = os.times()
        return own.user + own.system + own.children_user + own.children_system
    return sum(map(_ticks, _family(os.getpid()))) / os.sysconf("SC_CLK_TCK")


def _ticks(pid: int) -> int:
    """Time of a process and of its children that ended, 0 when it has just ended itself."""
    try:
        stat = (PROC / str(pid) / "stat").read_text()
    except OSError:
        return 0
    return sum(map(int, stat.rsplit(")", 1)[1].split()[11:15]))


def disk(folder: Path) -> tuple[float, int]:
    """(MB that the files take on disk, how many there are)."""
    sizes = [path.stat() for path in folder.rglob("*") if path.is_file()]
    return sum(getattr(one, "st_blocks", one.st_size / 512) * 512 for one in sizes) / 2**20, len(sizes)
