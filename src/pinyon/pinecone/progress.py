"""A progress bar for long writes: only with ``show_progress``, only on a terminal, only when rich is installed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Advance(Protocol):
    def __call__(self, records: int) -> None: ...


def _nothing(records: int) -> None:
    """Nobody watches."""


@contextmanager
def progress(shown: bool, total: int | None) -> Iterator[Advance]:
    """Gives a function to call with the number of records that were just written."""
    if not shown or not sys.stderr.isatty():
        yield _nothing
        return
    try:
        from rich.console import Console
        from rich.progress import Progress
    except ImportError:
        yield _nothing
        return
    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("Upserting", total=total)
        yield lambda records: bar.advance(task, records)
