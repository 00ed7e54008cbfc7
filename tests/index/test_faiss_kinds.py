"""faiss's own kinds: they find what exact search finds, obey masks, and come out the same every time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

pytest.importorskip("faiss", reason="these kinds are faiss's")

from pinyon.distance import prepare
from pinyon.errors import InvalidRequestError
from pinyon.index import faiss_kinds
from pinyon.index.faiss_kinds import FaissKind
from pinyon.index.flat import flat_search
from pinyon.types import METRICS, Floats, Metric

Make = Callable[[Floats, Metric], FaissKind]
MADE: dict[str, tuple[Make, dict[str, int], int, float]] = {
    # how it is built, the effort of its searches, how deep it is reranked, the recall that is expected of it
    "hnsw": (lambda x, m: faiss_kinds.hnsw(x, m, m=16, ef_construction=80), {"ef_search": 200}, 10, 0.99),
    "ivf": (lambda x, m: faiss_kinds.ivf(x, m, nlist=20), {"nprobe": 20}, 10, 1.0),
    "ivf int8": (lambda x, m: faiss_kinds.ivf(x, m, nlist=20, codes="int8"), {"nprobe": 20}, 50, 1.0),
    "ivf pq4": (lambda x, m: faiss_kinds.ivf(x, m, nlist=20, codes="pq4", width=2), {"nprobe": 20}, 200, 0.97),
    "fp16": (lambda x, m: faiss_kinds.scalar(x, m, code="fp16"), {}, 20, 1.0),
    "bf16": (lambda x, m: faiss_kinds.scalar(x, m, code="bf16"), {}, 20, 1.0),
    "int8": (lambda x, m: faiss_kinds.scalar(x, m, code="int8"), {}, 20, 1.0),
    "int4": (lambda x, m: faiss_kinds.scalar(x, m, code="int4"), {}, 100, 0.99),
    "pq8": (lambda x, m: faiss_kinds.product(x, m, bits=8, width=4), {}, 100, 0.99),
    "pq4": (lambda x, m: faiss_kinds.product(x, m, bits=4, width=2), {}, 200, 0.97),
}


@pytest.fixture(scope="module")
def raw() -> Floats:
    rng = np.random.default_rng(1)
    centres = rng.standard_normal((40, 18))
    return (centres[rng.integers(0, 40, 1_500)] + 0.5 * rng.standard_normal((1_500, 18))).astype(np.float32)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("name", MADE)
def test_a_kind_finds_what_exact_search_finds(raw: Floats, name: str, metric: Metric) -> None:
    make, effort, depth, expected = MADE[name]
    rows = prepare(raw, metric)
    search = make(rows, metric).searcher(**effort)
    hits = 0
    for query in rows[::50]:
        truth, _ = flat_search([rows], query, metric, 10)
        hits += len(set(truth[:10].tolist()) & set(search(query, depth).tolist()))
    assert hits / 300 >= expected


@pytest.mark.parametrize("name", ["hnsw", "ivf", "ivf int8", "ivf pq4"])
def test_a_mask_leaves_no_other_row_through(raw: Floats, rng: np.random.Generator, name: str) -> None:
    make, effort, _, _ = MADE[name]
    rows = prepare(raw, "cosine")
    mask = rng.random(len(rows)) < 0.1
    search = make(rows, "cosine").searcher(**effort, mask=mask)
    for query in rows[:20]:
        found = search(query, 15)
        assert mask[found].all()
        assert len(set(found.tolist())) == len(found) > 0


def test_masks_are_refused_where_they_cannot_be_kept(raw: Floats) -> None:
    with pytest.raises(InvalidRequestError, match="cannot be filtered"):
        faiss_kinds.scalar(raw, "euclidean", code="int8").searcher(mask=np.ones(len(raw), np.bool_))
    with pytest.raises(InvalidRequestError, match="does not fit 1500 rows"):
        faiss_kinds.ivf(raw, "euclidean", nlist=4).searcher(nprobe=1, mask=np.ones(7, np.bool_))


def test_fewer_rows_than_asked_for_come_as_they_are(raw: Floats) -> None:
    search = faiss_kinds.ivf(raw[:30], "euclidean", nlist=3).searcher(nprobe=3)
    assert sorted(search(raw[0], 50).tolist()) == list(range(30))


def test_an_answer_is_not_overwritten_by_the_next(raw: Floats) -> None:
    search = faiss_kinds.scalar(raw, "euclidean", code="fp16").searcher()
    first = search(raw[0], 5)
    kept = first.copy()
    search(raw[100], 5)
    assert first.tolist() == kept.tolist()


@pytest.mark.parametrize("name", MADE)
def test_equal_rows_give_an_equal_index(raw: Floats, name: str) -> None:
    make, effort, _, _ = MADE[name]
    one, other = make(raw, "euclidean"), make(raw, "euclidean")
    assert one.serialised_bytes == other.serialised_bytes > 0
    for query in raw[:20]:
        assert one.searcher(**effort)(query, 10).tolist() == other.searcher(**effort)(query, 10).tolist()
