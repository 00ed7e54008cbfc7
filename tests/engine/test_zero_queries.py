"""An all-zero query vector tells no records apart, so something else must: sparse values, or a filter.

Pinecone's own recipe for weighting (alpha 0 means words only) sends such vectors, and so do frameworks that ask for
records by their metadata.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from pinyon.engine import Database, Index
from pinyon.errors import InvalidRequestError
from pinyon.types import IndexSpec, Metric, Query, SparseValues

ROWS, D, TERMS = 3_000, 32, 50
ZEROS = np.zeros(D, np.float32)


@pytest.fixture(scope="module", params=["flat", "scan", "ivf", "hnsw"])
def kind(request: pytest.FixtureRequest) -> str:
    if request.param != "flat":
        pytest.importorskip("faiss", reason="quantised search needs faiss")
    return str(request.param)


def filled(database: Database, metric: Metric, kind: str) -> Index:
    """Record n has the metadata n, and with dotproduct the weight n + 1 for term n % TERMS."""
    rng = np.random.default_rng(5)
    database.create_index(IndexSpec(metric, D, metric, kind=kind))
    index = database.index(metric)
    sparse = None
    if metric == "dotproduct":
        sparse = [SparseValues(np.array([n % TERMS], np.uint32), np.array([n + 1], np.float32)) for n in range(ROWS)]
    vectors = rng.standard_normal((ROWS, D)).astype(np.float32)
    ids = [f"{n:04}" for n in rng.permutation(ROWS)]
    index.upsert("", ids, vectors, sparse=sparse, metadata={"n": list(range(ROWS))})
    assert index.ready(timeout=120)
    return index


@pytest.fixture(scope="module")
def indexes(kind: str) -> Iterator[dict[str, Index]]:
    with Database(":memory:") as database:
        yield {metric: filled(database, metric, kind) for metric in ("dotproduct", "cosine")}  # type: ignore[arg-type]


def words(*terms: int) -> SparseValues:
    return SparseValues(np.array(terms, np.uint32), np.ones(len(terms), np.float32))


@pytest.mark.parametrize("filter", [None, {"n": {"$gte": 1_500}}])
def test_beside_sparse_values_they_alone_count(indexes: dict[str, Index], filter: dict[str, object] | None) -> None:
    index = indexes["dotproduct"]
    found = index.query("", Query(10, vector=ZEROS, sparse=words(7, 9), filter=filter, include_metadata=True))
    best = sorted((n for n in range(ROWS) if n % TERMS in (7, 9)), reverse=True)[:10]
    assert [(match.metadata, match.score) for match in found.matches] == [({"n": n}, n + 1) for n in best]


def test_records_without_the_words_follow_with_nothing_as_their_score_in_order_of_id(indexes: dict[str, Index]) -> None:
    index = indexes["dotproduct"]
    filter = {"n": {"$lt": 100}}
    found = index.query("", Query(50, vector=ZEROS, sparse=words(7), filter=filter)).matches
    assert [match.score for match in found] == [58.0, 8.0, *[0.0] * 48]
    assert [match.id for match in found[2:]] == sorted(match.id for match in found[2:])


@pytest.mark.parametrize("metric", ["dotproduct", "cosine"])
def test_beside_a_filter_it_gives_the_records_that_match_in_order_of_id(indexes: dict[str, Index], metric: str) -> None:
    for least, count in ((2_990, 10), (500, ROWS - 500)):
        matching = index_ids(indexes[metric], least)
        found = indexes[metric].query("", Query(20, vector=ZEROS, filter={"n": {"$gte": least}})).matches
        assert len(matching) == count
        assert [(match.id, match.score) for match in found] == [(id, 0.0) for id in sorted(matching)[:20]]


def index_ids(index: Index, least: int) -> list[str]:
    found = index.query("", Query(ROWS, vector=np.ones(D, np.float32), filter={"n": {"$gte": least}}, exact=True))
    return [match.id for match in found.matches]


@pytest.mark.parametrize("metric", ["dotproduct", "cosine"])
def test_alone_it_is_refused_as_a_failed_embedding_would_be(indexes: dict[str, Index], metric: str) -> None:
    with pytest.raises(InvalidRequestError, match="all zeros"):
        indexes[metric].query("", Query(3, vector=ZEROS))
