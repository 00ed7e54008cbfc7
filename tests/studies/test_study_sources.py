"""Where vectors come from: every way gives the same data again, and bad vectors are refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pinyon.distance import prepare
from pinyon.engine import Database
from pinyon.errors import FailedPreconditionError, InvalidRequestError, NotFoundError
from pinyon.studies import Data, Source, load
from pinyon.studies.sources import generate, same
from pinyon.types import IndexSpec


def test_a_generated_set_is_the_same_bits_everywhere() -> None:
    assert load(Source(generate=(200, 8), seed=3)).digest == "1785903b6dde98b7b61286731c6de973"


def test_a_generated_set_does_not_depend_on_the_order_of_its_sums() -> None:
    made = generate(500, 24, 0)
    assert (made * 64 == np.round(made * 64)).all()
    assert np.abs(made * 64).max() < 2**24


def test_another_seed_draws_another_set_and_queries_are_not_among_its_rows() -> None:
    one, other = load(Source(generate=(300, 8))), load(Source(generate=(300, 8), seed=1))
    assert one.digest != other.digest
    assert (one.n, one.d, len(one.queries)) == (300, 8, 30)
    assert not (one.base[:, None] == one.queries[None]).all(axis=2).any()


def test_rows_that_are_held_out_are_queries_and_no_rows(rng: np.random.Generator) -> None:
    rows = rng.standard_normal((400, 6)).astype(np.float32)
    data = Data.of(rows, metric="euclidean", query_count=50, seed=7)
    assert (data.n, len(data.queries)) == (350, 50)
    together = {row.tobytes() for row in np.concatenate([data.base, data.queries])}
    assert together == {row.tobytes() for row in rows}
    assert data.digest == Data.of(rows, metric="euclidean", query_count=50, seed=7).digest
    assert data.digest != Data.of(rows, metric="euclidean", query_count=50, seed=8).digest


def test_vectors_are_prepared_for_the_metric(rng: np.random.Generator) -> None:
    rows = rng.standard_normal((100, 5))
    assert np.allclose(np.linalg.norm(Data.of(rows).base, axis=1), 1.0)
    assert Data.of(rows, rows[:3], metric="dotproduct").base.tobytes() == rows.astype(np.float32).tobytes()


@pytest.mark.parametrize(
    ("value", "metric", "words"),
    [(np.nan, "euclidean", "row 17 holds"), (np.inf, "cosine", "row 17 holds"), (0.0, "cosine", "row 17 is all zeros")],
)
def test_bad_rows_are_named(rng: np.random.Generator, value: float, metric: str, words: str) -> None:
    rows = rng.standard_normal((100, 5))
    rows[17] = value
    with pytest.raises(InvalidRequestError, match=words):
        Data.of(rows, rows[:3], metric=metric)  # type: ignore[arg-type]


def test_a_zero_row_is_a_point_where_distances_are_measured(rng: np.random.Generator) -> None:
    rows = rng.standard_normal((100, 5))
    rows[17] = 0.0
    assert Data.of(rows, rows[:3], metric="euclidean").n == 100


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (Source(), "from none"),
        (Source(generate=(100, 4), file="a.npy"), "from generate and file"),
        (Source(index="docs"), "data directory"),
        (Source(generate=(100, 4), truth="t.ivecs"), "give the file of the base vectors"),
        (Source(generate=(5, 4)), "too small"),
        (Source(generate=(100, 4), rows=0), "rows is 0"),
        (Source(generate=(100, 4), query_count=60), "at most half"),
        (Source(generate=(100, 4), seed=-1), "seed -1"),
        (Source(generate=(100, 4), metric="hamming"), "'hamming' is no metric"),  # type: ignore[arg-type]
    ],
)
def test_what_makes_no_sense_is_refused(source: Source, words: str) -> None:
    with pytest.raises(InvalidRequestError, match=words):
        load(source)


def test_files_and_their_truth_are_read(tmp_path: Path, rng: np.random.Generator) -> None:
    base, queries = rng.standard_normal((200, 4)), rng.standard_normal((10, 4))
    nearest = np.argsort(((queries[:, None] - base[None]) ** 2).sum(axis=2), axis=1)[:, :20]
    for name, array in (("base", base), ("queries", queries), ("truth", nearest)):
        np.save(tmp_path / f"{name}.npy", array)
    source = Source(
        file=str(tmp_path / "base.npy"),
        queries=str(tmp_path / "queries.npy"),
        truth=str(tmp_path / "truth.npy"),
        metric="euclidean",
    )
    data = load(source)
    assert data.neighbours is not None
    assert data.neighbours.tolist() == nearest.tolist()
    assert load(replace(source, query_count=4)).neighbours is not None
    assert load(replace(source, rows=100)).neighbours is None, "the truth is that of all rows"
    assert load(replace(source, rows=100)).n == 100
    np.save(tmp_path / "truth.npy", nearest + 150)
    with pytest.raises(InvalidRequestError, match="row numbers below 200"):
        load(source)
    np.save(tmp_path / "queries.npy", queries[:, :3])
    with pytest.raises(InvalidRequestError, match="do not fit vectors of dimension 4"):
        load(replace(source, truth=None))


def test_the_metric_of_a_file_follows_its_kind(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.ones((30, 2)))
    assert load(Source(file=str(tmp_path / "a.npy"))).metric == "cosine"
    raw = np.array([[1, 5]] * 30, np.uint8)
    (tmp_path / "a.bvecs").write_bytes(b"".join(np.int32(2).tobytes() + row.tobytes() for row in raw))
    assert load(Source(file=str(tmp_path / "a.bvecs"))).metric == "euclidean"


@pytest.fixture
def database(tmp_path: Path, rng: np.random.Generator) -> tuple[Path, np.ndarray]:
    rows = rng.standard_normal((120, 6)).astype(np.float32)
    with Database(tmp_path / "data") as opened:
        opened.create_index(IndexSpec("docs", 6, "cosine"))
        opened.create_index(IndexSpec("words", None, "dotproduct", "sparse"))
        index = opened.index("docs")
        index.upsert("notes", [str(at) for at in range(120)], rows)
        index.delete("notes", ["3", "50"])
    return tmp_path / "data", np.delete(rows, [3, 50], axis=0)


def test_an_index_gives_the_vectors_that_are_alive(database: tuple[Path, np.ndarray]) -> None:
    folder, rows = database
    data = load(Source(database=str(folder), index="docs", namespace="notes", query_count=18))
    assert (data.n, data.d, data.metric) == (100, 6, "cosine")
    found = {row.tobytes() for row in np.concatenate([data.base, data.queries])}
    assert found == {row.tobytes() for row in prepare(rows, "cosine")}


def test_an_index_that_cannot_be_studied_is_refused(database: tuple[Path, np.ndarray]) -> None:
    folder = str(database[0])
    with pytest.raises(NotFoundError, match="'nope'"):
        load(Source(database=folder, index="nope"))
    with pytest.raises(NotFoundError, match="Namespace ''"):
        load(Source(database=folder, index="docs"))
    with pytest.raises(InvalidRequestError, match="sparse vectors"):
        load(Source(database=folder, index="words"))
    with pytest.raises(InvalidRequestError, match="compares by cosine, not euclidean"):
        load(Source(database=folder, index="docs", namespace="notes", metric="euclidean"))
    with pytest.raises(NotFoundError, match="no data directory"):
        load(Source(database=folder + "-not", index="docs"))


def test_changed_vectors_are_recognised(rng: np.random.Generator) -> None:
    rows = rng.standard_normal((100, 5)).astype(np.float32)
    before = Data.of(rows, rows[:5])
    same(before, before.digest)
    rows[40, 2] = np.nextafter(rows[40, 2], np.float32(9))
    with pytest.raises(FailedPreconditionError, match="changed since"):
        same(Data.of(rows, rows[:5]), before.digest)


def test_a_description_survives_being_written_down() -> None:
    source = Source(generate=(100, 4), seed=5, metric="euclidean", query_count=3)
    assert Source.from_json(source.to_json()) == source
    with pytest.raises(InvalidRequestError, match="does not describe vectors"):
        Source.from_json({"generate": "x", "colour": "red"})
