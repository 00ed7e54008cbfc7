"""The recall of hybrid queries: measured against the sums of every record, and kept at the target like any other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("faiss", reason="approximate search needs faiss")

from engine.test_hybrid_search import ROWS, D, World, scaled
from engine.test_meter import POOR, by_hand, check_only, often, planned, quality, state_of, with_depth
from pinyon.engine import Database, Index
from pinyon.types import Floats, IndexSpec, Query, SparseValues

__all__ = ["by_hand", "often"]

K = 10
Asked = Sequence[tuple[Floats, SparseValues]]


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.fixture
def index(world: World) -> Iterator[Index]:
    """Codes that look at few candidates, over every row; metadata n is the row."""
    with Database(":memory:") as database:
        database.create_index(IndexSpec("films", D, "dotproduct", kind="scan"))
        index = database.index("films")
        ids = [str(row) for row in range(ROWS)]
        index.upsert("", ids, world.rows, sparse=world.sparse, metadata={"n": list(range(ROWS))})
        assert index.ready(timeout=120)
        with_depth(index, replace(POOR, plain=(11, 116), filtered=(11, 116)))
        yield index


def strange(world: World, count: int) -> Asked:
    """Vectors that resemble no stored one, and terms that say little: the dense side decides, and misses."""
    vectors = world.rng.standard_normal((count, D)).astype(np.float32)
    return [(v, scaled(s, 0.02)) for v, (_, s) in zip(vectors, world.queries("independent", count), strict=True)]


def ask(index: Index, asked: Asked, **extra: object) -> list[list[float]]:
    """The scores of each query's answer."""
    return [
        [match.score for match in index.query("", Query(K, vector=vector, sparse=sparse, **extra)).matches]  # type: ignore[arg-type]
        for vector, sparse in asked
    ]


def recalls(index: Index, asked: Asked, answers: list[list[float]], **extra: object) -> Floats:
    """Beside the answers that score every record."""
    true = ask(index, asked, exact=True, **extra)
    return np.array(
        [sum(s >= best[-1] for s in found) / K for found, best in zip(answers, true, strict=True)], np.float32
    )


@pytest.mark.usefixtures("by_hand")
@pytest.mark.parametrize("filter", [None, {"n": {"$gte": ROWS // 10}}])
def test_it_measures_the_recall_that_hybrid_queries_got(
    index: Index, world: World, filter: dict[str, object] | None
) -> None:
    asked = strange(world, 150)
    truth = recalls(index, asked, ask(index, asked, filter=filter), filter=filter)
    check_only(index)
    told = quality(index)
    assert truth.mean() < 0.97
    assert told.bands.keys() == {"hybrid"}, "whatever their filter"
    assert told.bands["hybrid"].checked >= 140
    assert told.recall == told.bands["hybrid"].recall == pytest.approx(float(truth.mean()), abs=0.01)
    assert told.exact_share < 0.2


@pytest.mark.usefixtures("by_hand")
def test_a_fusion_that_misses_rows_is_noticed_and_searches_look_further(index: Index, world: World) -> None:
    asked = strange(world, 400)
    before = recalls(index, asked[:100], ask(index, asked[:100]))
    index.metering.settle()
    assert before.mean() < 0.97
    assert state_of(index).effort > 1.0
    for part in (asked[100:200], asked[200:300]):
        ask(index, part)
        index.metering.settle()
    assert recalls(index, asked[300:], ask(index, asked[300:])).mean() >= 0.99


@pytest.mark.usefixtures("by_hand")
def test_writes_between_answer_and_check_never_make_a_hybrid_look_wrong(index: Index, world: World) -> None:
    with_depth(index, replace(POOR, plain=(3_000, 3_000), filtered=(3_000, 3_000), tolerance=1e-9))
    for at, (vector, sparse) in enumerate(world.queries("independent", 80)):
        filter = {"n": {"$lt": 23_000}} if at % 3 == 0 else None
        index.query("", Query(K, vector=vector, sparse=sparse, filter=filter))
        index.upsert("", [f"new {at}"], 5.0 * vector[None, :], sparse=[scaled(sparse, 9.0)], metadata=[{"n": at}])
        index.update("", str(2 * at), sparse=scaled(sparse, 50.0))
        index.delete("", [str(2 * at + 1)])
    index.metering.settle()
    told = quality(index)
    assert told.checked > 60
    assert told.recall == 1.0


@pytest.mark.usefixtures("by_hand")
def test_the_plan_of_a_hybrid_query_tells_its_recall(index: Index, world: World) -> None:
    vector, sparse = strange(world, 1)[0]
    query = Query(K, vector=vector, sparse=sparse)
    assert planned(index, query).recall_label == "estimate"
    ask(index, world.queries("agreeing", 230))
    check_only(index)
    plan, told = planned(index, query), quality(index)
    assert (plan.kind, plan.recall_label) == ("hybrid", "measured")
    assert (plan.recall, plan.recall_interval) == (told.recall, told.interval)
    bounded = planned(index, replace(query, max_candidates=20))
    assert (bounded.recall, bounded.recall_label) == (None, None)


@pytest.mark.usefixtures("by_hand")
def test_hybrid_and_dense_queries_are_checked_together_and_told_apart(index: Index, world: World) -> None:
    """Their scores lie in different places, which is no sign that queries have changed."""
    for vector, sparse in world.queries("independent", 320):
        index.query("", Query(K, vector=vector, sparse=sparse))
        index.query("", Query(K, vector=vector))
    meter = state_of(index).meter
    assert not meter.drifting
    check_only(index)
    told = quality(index)
    assert told.bands.keys() == {"all", "hybrid"}
    assert told.checked == sum(band.checked for band in told.bands.values())
    assert min(band.checked for band in told.bands.values()) > 240
