"""The data sets of the race: rows, queries, metadata, filters, changes and exact answers, written once for all workers.

A set is a folder that workers read without more than numpy:

    base.f32         (n, d) float32 unit rows, raw
    rows.jsonl       metadata of the rows, one JSON object a line
    queries.npy      (q, d) float32 held-out queries       warm.npy  others, asked before the clock runs
    changed.npy      (u, d) float32: new vectors of the rows that are updated
    set.json         sizes, filters, and which rows are updated and deleted
    truth.npz        exact answers; the harness alone reads them
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks._workload import Workload, data_folder
from benchmarks.peers.contract import TOP_K, Bools, Floats, Ints

WARM = 50
FORMAT = 1
"""Raised when the files below change."""
TIE = 1e-5
"""Scores so near to each other count as equal."""
BLOCK = 64
"""Queries whose scores against all rows are held in memory at once."""


@dataclass(frozen=True)
class Kind:
    """rows x dimension; generated or, where the files are there, real. large: for contenders that claim this size."""

    name: str
    rows: int
    dimension: int
    large: bool = False


KINDS = {
    kind.name: kind for kind in (Kind("50k", 50_000, 384), Kind("100k", 100_000, 384), Kind("1m", 1_000_000, 128, True))
}


@dataclass(frozen=True)
class Truth:
    """What is right: the rows that may be found, the k-th best score among them for each query, how many to find."""

    keep: Bools
    kth: Floats
    wanted: int


def generated(rows: int, dimension: int, queries: int) -> Workload:
    """1,000 overlapping clusters of half the dimensions' rank, in directions that matter less and less, and some noise.

    A graph finds its way in them about as hard as in real sentence embeddings: HNSW (M 16) over 60,000 x 128 reaches
    recall 0.946 / 0.981 / 0.994 with ef 32 / 64 / 128.
    """
    rng = np.random.default_rng(0)
    rank, clusters = dimension // 2, max(1, min(1_000, rows // 50))
    centres = rng.standard_normal((clusters, rank))
    directions = np.linalg.qr(rng.standard_normal((dimension, rank)))[0].T / np.sqrt(np.arange(1, rank + 1))[:, None]

    def draw(n: int) -> Floats:
        out = np.empty((n, dimension), np.float32)
        for start in range(0, n, 50_000):
            part = out[start : start + 50_000]
            inner = centres[rng.integers(clusters, size=len(part))] + rng.standard_normal((len(part), rank))
            part[:] = inner @ directions + 0.02 * rng.standard_normal((len(part), dimension))
            part /= np.linalg.norm(part, axis=1, keepdims=True)
        return out

    return Workload(draw(rows), draw(queries), "generated clusters of low rank")


def prepare(kind: Kind, queries: int, root: Path) -> Path:
    """The folder of the set, made when it is not there."""
    asked = queries + WARM
    shared = kind.dimension == 384 and kind.rows <= 100_000
    real = shared and (data_folder() / "base_100000x384_f16.npy").exists()
    folder = root / f"{kind.rows}x{kind.dimension}-{queries}-{'real' if real else 'generated'}-{FORMAT}"
    if (folder / "set.json").exists():
        return folder
    work = Workload.load(kind.rows, asked) if shared else generated(kind.rows, kind.dimension, asked)
    if len(work.queries) < asked:
        most = len(work.queries) - WARM
        raise SystemExit(f"--queries {queries} is more than the {most} held-out queries that the data has.")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    _write(work, queries, folder)
    return folder


def _write(work: Workload, queries: int, folder: Path) -> None:
    rng = np.random.default_rng(3)
    np.ascontiguousarray(work.base, np.float32).tofile(folder / "base.f32")
    with (folder / "rows.jsonl").open("w") as file:
        for row in _metadata(work):
            file.write(json.dumps(row) + "\n")
    asked = work.queries[:queries]
    np.save(folder / "queries.npy", asked)
    np.save(folder / "warm.npy", work.queries[queries:])

    order = rng.permutation(work.rows)
    updates, deletes = min(1_000, work.rows // 50), min(5_000, work.rows // 10)
    updated, deleted = np.sort(order[:updates]), np.sort(order[updates : updates + deletes])
    changed = work.base[updated] + work.base[order[-updates:]]
    changed /= np.linalg.norm(changed, axis=1, keepdims=True)
    np.save(folder / "changed.npy", changed)

    cases = [(name, conditions_of(where), keep) for name, where, keep in work.filters()]
    after = work.base.copy()
    after[updated] = changed
    alive = np.ones(work.rows, bool)
    alive[deleted] = False
    truths = {"all": exact(work.base, asked, np.ones(work.rows, bool)), "after": exact(after, asked, alive)}
    truths |= {name: exact(work.base, asked, keep) for name, _, keep in cases}
    arrays = {f"{name}/{part}": getattr(truth, part) for name, truth in truths.items() for part in ("keep", "kth")}
    np.savez_compressed(folder / "truth.npz", **arrays)
    about = {
        "rows": work.rows,
        "dimension": work.dimension,
        "queries": queries,
        "origin": work.origin,
        "updated": updated.tolist(),
        "deleted": deleted.tolist(),
        "filters": [{"name": name, "where": where, "share": float(keep.mean())} for name, where, keep in cases],
    }
    (folder / "set.json").write_text(json.dumps(about))


def _metadata(work: Workload) -> Any:
    columns = {
        name: getattr(column, "tolist", lambda column=column: column)() for name, column in work.filter_columns.items()
    }
    names = list(columns)
    for values in zip(*columns.values(), strict=True):
        yield dict(zip(names, values, strict=True))


def conditions_of(where: dict[str, Any]) -> list[tuple[str, str, Any]]:
    """A Pinecone filter of one level as triples."""
    words = {"$lt": "<", "$lte": "<=", "$gt": ">", "$gte": ">="}
    found = []
    for field, test in where.items():
        for op, value in test.items() if isinstance(test, dict) else [("==", test)]:
            found.append((field, words.get(op, op), value.item() if isinstance(value, np.generic) else value))
    return found


def exact(base: Floats, queries: Floats, keep: Bools) -> Truth:
    """The truth among the rows that are kept, block by block of queries."""
    rows = base if keep.all() else base[keep]
    wanted = min(TOP_K, len(rows))
    kth = np.full(len(queries), np.inf, np.float32)
    for start in range(0, len(queries) if wanted else 0, BLOCK):
        scores = queries[start : start + BLOCK] @ rows.T
        kth[start : start + BLOCK] = np.partition(scores, scores.shape[1] - wanted, axis=1)[:, -wanted]
    return Truth(keep, kth, wanted)


class Judge:
    """Says how much of the truth an answer holds. Rows that tie with the last place count as right."""

    def __init__(self, folder: Path) -> None:
        about = json.loads((folder / "set.json").read_text())
        self.origin: str = about["origin"]
        self.queries: Floats = np.load(folder / "queries.npy")
        self.base = np.memmap(folder / "base.f32", np.float32, "r", shape=(about["rows"], about["dimension"]))
        self.updated = {row: number for number, row in enumerate(about["updated"])}
        self.changed: Floats = np.load(folder / "changed.npy")
        with np.load(folder / "truth.npz") as arrays:
            names = {name.rsplit("/", 1)[0] for name in arrays}
            kept, kth = ({name: arrays[f"{name}/{part}"] for name in names} for part in ("keep", "kth"))
        self.truth = {name: Truth(kept[name], kth[name], min(TOP_K, int(kept[name].sum()))) for name in names}

    def recall(self, found: Ints, case: str = "all", numbers: Iterable[int] | None = None) -> float:
        """found: (m, k) rows, -1 where there is none, for the queries ``numbers`` (by default the first m)."""
        truth, right = self.truth[case], 0
        if not truth.wanted or not len(found):
            return 1.0
        for number, rows in zip(range(len(found)) if numbers is None else numbers, found.tolist(), strict=True):
            kept = sorted({row for row in rows if 0 <= row < len(self.base) and truth.keep[row]})
            scores = self._vectors(kept, case) @ self.queries[number]
            right += min(int((scores >= truth.kth[number] - TIE).sum()), truth.wanted)
        return right / (truth.wanted * len(found))

    def _vectors(self, rows: list[int], case: str) -> Floats:
        out = np.array(self.base[rows])
        if case == "after":
            for place, row in enumerate(rows):
                if row in self.updated:
                    out[place] = self.changed[self.updated[row]]
        return out

    def full(self, found: Ints, case: str = "all") -> int:
        """Answers with min(k, matches) distinct rows, neither fewer nor more."""
        return sum(len({row for row in rows if row >= 0}) == self.truth[case].wanted for rows in found.tolist())
