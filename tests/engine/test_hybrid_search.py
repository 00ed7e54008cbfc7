"""Dense and sparse values in one query: exact sums, found through codes where a namespace has them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

pytest.importorskip("faiss", reason="quantised search needs faiss")

from pinyon.engine import Database, Index
from pinyon.types import Floats, IndexSpec, Query, QueryResult, SparseValues

ROWS, D, TERMS = 24_000, 32, 96
SCALES = (0.02, 0.3, 3.0)


def strongest(table: Floats, count: int) -> list[SparseValues]:
    """Of each row of an (n, t) table its ``count`` largest entries, as sparse values."""
    terms = np.sort(np.argpartition(-table, count, axis=1)[:, :count], axis=1)
    weights = np.maximum(np.take_along_axis(table, terms, axis=1), 0.01).astype(np.float32)
    return [SparseValues(t.astype(np.uint32), w) for t, w in zip(terms, weights, strict=True)]


class World:
    """Vectors in clusters. Terms are directions: those of a record are the ones that its vector follows most, with some
    chance, so that a query's own terms agree with its vector, and terms of the opposite vector oppose it."""

    def __init__(self) -> None:
        self.rng = np.random.default_rng(21)
        centres = self.rng.standard_normal((60, D))
        rows = centres[self.rng.integers(0, 60, ROWS)] + 0.7 * self.rng.standard_normal((ROWS, D))
        self.rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
        self.directions = self.rng.standard_normal((D, TERMS)).astype(np.float32) / np.float32(D**0.5)
        self.sparse = strongest(self._directed(self.rows), 8)

    def _directed(self, rows: Floats) -> Floats:
        return rows @ self.directions + self.rng.normal(scale=0.05, size=(len(rows), TERMS)).astype(np.float32)

    def queries(self, kind: str, count: int) -> list[tuple[Floats, SparseValues]]:
        picks = self.rng.integers(0, ROWS, count)
        vectors = self.rows[picks] + self.rng.normal(scale=0.1, size=(count, D)).astype(np.float32)
        sign = {"agreeing": 1.0, "opposed": -1.0, "independent": 0.0}[kind]
        noise = self.rng.random((count, TERMS)).astype(np.float32)
        table = self._directed(np.float32(sign) * vectors) if sign else noise
        return list(zip(vectors, strongest(table, 5), strict=True))


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.fixture(scope="module")
def index(world: World) -> Iterator[Index]:
    """With codes over every row; metadata n is the row."""
    with Database(":memory:") as database:
        database.create_index(IndexSpec("films", D, "dotproduct", kind="scan"))
        index = database.index("films")
        ids = [str(row) for row in range(ROWS)]
        index.upsert("", ids, world.rows, sparse=world.sparse, metadata={"n": list(range(ROWS))})
        assert index.ready(timeout=120)
        yield index


def scaled(sparse: SparseValues, factor: float) -> SparseValues:
    return SparseValues(sparse.indices, (sparse.values * factor).astype(np.float32))


def both(index: Index, query: Query) -> tuple[QueryResult, QueryResult]:
    """The usual answer, and the one that scores every record."""
    settings = {name: getattr(query, name) for name in ("vector", "sparse", "filter")}
    return index.query("", query), index.query("", Query(query.top_k, exact=True, explain=True, **settings))


def recalled(found: QueryResult, true: QueryResult) -> int:
    """Hits that are among the best; the scores of both answers are checked to be the same numbers."""
    assert len(found.matches) == len(true.matches)
    scores = {match.id: match.score for match in true.matches}
    assert all(scores.get(match.id, match.score) == match.score for match in found.matches)
    assert [match.score for match in found.matches] == sorted((match.score for match in found.matches), reverse=True)
    return sum(match.score >= true.matches[-1].score for match in found.matches)


@pytest.mark.parametrize("kind", ["agreeing", "independent", "opposed"])
@pytest.mark.parametrize("scale", SCALES)
def test_the_best_sums_are_found_however_the_two_sides_relate(
    index: Index, world: World, kind: str, scale: float
) -> None:
    hits = wanted = short = 0
    for filter in (None, {"n": {"$gte": ROWS // 10}}):
        for vector, sparse in world.queries(kind, 40):
            query = Query(10, vector=vector, sparse=scaled(sparse, scale), filter=filter, explain=True)
            found, true = both(index, query)
            assert found.plan is not None
            assert found.plan.kind == "hybrid"
            assert true.plan is not None
            assert true.plan.exact
            hits += recalled(found, true)
            wanted += len(true.matches)
            short += found.plan.candidates < found.plan.matching / 4
    assert hits / wanted >= 0.99
    assert short >= 40  # of 80: the others were left to the search that scores every record


def test_every_score_is_the_sum_of_both_products(index: Index, world: World) -> None:
    for vector, sparse in world.queries("independent", 10):
        weights = dict(zip(sparse.indices.tolist(), sparse.values.tolist(), strict=True))
        for match in index.query("", Query(10, vector=vector, sparse=sparse)).matches:
            row = int(match.id)
            held = world.sparse[row]
            lexical = sum(
                weights.get(term, 0.0) * weight
                for term, weight in zip(held.indices.tolist(), held.values.tolist(), strict=True)
            )
            assert match.score == pytest.approx(float(world.rows[row].astype(float) @ vector) + lexical, abs=1e-6)


def test_weights_of_either_side_are_the_callers_business(index: Index, world: World) -> None:
    """A convex combination, alpha times the dense part plus 1 - alpha times the sparse one; near 1 or 0 one decides."""
    vector, sparse = world.queries("opposed", 1)[0]

    def found(alpha: float) -> list[str]:
        query = Query(10, vector=alpha * vector, sparse=scaled(sparse, 1.0 - alpha))
        return [match.id for match in index.query("", query).matches]

    dense = world.rows @ vector
    lexical = np.zeros(ROWS)
    for row, held in enumerate(world.sparse):
        shared, places, own = np.intersect1d(held.indices, sparse.indices, return_indices=True)
        lexical[row] = held.values[places] @ sparse.values[own] if shared.size else 0.0
    for alpha in (0.999, 0.7, 0.5, 0.3, 0.001):
        expected = np.argsort(-(alpha * dense + (1.0 - alpha) * lexical))[:10]
        assert len(set(found(alpha)) & {str(row) for row in expected}) >= 9
    assert set(found(0.999)).isdisjoint(found(0.001))


def test_negative_weights_push_records_down(index: Index, world: World) -> None:
    """The nearest records hold the terms and lose by them, so the best ones are found among those that do not."""
    hits = wanted = 0
    for vector, sparse in world.queries("agreeing", 40):
        found, true = both(index, Query(10, vector=vector, sparse=scaled(sparse, -1.0), explain=True))
        hits += recalled(found, true)
        wanted += 10
    assert hits / wanted >= 0.99


def test_filters_of_every_width_are_kept(index: Index, world: World) -> None:
    for matching in (1, 7, 300, 2_000, 8_000, 23_999):
        for vector, sparse in world.queries("independent", 5):
            query = Query(10, vector=vector, sparse=sparse, filter={"n": {"$lt": matching}}, explain=True)
            found, true = both(index, query)
            assert found.plan is not None
            assert found.plan.matching == matching
            assert len(found.matches) == min(10, matching)
            assert all(int(match.id) < matching for match in found.matches)
            assert recalled(found, true) >= min(10, matching) - 1


def test_a_large_top_k_scores_every_record(index: Index, world: World) -> None:
    vector, sparse = world.queries("independent", 1)[0]
    found, true = both(index, Query(3_000, vector=vector, sparse=sparse, explain=True))
    assert found.plan is not None
    assert found.plan.exact
    assert [match.id for match in found.matches] == [match.id for match in true.matches]


def test_a_bound_on_the_candidates_of_codes_costs_recall_at_most(index: Index, world: World) -> None:
    for vector, sparse in world.queries("agreeing", 10):
        for scale in (0.001, 0.1):
            query = Query(10, vector=vector, sparse=scaled(sparse, scale), max_candidates=10, explain=True)
            found, true = both(index, query)
            assert found.plan is not None
            assert recalled(found, true) == 10 if found.plan.exact else recalled(found, true) >= 1


def test_new_updated_and_deleted_records_count_at_once(index: Index, world: World) -> None:
    vector, sparse = world.queries("independent", 1)[0]
    index.upsert("", ["new"], 5.0 * vector[None, :], sparse=[scaled(sparse, 9.0)])
    index.upsert("", ["far"], -vector[None, :], sparse=[scaled(sparse, 50.0)])
    query = Query(3, vector=vector, sparse=sparse)
    assert [match.id for match in index.query("", query).matches[:2]] == ["far", "new"]
    index.update("", "far", sparse=scaled(sparse, -1.0))
    assert index.query("", query).matches[0].id == "new"
    index.update("", "7", sparse=scaled(sparse, 100.0))
    assert index.query("", query).matches[0].id == "7"
    index.update("", "7", sparse=world.sparse[7])
    index.delete("", ["new", "far"])
    found, true = both(index, query)
    assert {"new", "far"}.isdisjoint(match.id for match in found.matches)
    assert recalled(found, true) == 3


def test_ties_are_in_order_of_id_whichever_way_they_are_found(index: Index, world: World) -> None:
    vector, sparse = world.queries("independent", 1)[0]
    names = ["tie-c", "tie-a", "tie-d", "tie-b"]
    index.upsert("", names, np.tile(5.0 * vector, (4, 1)), sparse=[scaled(sparse, 9.0)] * 4)
    try:
        found, true = both(index, Query(3, vector=vector, sparse=sparse, explain=True))
        assert [match.id for match in found.matches] == ["tie-a", "tie-b", "tie-c"]
        assert [match.id for match in true.matches] == ["tie-a", "tie-b", "tie-c"]
    finally:
        index.delete("", names)
