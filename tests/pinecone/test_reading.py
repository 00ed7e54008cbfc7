"""query, query_namespaces, fetch, fetch_by_metadata, list, stats, iterate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from pinyon import Field, InvalidRequestError, Pinecone, SparseValues
from pinyon.pinecone import Index
from pinyon.types import Floats


def test_a_query_by_id_is_a_query_by_its_vector(index: Index, vectors: Floats) -> None:
    by_id = index.query(id="5", top_k=4)
    by_vector = index.query(vector=vectors[5].tolist(), top_k=4)
    assert [match.id for match in by_id.matches] == [match.id for match in by_vector.matches]
    assert index.query(id="unknown", top_k=4).matches == []


def test_filters_may_be_dictionaries_or_expressions(index: Index, vectors: Floats) -> None:
    for filter in ({"number": {"$gte": 15}, "parity": "odd"}, Field("number").gte(15) & (Field("parity") == "odd")):
        response = index.query(vector=vectors[0], top_k=10, filter=filter)
        assert sorted(match.id for match in response.matches) == ["15", "17", "19"]
    some = (Field("number") < 1) | Field("number").is_in([7])
    assert {match.id for match in index.query(vector=vectors[0], top_k=10, filter=some).matches} == {"0", "7"}


def test_explain_says_how_the_answer_was_found_and_exact_compares_everything(index: Index, vectors: Floats) -> None:
    response = index.query(vector=vectors[0], top_k=3, filter={"parity": "odd"}, explain=True, exact=True)
    assert response.plan is not None
    assert (response.plan.records, response.plan.matching, response.plan.exact) == (20, 10, True)
    assert index.query(vector=vectors[0], top_k=3).plan is None


def test_sparse_and_hybrid_queries_score_by_inner_product(pc: Pinecone, make_index: Callable[..., Index]) -> None:
    pc.create_index("terms", vector_type="sparse", metric="dotproduct")
    terms = pc.Index("terms")
    terms.upsert([{"id": "a", "sparse_values": {"indices": [1, 5], "values": [1.0, 2.0]}}])
    terms.upsert([{"id": "b", "sparse_values": {"indices": [9], "values": [1.0]}}])
    found = terms.query(sparse_vector=SparseValues([5], [3.0]), top_k=5)
    assert [(match.id, match.score) for match in found.matches] == [("a", 6.0)]

    both = make_index("both", metric="dotproduct", dimension=2)
    both.upsert([{"id": "a", "values": [1.0, 0.0], "sparse_values": {"indices": [1], "values": [4.0]}}])
    found = both.query(vector=[2.0, 9.0], sparse_vector={"indices": [1], "values": [0.5]}, top_k=1, include_values=True)
    assert found.matches[0].score == 4.0
    assert found.matches[0].sparse_values == SparseValues([1], [4.0])


@pytest.mark.parametrize("metric", ["cosine", "dotproduct", "euclidean"])
def test_query_namespaces_merges_best_first(
    metric: str, make_index: Callable[..., Index], rng: np.random.Generator
) -> None:
    index = make_index(metric=metric)
    spaces = {name: rng.normal(size=(6, 8)).astype(np.float32) for name in ("x", "y", "")}
    for name, array in spaces.items():
        index.upsert(array, ids=[f"{name}{number}" for number in range(6)], namespace=name)
    query = rng.normal(size=8).astype(np.float32)
    everything = [
        (match.score, match.id, name)
        for name in spaces
        for match in index.query(vector=query, top_k=6, namespace=name).matches
    ]
    everything.sort(key=lambda one: one[0], reverse=metric != "euclidean")

    merged = index.query_namespaces(vector=query, namespaces=["x", "y", "__default__", "x"], metric=metric, top_k=5)
    assert [(match.score, match.id, match.namespace) for match in merged.matches] == everything[:5]
    assert merged["matches"][0]["namespace"] == everything[0][2]
    assert merged.usage.read_units == 3
    assert set(merged.ns_usage) == {"x", "y", ""}
    assert len(index.query_namespaces(query, ["x", "y", ""]).matches) == 10


def test_query_namespaces_refuses_a_metric_that_is_not_the_index_own(index: Index, vectors: Floats) -> None:
    with pytest.raises(InvalidRequestError, match="metric 'euclidean' is not that of index 'docs', which is 'cosine'"):
        index.query_namespaces(vector=vectors[0], namespaces=["a"], metric="euclidean")
    with pytest.raises(InvalidRequestError, match="at least one name"):
        index.query_namespaces(vector=vectors[0], namespaces=[])


def test_the_default_namespace_has_three_names(index: Index, vectors: Floats) -> None:
    for name in (None, "", "__default__"):
        assert index.query(vector=vectors[2], top_k=1, namespace=name).matches[0].id == "2"
        assert list(index.fetch(["2"], namespace=name).vectors) == ["2"]
    assert index.query(vector=vectors[2], top_k=1, namespace="__default__").namespace == ""


def test_fetch_leaves_out_what_does_not_exist(index: Index, vectors: Floats) -> None:
    response = index.fetch(ids=["4", "none", "3"])
    assert list(response.vectors) == ["4", "3"]
    assert response["vectors"]["4"]["values"] == vectors[4].tolist()
    assert index.fetch(["4"], "unknown").vectors == {}
    assert response.usage.read_units == 1


def test_fetch_by_metadata_goes_page_by_page(index: Index) -> None:
    found: list[str] = []
    token = None
    while True:
        page = index.fetch_by_metadata(filter={"parity": "odd"}, limit=4, pagination_token=token)
        assert len(page.vectors) <= 4
        found += page.vectors
        if page.pagination is None:
            break
        token = page.pagination.next
    assert found == sorted(str(number) for number in range(1, 20, 2))


def test_list_gives_pages_of_ids_that_are_also_the_pages_of_sdk_10(index: Index) -> None:
    pages = list(index.list(limit=8))
    assert [len(page) for page in pages] == [8, 8, 4]
    assert [id for ids in pages for id in ids] == sorted(str(number) for number in range(20))
    assert [item.id for page in pages for item in page.vectors] == [id for ids in pages for id in ids]
    assert list(index.fetch(ids=pages[0]).vectors) == pages[0]
    assert list(index.list(prefix="1", limit=100)) == [["1", *(str(n) for n in range(10, 20))]]
    assert list(index.list(namespace="unknown")) == []


def test_list_paginated_has_a_token_while_more_remains(index: Index) -> None:
    page = index.list_paginated(prefix="1", limit=6)
    assert [item["id"] for item in page["vectors"]] == ["1", "10", "11", "12", "13", "14"]
    rest = index.list_paginated(prefix="1", limit=6, pagination_token=page.pagination.next if page.pagination else None)
    assert [list(rest), rest.pagination] == [["15", "16", "17", "18", "19"], None]
    assert (rest.namespace, rest.usage.read_units, rest.get("pagination")) == ("", 1, None)
    with pytest.raises(InvalidRequestError, match="pagination_token 'abc' is not one that this index gave"):
        index.list_paginated(pagination_token="abc")


def test_stats_count_by_namespace_and_refuse_a_filter(index: Index, vectors: Floats) -> None:
    index.upsert([("a", vectors[0])], namespace="other")
    stats = index.describe_index_stats()
    assert stats.total_vector_count == stats["total_vector_count"] == 21
    assert stats.namespaces["other"].vector_count == stats["namespaces"][""]["vector_count"] - 19
    assert (stats.dimension, stats.metric, stats.vector_type, stats.index_fullness) == (8, "cosine", "dense", 0.0)
    with pytest.raises(InvalidRequestError, match="do not support describing index stats with metadata filtering"):
        index.describe_index_stats(filter={"parity": "odd"})


def test_iterate_goes_through_a_namespace_in_the_order_of_ids(index: Index, vectors: Floats) -> None:
    assert [record.id for record in index.iterate()] == sorted(str(number) for number in range(20))
    odd = {record.id: record for record in index.iterate(filter={"parity": "odd"}, include_values=False)}
    assert len(odd) == 10
    assert odd["3"].values == []
    assert odd["3"].metadata == {"number": 3, "parity": "odd", "text": "text 3"}
    assert list(index.iterate(namespace="unknown")) == []


def test_ready_says_that_nothing_is_left_to_do_in_the_background(index: Index) -> None:
    assert index.ready()
    assert index.ready("", timeout=5)
    assert index.ready("unknown", timeout=5)


def test_a_request_keyword_of_the_sdks_changes_nothing(index: Index, vectors: Floats) -> None:
    plain = index.query(vector=vectors[0], top_k=3)
    assert index.query(vector=vectors[0], top_k=3, timeout=5, _check_type=False, scan_factor=2.0) == plain  # type: ignore[call-arg]


def test_the_effort_of_a_query_is_passed_on_and_checked(index: Index, vectors: Floats) -> None:
    plain = index.query(vector=vectors[0], top_k=3)
    assert index.query(vector=vectors[0], top_k=3, scan_factor=0.5, max_candidates=3) == plain
    assert index.query(vector=vectors[0], top_k=3, ef_search=50, nprobe=4, rerank_depth=30) == plain
    for call in (
        lambda **effort: index.query(vector=vectors[0], top_k=3, **effort),
        lambda **effort: index.query_namespaces(vector=vectors[0], namespaces=[""], top_k=3, **effort),
    ):
        with pytest.raises(InvalidRequestError, match=r"scan_factor 9.*0\.5 to 4"):
            call(scan_factor=9)
        with pytest.raises(InvalidRequestError, match=r"max_candidates 2.*top_k \(3\) to 100000"):
            call(max_candidates=2)
        with pytest.raises(InvalidRequestError, match=r"ef_search 0.*1 to 10000"):
            call(ef_search=0)
        with pytest.raises(InvalidRequestError, match=r"nprobe 0.*1 to 65536"):
            call(nprobe=0)
        with pytest.raises(InvalidRequestError, match=r"rerank_depth 2.*top_k \(3\) to 100000"):
            call(rerank_depth=2)


def test_async_req_gives_a_future_that_has_run(index: Index, vectors: Floats) -> None:
    future: Any = index.query(vector=vectors[0], top_k=3, async_req=True)  # type: ignore[call-arg]
    assert [future.ready(), future.successful()] == [True, True]
    assert future.get().matches == future.result(timeout=1).matches
    failed: Any = index.query(vector=[1.0], top_k=3, async_req=True)  # type: ignore[call-arg]
    assert not failed.successful()
    with pytest.raises(InvalidRequestError, match="Vector dimension 1 does not match"):
        failed.get()
