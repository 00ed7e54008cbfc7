"""What is exported and imported again is the same, to the last bit."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pinyon.app.transfer import export_index, import_index
from pinyon.engine import Database, Index
from pinyon.types import IndexSpec, SparseValues

Program = Callable[..., Any]
FINITE = st.floats(width=32, allow_nan=False, allow_infinity=False)
ASCII = st.text(st.characters(min_codepoint=1, max_codepoint=126), min_size=1, max_size=12)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
VALUES = st.one_of(TEXTS, st.booleans(), st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False))
METADATA = st.dictionaries(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8).filter(lambda key: key[0] != "$"),
    st.one_of(VALUES, st.lists(TEXTS, max_size=3)),
    max_size=4,
)
SPARSE = st.dictionaries(st.integers(0, 2**32 - 1), FINITE, min_size=1, max_size=4)
RECORDS = st.lists(
    st.tuples(
        st.sampled_from(["", "drafts", "a b"]),
        ASCII,
        st.lists(FINITE, min_size=3, max_size=3).filter(any),
        st.none() | SPARSE,
        st.none() | METADATA,
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda record: record[:2],
)


def content(index: Index) -> dict[tuple[str, str], tuple[Any, ...]]:
    found: dict[tuple[str, str], tuple[Any, ...]] = {}
    for namespace in index.stats().namespaces:
        for record in index.iterate(namespace):
            sparse = record.sparse_values
            found[namespace, record.id] = (
                None if record.values is None else record.values.tobytes(),
                None if sparse is None else (sparse.indices.tobytes(), sparse.values.tobytes()),
                record.metadata,
            )
    return found


@pytest.mark.parametrize("suffix", ["jsonl", "csv", "parquet"])
@given(RECORDS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
def test_a_round_trip_changes_nothing(tmp_path: Path, suffix: str, records: list[Any]) -> None:
    if suffix == "parquet":
        pytest.importorskip("pyarrow")
    file = tmp_path / f"all.{suffix}"
    with Database(":memory:") as database:
        database.create_index(IndexSpec("from", 3, "dotproduct"))
        index = database.index("from")
        for namespace, id_, values, sparse, metadata in records:
            weights = None if sparse is None else {"indices": [*sparse], "values": [*sparse.values()]}
            index.upsert(namespace, [id_], [values], sparse=[weights], metadata=[metadata])
        export_index(index, file, overwrite=True)
        import_index(database, "to", file, metric="dotproduct")
        assert content(database.index("to")) == content(index)


def test_numbers_that_short_decimals_would_lose_survive(tmp_path: Path) -> None:
    # Its shortest decimal, read in double precision and then rounded, is the neighbour of this float.
    awkward = np.array([0x15AE43FD, 0x3F800000, 0x80000001], dtype=np.uint32).view(np.float32)
    with Database(":memory:") as database:
        database.create_index(IndexSpec("from", 3, "dotproduct"))
        database.index("from").upsert("", ["a"], awkward[None])
        export_index(database.index("from"), tmp_path / "a.jsonl")
        import_index(database, "to", tmp_path / "a.jsonl")
        values = database.index("to").fetch("", ["a"])["a"].values
    assert values is not None
    assert values.tobytes() == awkward.tobytes()


def test_npy_holds_the_rows_and_a_file_beside_it_the_ids(pinyon: Program, vectors: str, tmp_path: Path) -> None:
    answer = pinyon("export", vectors, tmp_path / "v.npy", "--json")
    assert answer.json["records"] == 3
    assert "the metadata of 3 records is left out" in answer.err
    assert np.load(tmp_path / "v.npy").tolist() == [[1, 0, 0], [0, 1, 0], [1, 1, 0]]
    assert json.loads((tmp_path / "v.npy.ids.json").read_text(encoding="utf-8")) == ["a", "b", "c"]
    assert pinyon("import", "again", tmp_path / "v.npy", "--json").json == {
        "index": "again",
        "records": 3,
        "created": True,
    }
    assert pinyon("get", "again", "b", "--values", "--json").json["values"] == [0, 1, 0]


def test_a_sparse_index_comes_back(tmp_path: Path) -> None:
    with Database(":memory:") as database:
        database.create_index(IndexSpec("from", None, "dotproduct", "sparse"))
        weights = SparseValues(np.array([3, 9], np.uint32), np.array([0.1, 2], np.float32))
        database.index("from").upsert("", ["a"], sparse=[weights])
        for suffix in ("jsonl", "csv"):
            export_index(database.index("from"), tmp_path / f"s.{suffix}")
            import_index(database, suffix, tmp_path / f"s.{suffix}")
            assert content(database.index(suffix)) == content(database.index("from"))


def test_more_records_than_a_page_come_back(tmp_path: Path, rng: np.random.Generator) -> None:
    vectors = rng.normal(size=(1203, 5)).astype(np.float32)
    with Database(":memory:") as database:
        database.create_index(IndexSpec("from", 5, "cosine"))
        database.index("from").upsert("", [f"{n}" for n in range(1203)], vectors)
        for suffix in ("jsonl", "npy"):
            assert export_index(database.index("from"), tmp_path / f"m.{suffix}").records == 1203
            assert import_index(database, suffix, tmp_path / f"m.{suffix}").records == 1203
            assert content(database.index(suffix)) == content(database.index("from"))


def test_several_namespaces_do_not_fit_npy(pinyon: Program, vectors: str, tmp_path: Path) -> None:
    pinyon("ingest", vectors, tmp_path / "three.jsonl", "-n", "more")
    assert "name one with --namespace" in pinyon("export", vectors, tmp_path / "v.npy", code=1).err
    assert pinyon("export", vectors, tmp_path / "v.npy", "-n", "more", "--json").json["records"] == 3


def test_one_namespace_moves_into_another(pinyon: Program, vectors: str, tmp_path: Path) -> None:
    pinyon("export", vectors, tmp_path / "v.csv", "-n", "")
    pinyon("import", vectors, tmp_path / "v.csv", "-n", "copy")
    assert pinyon("info", vectors, "--json").json["records"] == 6
    with (tmp_path / "v.csv").open(encoding="utf-8", newline="") as file:
        assert next(csv.reader(file)) == ["id", "namespace", "values", "sparse_values", "metadata"]


def test_an_existing_file_is_replaced_only_when_forced(pinyon: Program, vectors: str, tmp_path: Path) -> None:
    target = tmp_path / "v.jsonl"
    target.write_text("mine", encoding="utf-8")
    assert "--force" in pinyon("export", vectors, target, code=1).err
    assert target.read_text(encoding="utf-8") == "mine"
    pinyon("export", vectors, target, "--force")
    assert len(target.read_text(encoding="utf-8").splitlines()) == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "three.jsonl", "v.jsonl"]


def test_an_unknown_suffix_or_namespace_writes_nothing(pinyon: Program, vectors: str, tmp_path: Path) -> None:
    assert ".jsonl, .csv, .npy, .parquet" in pinyon("export", vectors, tmp_path / "v.xml", code=1).err
    pinyon("export", vectors, tmp_path / "v.jsonl", "-n", "nowhere", code=3)
    assert not (tmp_path / "v.jsonl").exists()


def test_a_bad_record_is_named_and_the_ones_before_it_stay(pinyon: Program, tmp_path: Path) -> None:
    lines = [json.dumps({"id": str(n), "values": [1, n]}) for n in range(600)] + ['{"id": "bad", "values": [1, 2, 3]}']
    (tmp_path / "v.jsonl").write_text("\n".join(lines), encoding="utf-8")
    told = pinyon("import", "vectors", tmp_path / "v.jsonl", code=1).err
    assert "v.jsonl:601; the 500 records before it were imported" in told
    assert pinyon("info", "vectors", "--json").json["records"] == 500
