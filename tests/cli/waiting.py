"""Waiting for what a command does in a process of its own."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from pinyon.engine import Database


def wait_for_records(data: Path, process: subprocess.Popen[str]) -> None:
    """Returns when the index "docs" has records, while the process that writes them still runs."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()
        if (data / "catalog.sqlite").exists() and any((data / "indexes").glob("*")):
            with Database(data) as database:
                if database.list_indexes() and database.index("docs").count(""):
                    return
        time.sleep(0.02)
    raise AssertionError("no batch was committed in 60 seconds")
