"""Data, metadata, filters and exact answers that the benchmarks share."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np


def say(line: str) -> None:
    print(line, flush=True)


def data_folder() -> Path:
    return Path(os.environ.get("PINYON_BENCH_DATA", Path(__file__).resolve().parents[2] / "shared" / "data" / "bench"))


def _unit(rows: np.ndarray) -> np.ndarray:
    rows = rows.astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def recall(found: np.ndarray, truth: np.ndarray, k: int = 10) -> float:
    """Mean share of the true top k that was found."""
    return float(np.mean([len(set(a) & set(b[:k])) / k for a, b in zip(found.tolist(), truth.tolist(), strict=True)]))


@dataclass
class Workload:
    """(n, d) unit rows, held-out queries, metadata {category of 20, year, price, 1-3 of 50 tags, ~100 characters}."""

    base: np.ndarray
    queries: np.ndarray
    origin: str
    _within: dict[str, np.ndarray] = field(default_factory=dict)

    @classmethod
    def load(cls, rows: int, queries: int) -> Workload:
        folder = data_folder()
        if (folder / "base_100000x384_f16.npy").exists():
            base = _unit(np.load(folder / "base_100000x384_f16.npy", mmap_mode="r")[:rows])
            asked = _unit(np.load(folder / "queries_1000x384_f16.npy", mmap_mode="r")[:queries])
            return cls(base, asked, "sentence embeddings (all-MiniLM-L6-v2)")
        rng = np.random.default_rng(0)
        centres = rng.standard_normal((200, 48))
        spread = rng.standard_normal((48, 384)) / 7

        def draw(n: int) -> np.ndarray:
            inner = centres[rng.integers(200, size=n)] + 0.6 * rng.standard_normal((n, 48))
            return _unit(inner @ spread + 0.02 * rng.standard_normal((n, 384)))

        return cls(draw(rows), draw(queries), "generated clusters (the real embeddings are absent)")

    @property
    def rows(self) -> int:
        return len(self.base)

    @property
    def dimension(self) -> int:
        return int(self.base.shape[1])

    @cached_property
    def ids(self) -> list[str]:
        return [str(row) for row in range(self.rows)]

    @cached_property
    def truth(self) -> np.ndarray:
        return np.argsort(-(self.queries @ self.base.T), axis=1, kind="stable")[:, :100]

    @cached_property
    def columns(self) -> dict[str, Any]:
        rng = np.random.default_rng(1)
        n = self.rows
        return {
            "category": [f"category-{value}" for value in rng.zipf(1.5, n) % 20],
            "year": rng.integers(1990, 2026, n),
            "price": np.round(rng.random(n) * 100, 2),
            "tags": [[f"tag-{v}" for v in rng.choice(50, rng.integers(1, 4), replace=False)] for _ in range(n)],
            "text": [f"Passage {row} of the benchmark: {rng.bytes(34).hex()}" for row in range(n)],
        }

    @cached_property
    def filter_columns(self) -> dict[str, Any]:
        """The same, and two fields to filter by: one independent of the vectors, one tied to a direction."""
        draw = np.random.default_rng(2).random(self.rows)
        return {**self.columns, "draw": draw, "region": (self.base @ self.base[1]).astype(np.float64)}

    def as_dicts(self) -> list[dict[str, object]]:
        names = list(self.columns)
        table = [list(self.columns[name]) for name in names]
        plain = [[value.item() if isinstance(value, np.generic) else value for value in column] for column in table]
        vectors = self.base.tolist()
        return [
            {"id": self.ids[row], "values": vectors[row], "metadata": dict(zip(names, values, strict=True))}
            for row, values in enumerate(zip(*plain, strict=True))
        ]

    def filters(self) -> list[tuple[str, dict[str, Any], np.ndarray]]:
        """(name, filter, kept rows): independent of the vectors, and tied to them in both directions."""
        draw, region = self.filter_columns["draw"], self.filter_columns["region"]
        cases = [(f"random {100 * s:g} %", {"draw": {"$lt": s}}, draw < s) for s in (0.5, 0.1, 0.01, 0.001)]
        for share in (0.5, 0.1, 0.01, 0.001):
            high, low = float(np.quantile(region, 1 - share)), float(np.quantile(region, share))
            cases.append((f"one region {100 * share:g} %", {"region": {"$gte": high}}, region >= high))
            cases.append((f"opposite region {100 * share:g} %", {"region": {"$lte": low}}, region <= low))
        category = np.array(self.columns["category"]) == "category-1"
        cases.append(
            (
                "category and year",
                {"category": "category-1", "year": {"$gte": 2010}},
                category & (self.columns["year"] >= 2010),
            )
        )
        return cases

    def truth_within(self, name: str, keep: np.ndarray | None) -> np.ndarray:
        """(q, min(10, kept)) best rows among those that are kept."""
        if keep is None:
            return self.truth[:, :10]
        if name not in self._within:
            rows = np.flatnonzero(keep)
            scores = self.queries @ self.base[rows].T
            self._within[name] = rows[np.argsort(-scores, axis=1, kind="stable")[:, :10]]
        return self._within[name]


def child(code: str, *arguments: str) -> str:
    """The last line that a fresh interpreter prints."""
    done = subprocess.run([sys.executable, "-c", code, *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip().splitlines()[-1]


@contextmanager
def conversation(code: str, *arguments: str) -> Iterator[list[str]]:
    """The two lines that a fresh interpreter prints; it goes on when the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        yield [process.stdout.readline().strip() for _ in range(2)]
    finally:
        process.stdin.write("\n")
        process.stdin.close()
        process.stdout.close()
        process.wait()
