"""Rows that died are left behind, also by a namespace that is written to and searched without a pause."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from pinyon.engine import Database, maintenance
from pinyon.types import IndexSpec, Query

ROWS, D = 6_000, 16


@pytest.mark.parametrize("quiet", [0.25, 1e9], ids=["at rest", "never at rest"])
def test_dead_rows_do_not_pile_up(tmp_path: Path, quiet: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maintenance, "QUIET", quiet)
    rng = np.random.default_rng(2)
    vectors = rng.normal(size=(ROWS, D)).astype(np.float32)
    ids = [f"row-{number}" for number in range(ROWS)]
    with Database(tmp_path / "data") as database:
        database.create_index(IndexSpec("docs", D, "cosine"))
        index = database.index("docs")
        index.upsert("", ids, vectors)
        deadline = time.monotonic() + 60
        most, renewed = 0, 0
        while renewed < 2 and time.monotonic() < deadline:
            at = int(rng.integers(0, ROWS - 500))
            vectors[at : at + 500] = rng.normal(size=(500, D))
            index.upsert("", ids[at : at + 500], vectors[at : at + 500])
            query = rng.normal(size=D).astype(np.float32)
            found = index.query("", Query(10, vector=query, exact=True)).matches
            scores = vectors @ query / np.linalg.norm(vectors, axis=1) / np.linalg.norm(query)
            assert [match.score for match in found] == pytest.approx(np.sort(scores)[::-1][:10].tolist(), abs=1e-5)
            dead = index.describe("").dead_rows
            renewed += dead < most // 2
            most = dead if dead < most // 2 else max(most, dead)
            time.sleep(0.3 if quiet < 1 and most > ROWS else 0.0)
        assert renewed == 2
        assert index.ready()
        files = list((tmp_path / "data" / "cache").rglob("*.f32"))
        assert len(files) <= 2, "a file of vectors that nobody needs is deleted"


@pytest.mark.parametrize("named", [True, False], ids=["by name", "all of the index"])
def test_a_namespace_that_shrank_to_a_few_rows_leaves_its_dead_ones_behind(
    tmp_path: Path, named: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maintenance, "QUIET", 1e9)
    vectors = np.random.default_rng(4).normal(size=(ROWS, D)).astype(np.float32)
    ids = [f"row-{number}" for number in range(ROWS)]
    with Database(tmp_path / "data") as database:
        database.create_index(IndexSpec("docs", D, "cosine"))
        index = database.index("docs")
        index.upsert("", ids, vectors)
        index.upsert("small", ids[:10], vectors[:10])
        index.query("", Query(1, vector=vectors[0]))
        index.delete("", ids[100:])
        assert index.ready("" if named else None)
        report = index.describe("")
        assert (report.records, report.dead_rows) == (100, 0)
        assert index.query("", Query(1, vector=vectors[99])).matches[0].id == ids[99]


def test_what_is_written_while_a_namespace_is_read_anew_is_there_afterwards(tmp_path: Path) -> None:
    vectors = np.random.default_rng(3).normal(size=(ROWS, D)).astype(np.float32)
    ids = [f"row-{number}" for number in range(ROWS)]
    with Database(tmp_path / "data") as database:
        database.create_index(IndexSpec("docs", D, "cosine"))
        index = database.index("docs")
        index.upsert("", ids, vectors)
        index.delete("", ids[:1_000])
        assert index.ready()
        with index.truth.read() as view:
            ns_id, lsn, _ = view.position("") or (0, 0, 0)
            state = index.memory.state(view, ns_id)
            state.at(view, lsn)
            fresh = state.renewed(view, lsn)
        index.upsert("", ["new"], vectors[:1])
        index.delete("", ids[1_000:1_002])
        with index.truth.read() as view:
            after = state.renew(fresh, view, view.lsn_of(ns_id) or 0)
        assert (after.live, after.n) == (ROWS - 1_001, ROWS - 999)
        assert [match.id for match in index.query("", Query(1, vector=vectors[0])).matches] == ["new"]
        assert index.query("", Query(1, vector=vectors[1_000])).matches[0].score < 0.999
