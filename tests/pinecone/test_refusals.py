"""Bad input to a data operation: the class, a fragment of the message, and the store unchanged."""

from __future__ import annotations

import math
from typing import Any

import pytest

from pinyon import InvalidRequestError, Pinecone, PinyonError, SparseValues
from pinyon.exceptions import PineconeApiException, PineconeException
from pinyon.pinecone import Index

GOOD = [0.5] * 8
SPARSE = {"indices": [1], "values": [1.0]}


def upserted(**record: Any) -> Any:
    return lambda index: index.upsert([{"id": "good", "values": GOOD}, {"id": "bad", "values": GOOD, **record}])


CASES: list[tuple[Any, str]] = [
    (upserted(values=[0.5] * 7), "Vector dimension 7 does not match the dimension of the index 8"),
    (upserted(values=[math.nan] * 8), "nan"),
    (upserted(values=[math.inf] * 8), "inf"),
    (upserted(values=[0.0] * 8), "at least one non-zero"),
    (upserted(values=["0.5"] * 8), "not a number"),
    (upserted(values=None), "has no dense values"),
    (upserted(id=""), "Vector ID must not be empty"),
    (upserted(id="é"), "Vector ID must be ASCII"),
    (upserted(id="a\0b"), "Vector ID must not contain null character"),
    (upserted(id="x" * 513), "513 characters"),
    (upserted(id=7), "Vector ID must be a string"),
    (upserted(metadata={"deep": {"a": 1}}), "deep"),
    (upserted(metadata={"numbers": [1, 2]}), "numbers"),
    (upserted(metadata={"$key": 1}), r"\$key"),
    (upserted(metadata={"text": "x" * 41_000}), "40"),
    (upserted(metadata="text"), "text"),
    (upserted(sparse_values={"indices": [1, 1], "values": [1.0, 2.0]}), "appears twice"),
    (upserted(sparse_values={"indices": [1], "values": [1.0, 2.0]}), "1 indices and 2 values"),
    (upserted(sparse_values={"indices": [1]}), "need `indices` and `values`"),
    (upserted(genre="x"), r"unknown key\(s\) \['genre'\]"),
    (lambda index: index.upsert([]), "Invalid request"),
    (lambda index: index.upsert([("a", GOOD)], batch_size=0), "batch_size must be a whole number of at least 1"),
    (lambda index: index.upsert([("a", GOOD)], batch_size=2.5), "batch_size must be .* got 2.5"),
    (lambda index: index.upsert([("a", GOOD)], namespace="é"), "must be ASCII"),
    (lambda index: index.upsert_from_dataframe([("a", GOOD)]), "Only pandas DataFrames"),
    (lambda index: index.query(top_k=0, vector=GOOD), "top_k 0 is out of range"),
    (lambda index: index.query(top_k=10_001, vector=GOOD), "10001"),
    (lambda index: index.query(top_k=3), "Either 'vector' or 'ID' must be provided"),
    (lambda index: index.query(top_k=3, vector=GOOD, id="1"), "Cannot provide both 'ID' and 'vector' at the same time"),
    (
        lambda index: index.query(top_k=3, sparse_vector=SPARSE, id="1"),
        "Cannot provide both 'ID' and 'sparse_vector' at the same time",
    ),
    (
        lambda index: index.query(top_k=3, sparse_vector=SPARSE),
        "Cannot query index with dense 'vector_type' with only sparse vector",
    ),
    (lambda index: index.query(top_k=3, vector=GOOD, sparse_vector=SPARSE), "dotproduct"),
    (lambda index: index.query(top_k=3, vector=GOOD, filter={"a": {"$like": "b"}}), r"\$like"),
    (lambda index: index.query(top_k=3, vector=GOOD, filter={"a": {"$in": ["x"] * 10_001}}), "10"),
    (lambda index: index.fetch("1"), "ids must be a list of strings"),
    (lambda index: index.delete(), "exactly one of ids"),
    (lambda index: index.delete(["1"], filter={"a": 1}), "exactly one of ids"),
    (lambda index: index.delete(["1"], delete_all=True), "No explicit IDs allowed when delete_all=true"),
    (lambda index: index.delete(delete_all=True, filter={"a": 1}), "No filter allowed when delete_all=true"),
    (lambda index: index.delete(filter={}), "Delete with empty metadata filter is not allowed"),
    (lambda index: index.update(), "either id= .* or filter="),
    (lambda index: index.update("1", filter={"a": 1}, set_metadata={"a": 2}), "and not both"),
    (lambda index: index.update("1"), "Nothing to update"),
    (lambda index: index.update("1", values=[1.0]), "Vector dimension 1 does not match"),
    (lambda index: index.update("1", set_metadata={"a": 1}, dry_run=True), "dry_run counts"),
    (lambda index: index.update(filter={}, set_metadata={"a": 2}), "Update with empty metadata filter is not allowed"),
    (lambda index: index.update(filter={"number": 1}), "needs set_metadata"),
    (
        lambda index: index.update(filter={"number": 1}, values=GOOD),
        "Update by metadata request does not support updating vector values",
    ),
    (lambda index: index.fetch_by_metadata(filter={}), "Empty filter provided for fetch by metadata request"),
    (lambda index: index.list_paginated(limit=101), "limit 101 is out of range"),
    (lambda index: index.list_namespaces_paginated(limit=0), "limit 0 is out of range"),
]


@pytest.mark.parametrize(("call", "said"), CASES, ids=[said[:40] for _, said in CASES])
def test_bad_input_is_refused_and_the_store_is_unchanged(call: Any, said: str, index: Index) -> None:
    before = [record.to_dict() for record in index.iterate()]
    with pytest.raises(InvalidRequestError, match=said) as caught:
        call(index)
    assert isinstance(caught.value, (PineconeException, PineconeApiException, ValueError))
    assert [record.to_dict() for record in index.iterate()] == before
    assert [namespace.name for namespace in index.list_namespaces()] == [""]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda index: index.query(top_k=3, vector=GOOD), "Either 'sparse_vector' or 'ID' must be provided"),
        (
            lambda index: index.query(top_k=3, vector=GOOD, sparse_vector=SparseValues([1], [1.0])),
            "Index configuration does not support dense values",
        ),
        (lambda index: index.upsert([("a", GOOD)]), "does not support dense values"),
        (lambda index: index.upsert([{"id": "a"}]), "has no sparse values"),
        (lambda index: index.query(top_k=3, sparse_vector=[1.0]), "need `indices` and `values`"),
    ],
)
def test_a_sparse_index_refuses_dense_requests(call: Any, said: str, pc: Pinecone) -> None:
    pc.create_index("terms", vector_type="sparse")
    with pytest.raises(InvalidRequestError, match=said):
        call(pc.Index("terms"))


def test_a_refused_batch_leaves_the_earlier_batches_written(index: Index) -> None:
    records = [(f"new-{number}", GOOD) for number in range(4)] + [("bad", [1.0])]
    with pytest.raises(PinyonError):
        index.upsert(records, batch_size=2)
    assert [id for page in index.list(prefix="new") for id in page] == [f"new-{number}" for number in range(4)]


def test_a_misspelt_keyword_is_a_type_error(index: Index) -> None:
    with pytest.raises(TypeError, match="topk"):
        index.query(vector=GOOD, topk=3)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r"unknown keyword\(s\) paht"):
        Pinecone(paht="./data")
