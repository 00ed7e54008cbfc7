"""How hard a single query asks to be searched for."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

pytest.importorskip("faiss", reason="quantised search needs faiss")

from pinyon.engine import Database, Index
from pinyon.types import METRICS, Floats, IndexSpec, Metric, Plan, Query

ROWS, D = 8_000, 48


@pytest.fixture(scope="module")
def rows() -> Floats:
    rng = np.random.default_rng(11)
    centres = rng.standard_normal((40, D))
    return (centres[rng.integers(0, 40, ROWS)] + 0.5 * rng.standard_normal((ROWS, D))).astype(np.float32)


@pytest.fixture(scope="module")
def index(rows: Floats) -> Iterator[Index]:
    """With codes over every row; metadata n is the row."""
    with Database(":memory:") as database:
        database.create_index(IndexSpec("films", D, "cosine", kind="scan"))
        index = database.index("films")
        index.upsert("", [str(row) for row in range(ROWS)], rows, metadata={"n": list(range(ROWS))})
        assert index.ready(timeout=120)
        assert index.describe("").rerank_depth is not None
        yield index


def planned(index: Index, query: Query) -> tuple[Plan, list[str]]:
    result = index.query("", query)
    assert result.plan is not None
    return result.plan, [match.id for match in result.matches]


def test_a_factor_changes_how_many_candidates_are_looked_at_first(index: Index, rows: Floats) -> None:
    """Those for which it is not enough look at more, whatever the factor: so the fewest are counted."""
    first = []
    for factor in (0.5, None, 1.0, 4.0):
        queries = [Query(10, vector=rows[row], explain=True, scan_factor=factor) for row in range(0, 2_000, 10)]
        first.append(min(planned(index, query)[0].candidates for query in queries))
    half, usual, one, four = first
    assert half < usual == one
    assert four == pytest.approx(4 * usual, abs=3)


def test_no_more_candidates_than_asked_for_are_rescored(index: Index, rows: Floats) -> None:
    for most in (10, 11, 27, 60, 200, 1_500):
        for row in range(0, 200, 20):
            plan, found = planned(index, Query(10, vector=rows[row], explain=True, max_candidates=most))
            assert plan.kind == "scan"
            assert plan.candidates <= most
            assert not plan.exact
            assert f"at most {most} candidates" in plan.reason
            assert len(found) == 10
            assert found[0] == str(row)


def test_more_candidates_find_more(index: Index, rows: Floats) -> None:
    rng = np.random.default_rng(3)
    queries = rows[rng.integers(0, ROWS, 60)] + 0.5 * rng.standard_normal((60, D)).astype(np.float32)
    truth = [set(planned(index, Query(10, vector=query, exact=True, explain=True))[1]) for query in queries]

    def recall(most: int | None) -> float:
        found = [planned(index, Query(10, vector=query, max_candidates=most, explain=True))[1] for query in queries]
        return sum(len(best & set(ids)) for best, ids in zip(truth, found, strict=True)) / 600

    few, many = recall(10), recall(2_000)
    assert few < many
    assert many >= 0.99
    assert recall(None) >= 0.98


def test_a_single_candidate_is_enough_for_a_single_match(index: Index, rows: Floats) -> None:
    for factor in (None, 0.5, 4.0):
        plan, found = planned(
            index, Query(1, vector=rows[77], explain=True, max_candidates=1, scan_factor=factor)
        )  # fmt: skip
        assert (plan.candidates, found) == (1, ["77"])


@pytest.mark.parametrize("share", [1.0, 0.6, 0.2, 0.05, 0.01, 0.0005])
def test_a_filter_loses_no_match_to_a_bound(index: Index, rows: Floats, share: float) -> None:
    matching = int(ROWS * share)
    for k in (1, 10, 300):
        plan, found = planned(
            index, Query(k, vector=-rows[0], filter={"n": {"$lt": matching}}, max_candidates=k, explain=True)
        )
        assert len(found) == min(k, matching)
        assert all(int(id) < matching for id in found)
        assert plan.kind in ("scan", "gather")
        if plan.kind == "scan":
            assert plan.candidates == k


def test_a_bound_keeps_a_large_top_k_on_the_codes(index: Index, rows: Floats) -> None:
    usual, _ = planned(index, Query(3_000, vector=rows[0], explain=True))
    bounded, found = planned(index, Query(3_000, vector=rows[0], explain=True, max_candidates=3_500))
    assert usual.exact
    assert (bounded.kind, bounded.candidates, len(found)) == ("scan", 3_500, 3_000)


def test_a_bound_that_reaches_every_match_changes_nothing(index: Index, rows: Floats) -> None:
    for row in range(0, 100, 10):
        usual = planned(index, Query(10, vector=rows[row], explain=True))
        bounded = planned(index, Query(10, vector=rows[row], explain=True, max_candidates=100_000))
        assert (usual[0].candidates, usual[1]) == (bounded[0].candidates, bounded[1])


def test_exact_stays_exact(index: Index, rows: Floats) -> None:
    plan, _ = planned(index, Query(10, vector=rows[0], exact=True, explain=True, max_candidates=10, scan_factor=0.5))
    assert (plan.kind, plan.exact, plan.candidates) == ("exact", True, ROWS)


@pytest.mark.parametrize("metric", METRICS)
def test_a_bound_holds_where_rows_are_equal(metric: Metric) -> None:
    rows = np.tile(np.arange(1, 17, dtype=np.float32), (5_000, 1))
    with Database(":memory:") as database:
        database.create_index(IndexSpec("same", 16, metric, kind="scan"))
        index = database.index("same")
        index.upsert("", [f"{row:04}" for row in range(5_000)], rows, metadata={"n": list(range(5_000))})
        assert index.ready(timeout=120)
        for filter in (None, {"n": {"$gte": 3_000}}):
            result = index.query("", Query(10, vector=rows[0], filter=filter, max_candidates=12, explain=True))
            assert len(result.matches) == 10
            assert all(int(match.id) >= (3_000 if filter else 0) for match in result.matches)


def test_where_no_codes_are_used_effort_has_no_effect() -> None:
    with Database(":memory:") as database:
        database.create_index(IndexSpec("small", 2, "dotproduct"))
        database.create_index(IndexSpec("sparse", None, "dotproduct", "sparse"))
        index, words = database.index("small"), database.index("sparse")
        sparse = [{"indices": [1], "values": [float(n)]} for n in range(1, 51)]
        index.upsert("", [str(n) for n in range(50)], [[n, 1.0] for n in range(50)], sparse=sparse)
        words.upsert("", [str(n) for n in range(50)], sparse=sparse)
        for query in (
            Query(5, vector=[1.0, 0.0], scan_factor=0.5, max_candidates=5),
            Query(5, vector=[1.0, 0.0], sparse=sparse[0], scan_factor=4, max_candidates=5),
            Query(5, id="3", max_candidates=5),
        ):
            assert [match.id for match in index.query("", query).matches] == ["49", "48", "47", "46", "45"]
        found = words.query("", Query(5, sparse=sparse[0], scan_factor=np.float32(2), max_candidates=5)).matches
        assert [match.id for match in found] == ["49", "48", "47", "46", "45"]
