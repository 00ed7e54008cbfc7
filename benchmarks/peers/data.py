"""A prepared set, as a worker reads it: see ``sets``. Standard library and numpy only."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.peers.contract import BATCH, Batch, Conditions, Floats


class Data:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        about = json.loads((folder / "set.json").read_text())
        self.rows: int = about["rows"]
        self.dimension: int = about["dimension"]
        self.updated: list[int] = about["updated"]
        self.deleted: list[int] = about["deleted"]
        self.filters: list[dict[str, Any]] = about["filters"]
        self.queries: Floats = np.load(folder / "queries.npy")
        self.warm: Floats = np.load(folder / "warm.npy")
        self.changed: Floats = np.load(folder / "changed.npy")

    def conditions(self, number: int) -> Conditions:
        return [(field, op, value) for field, op, value in self.filters[number]["where"]]

    def batches(self, limit: int | None = None) -> Iterator[Batch]:
        """The rows in order, BATCH at a time. Read, not mapped: mapped pages would count as a contender's memory."""
        rows = self.rows if limit is None else min(limit, self.rows)
        with (self.folder / "base.f32").open("rb") as raw, (self.folder / "rows.jsonl").open() as lines:
            for start in range(0, rows, BATCH):
                numbers = list(range(start, min(start + BATCH, rows)))
                vectors = np.fromfile(raw, np.float32, len(numbers) * self.dimension).reshape(-1, self.dimension)
                metadata = [json.loads(next(lines)) for _ in numbers]
                yield Batch(numbers, [str(number) for number in numbers], vectors, metadata)

    def updates(self) -> Batch:
        """The rows that change, with their new vectors and the metadata that they had."""
        wanted = set(self.updated)
        with (self.folder / "rows.jsonl").open() as lines:
            metadata = [json.loads(line) for number, line in enumerate(lines) if number in wanted]
        return Batch(self.updated, [str(row) for row in self.updated], self.changed, metadata)

    def deletions(self) -> Batch:
        names = [str(row) for row in self.deleted]
        return Batch(self.deleted, names, np.empty((0, self.dimension), np.float32), [])

    def newcomers(self, size: int) -> Iterator[Batch]:
        """Batches of new records without end: rows turned to the other side, far from what the queries want."""
        pool = list(self.batches(20 * BATCH))
        first = self.rows
        while True:
            for batch in pool:
                for start in range(0, len(batch), size):
                    part = batch[start : start + size]
                    rows = list(range(first, first + len(part)))
                    first += len(part)
                    yield Batch(rows, [str(row) for row in rows], -part.vectors, part.metadata)
