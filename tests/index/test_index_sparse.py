"""Inverted lists against dicts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pinyon.errors import FormatError, InvalidRequestError
from pinyon.index.sparse import Sparse
from pinyon.types import SparseValues

Terms = dict[int, float]
TERMS = st.dictionaries(
    st.sampled_from([0, 1, 2, 3, 5, 8, 2**31, 2**32 - 1]), st.sampled_from([-2.0, -0.5, 0.0, 1.0, 3.0]), max_size=5
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.lists(st.none() | TERMS, max_size=12)),
        st.tuples(st.just("replace"), st.dictionaries(st.integers(0, 200), st.none() | TERMS, max_size=4)),
        st.tuples(st.just("settle"), st.none()),
        st.tuples(st.just("store"), st.none()),
    ),
    max_size=30,
)


def sparse_values(terms: Terms | None) -> SparseValues | None:
    if terms is None:
        return None
    ordered = sorted(terms)
    return SparseValues(np.array(ordered, np.uint32), np.array([terms[t] for t in ordered], np.float32))


def vector(terms: Terms) -> SparseValues:
    values = sparse_values(terms)
    assert values is not None
    return values


def check(index: Sparse, model: list[Terms | None], query: Terms, mask: np.ndarray | None) -> None:
    expected = {
        row: sum(terms[t] * query[t] for t in terms.keys() & query.keys())
        for row, terms in enumerate(model)
        if terms and terms.keys() & query.keys() and (mask is None or mask[row])
    }
    rows, values = index.scores(vector(query), mask)
    assert rows.tolist() == sorted(expected)
    assert values.tolist() == [pytest.approx(expected[row]) for row in sorted(expected)]
    for k in (1, 3, len(model) + 1):
        best, highest = index.top(vector(query), k, mask)
        last = sorted(values.tolist(), reverse=True)[min(k, len(values)) - 1] if len(values) else 0.0
        kept = [(-value, row) for row, value in zip(rows.tolist(), values.tolist(), strict=True) if value >= last]
        assert list(zip((-highest).tolist(), best.tolist(), strict=True)) == sorted(kept)
    everything = index.all_scores(vector(query), len(model) + 3)
    assert everything.shape == (len(model) + 3,)
    if mask is None:
        assert all(everything[row] == pytest.approx(expected.get(row, 0.0)) for row in range(len(model)))


@settings(max_examples=150, deadline=None)
@given(steps=STEPS, query=TERMS, seed=st.integers(0, 99))
def test_any_history_scores_like_dicts(steps: list, query: Terms, seed: int) -> None:
    index, model = Sparse(), list[Terms | None]()
    history = []
    for step, argument in steps:
        history.append((index, list(model)))
        if step == "append":
            index = index.append([sparse_values(terms) for terms in argument])
            model += argument
        elif step == "replace" and model:
            changed = {row % len(model): terms for row, terms in argument.items()}
            index = index.replace(np.array(list(changed), np.int64), [sparse_values(t) for t in changed.values()])
            for row, terms in changed.items():
                model[row] = terms
        elif step == "settle":
            index = index.settle()
        elif step == "store":
            index = Sparse.from_arrays(index.to_arrays())
    mask = np.random.default_rng(seed).random(len(model) + 2) < 0.5
    for value, content in [*history, (index, model)]:
        assert value.n == len(value) == len(content)
        check(value, content, query, None)
        check(value, content, query, mask)


def test_equal_vectors_score_equally_in_base_and_delta() -> None:
    rng = np.random.default_rng(0)
    one = SparseValues(np.arange(50, dtype=np.uint32), rng.random(50, dtype=np.float32))
    index = Sparse().append([one] * 20).settle().append([one]).append([None, one])
    _, values = index.scores(one)
    assert len(set(values.tolist())) == 1


def test_many_small_appends_leave_few_segments() -> None:
    index = Sparse()
    for row in range(700):
        index = index.append([vector({row % 13: 1.0})])
    assert len(index._segments) < 4
    rows, _ = index.scores(vector({3: 2.0}))
    assert rows.tolist() == list(range(3, 700, 13))


def test_bad_rows_masks_and_arrays_are_refused() -> None:
    index = Sparse().append([vector({1: 1.0}), None])
    with pytest.raises(InvalidRequestError, match=r"not within 0\.\.1"):
        index.replace(np.array([2]), [None])
    with pytest.raises(InvalidRequestError, match="pair up"):
        index.replace(np.array([0, 1]), [None])
    with pytest.raises(InvalidRequestError, match="does not cover"):
        index.scores(vector({1: 1.0}), np.ones(1, np.bool_))
    with pytest.raises(InvalidRequestError, match="cannot hold"):
        index.all_scores(vector({1: 1.0}), 1)
    arrays = index.to_arrays()
    with pytest.raises(FormatError, match="need the arrays"):
        Sparse.from_arrays({"terms": arrays["terms"]})
    with pytest.raises(FormatError, match="do not fit"):
        Sparse.from_arrays({**arrays, "rows": np.array([7], np.int32)})
