"""Every shape that upsert takes stores the same records."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from pinyon import InvalidRequestError, Pinecone, SparseValues, Vector
from pinyon.pinecone import Index
from pinyon.pinecone.inputs import read_batches, read_columns
from pinyon.types import Floats

IDS = ["a", "b", "c"]
METADATA: list[Any] = [{"n": 1, "tags": ["x", "y"]}, {"n": 2.5}, {"n": True}]


def rows_of(index: Index) -> list[dict[str, Any]]:
    return [record.to_dict() for record in index.iterate()]


def _frame(array: Floats) -> Any:
    pd = pytest.importorskip("pandas")
    return pd.DataFrame({"id": IDS, "values": array.tolist(), "metadata": METADATA})


SHAPES: dict[str, Callable[[Floats], dict[str, Any]]] = {
    "dictionaries of lists": lambda array: {
        "vectors": [
            {"id": id, "values": row.tolist(), "metadata": metadata}
            for id, row, metadata in zip(IDS, array, METADATA, strict=True)
        ]
    },
    "dictionaries of numpy rows": lambda array: {
        "vectors": [
            {"id": id, "values": row, "metadata": metadata}
            for id, row, metadata in zip(IDS, array, METADATA, strict=True)
        ]
    },
    "tuples": lambda array: {"vectors": list(zip(IDS, array.tolist(), METADATA, strict=True))},
    "tuples of numpy rows": lambda array: {"vectors": list(zip(IDS, array, METADATA, strict=True))},
    "a generator of tuples": lambda array: {"vectors": iter(list(zip(IDS, array, METADATA, strict=True)))},
    "Vector objects": lambda array: {
        "vectors": [
            Vector(id=id, values=row.tolist(), metadata=metadata)
            for id, row, metadata in zip(IDS, array, METADATA, strict=True)
        ]
    },
    "Vector objects, positional": lambda array: {
        "vectors": [Vector(id, row, metadata) for id, row, metadata in zip(IDS, array, METADATA, strict=True)]
    },
    "a mixture": lambda array: {
        "vectors": [
            (IDS[0], array[0].tolist(), METADATA[0]),
            {"id": IDS[1], "values": array[1], "metadata": METADATA[1]},
            Vector(IDS[2], array[2].tolist(), METADATA[2]),
        ]
    },
    "an array with lists": lambda array: {"vectors": array, "ids": IDS, "metadata": METADATA},
    "a float64 array with an id array": lambda array: {
        "vectors": array.astype(np.float64),
        "ids": np.array(IDS),
        "metadata": METADATA,
    },
    "a list of lists with ids": lambda array: {"vectors": array.tolist(), "ids": IDS, "metadata": METADATA},
    "a DataFrame": lambda array: {"vectors": _frame(array)},
    "batches of two": lambda array: {
        "vectors": list(zip(IDS, array.tolist(), METADATA, strict=True)),
        "batch_size": 2,
        "show_progress": False,
    },
    "an array in batches": lambda array: {"vectors": array, "ids": IDS, "metadata": METADATA, "batch_size": 2},
    "a generator in batches": lambda array: {
        "vectors": iter(list(zip(IDS, array, METADATA, strict=True))),
        "batch_size": 2,
    },
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_stores_the_same_records(
    shape: str, make_index: Callable[..., Index], rng: np.random.Generator
) -> None:
    array = rng.normal(size=(3, 8)).astype(np.float32)
    index = make_index()
    response = index.upsert(**SHAPES[shape](array))
    assert response.upserted_count == 3
    assert rows_of(index) == [
        {"id": id, "values": row.tolist(), "metadata": metadata}
        for id, row, metadata in zip(IDS, array, METADATA, strict=True)
    ]


def test_metadata_columns_are_the_same_as_a_list_of_objects(
    make_index: Callable[..., Index], rng: np.random.Generator
) -> None:
    array = rng.normal(size=(3, 8)).astype(np.float32)
    one, two = make_index("one"), make_index("two")
    one.upsert(array, ids=IDS, metadata={"n": [1, 2, 3], "kind": ["x", "y", "x"]}, batch_size=2)
    two.upsert(array, ids=IDS, metadata=[{"n": 1, "kind": "x"}, {"n": 2, "kind": "y"}, {"n": 3, "kind": "x"}])
    assert rows_of(one) == rows_of(two)


def test_upsert_from_dataframe_is_upsert_in_batches(make_index: Callable[..., Index], rng: np.random.Generator) -> None:
    array = rng.normal(size=(3, 8)).astype(np.float32)
    index = make_index()
    response = index.upsert_from_dataframe(_frame(array), namespace="ns", batch_size=2)
    assert (response.upserted_count, response.total_batch_count, response.has_errors) == (3, 2, False)
    assert index.fetch(["b"], "ns").vectors["b"].metadata == {"n": 2.5}


@pytest.mark.parametrize("sparse", [SparseValues([1, 7], [0.5, 2.0]), {"indices": [1, 7], "values": [0.5, 2.0]}])
def test_sparse_values_come_back_whatever_they_were_given_as(pc: Pinecone, sparse: Any) -> None:
    pc.create_index("terms", vector_type="sparse")
    index = pc.Index("terms")
    index.upsert([{"id": "d", "sparse_values": sparse}, Vector("v", sparse_values=sparse)])
    index.upsert(ids=["a"], sparse_values=[sparse])
    for id in "adv":
        assert index.fetch([id]).vectors[id].sparse_values == SparseValues([1, 7], [0.5, 2.0])
        assert index.fetch([id]).vectors[id].values == []


def test_what_was_fetched_can_be_upserted_again(index: Index) -> None:
    before = rows_of(index)
    fetched = list(index.fetch([str(number) for number in range(20)]).vectors.values())
    index.upsert(fetched)
    index.upsert([vector.to_dict() for vector in fetched])
    assert rows_of(index) == before


def test_the_last_of_equal_ids_in_one_call_wins(index: Index, vectors: Floats) -> None:
    index.upsert([("same", vectors[0]), ("other", vectors[1]), ("same", vectors[2])])
    assert index.fetch(["same"]).vectors["same"].values == vectors[2].tolist()
    assert index.describe_index_stats().total_vector_count == 22


def test_batches_draw_from_a_generator_only_what_they_need(vectors: Floats) -> None:
    drawn: list[int] = []

    def records() -> Iterator[tuple[str, Floats]]:
        for number, vector in enumerate(vectors):
            drawn.append(number)
            yield str(number), vector

    batches = read_batches(records(), 3)
    assert [list(next(batches).ids), drawn] == [["0", "1", "2"], [0, 1, 2]]


@given(
    st.lists(
        st.fixed_dictionaries(
            {"id": st.text("abc", min_size=1)},
            optional={
                "values": st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=3) | st.none(),
                "metadata": st.dictionaries(st.text("k"), st.integers(), max_size=2) | st.none(),
                "sparse_values": st.just({"indices": [1], "values": [1.0]}) | st.none(),
            },
        ),
        min_size=1,
        max_size=8,
    )
)
def test_columns_hold_exactly_what_each_record_says(records: list[dict[str, Any]]) -> None:
    columns = read_columns(records)
    as_vectors = read_columns([Vector.from_dict(record) for record in records])
    mixed = read_columns([records[0], *[Vector.from_dict(record) for record in records[1:]]])
    for read in (columns, as_vectors, mixed):
        assert list(read.ids) == [record["id"] for record in records]
        for found, name in ((read.values, "values"), (read.metadata, "metadata"), (read.sparse, "sparse_values")):
            told = [record.get(name) for record in records]
            assert (found or [None] * len(records)) == told


@pytest.mark.parametrize(
    ("vectors", "said"),
    [
        ([], "Invalid request: vectors is empty"),
        ([{"values": [1.0]}], "Record 0 has no 'id'"),
        ([{"id": "a", "values": [1.0], "vector": 1}], r"Record 0 \(id 'a'\) has the unknown key\(s\) \['vector'\]"),
        ([("a",)], r"is a tuple of 1: a tuple is \(id, values\)"),
        ([("a", [1.0], {}, 1)], "is a tuple of 4"),
        ([("a", SparseValues([1], [1.0]))], "Sparse values are not supported in tuples"),
        ([("a", [1.0]), ["b", [1.0]]], "record 1 is a list"),
        ({"id": "a"}, "vectors must be a list of records, got dict"),
        (Vector("a", [1.0]), "vectors must be a list of records, got Vector"),
        ("abc", "vectors must be a list of records, got str"),
        (7, "vectors must be a list of records, got int"),
        (np.zeros((2, 3)), r"shape \(2, 3\) needs ids"),
    ],
)
def test_a_shape_that_cannot_be_read_is_named(vectors: Any, said: str) -> None:
    with pytest.raises(InvalidRequestError, match=said):
        read_columns(vectors)


def test_columns_of_unequal_length_are_refused(vectors: Floats) -> None:
    with pytest.raises(InvalidRequestError, match=r"metadata\['n'\] has 1 rows and ids has 2"):
        read_columns(vectors[:2], ids=["a", "b"], metadata={"n": [1]})
    with pytest.raises(InvalidRequestError, match="need ids="):
        read_columns([("a", vectors[0])], metadata=[{}])


def test_a_dataframe_with_columns_that_a_record_lacks_is_refused() -> None:
    pd = pytest.importorskip("pandas")
    with pytest.raises(InvalidRequestError, match=r"this one has \['id', 'values', 'genre'\]"):
        read_columns(pd.DataFrame({"id": ["a"], "values": [[1.0]], "genre": ["x"]}))


def test_a_missing_cell_of_a_dataframe_is_no_metadata() -> None:
    pd = pytest.importorskip("pandas")
    columns = read_columns(pd.DataFrame({"id": ["a", "b"], "values": [[1.0], [2.0]], "metadata": [{"n": 1}, None]}))
    assert columns.metadata == [{"n": 1}, None]
