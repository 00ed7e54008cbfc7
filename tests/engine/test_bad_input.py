"""Bad input is refused with its error class and a message that names the value, the limit and the way out.

Whatever was refused, the store is as it was: every record of every index, and the LSN.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from oracle import ModelRecord, plain
from pinyon.engine import Database, Index
from pinyon.errors import (
    AlreadyExistsError,
    CorruptionError,
    FilterError,
    FormatError,
    InvalidRequestError,
    NotFoundError,
    PinyonError,
    ReadOnlyError,
    StorageError,
)
from pinyon.types import IndexSpec, Query, SparseValues

D = 4
GOOD = [1.0, 2.0, 3.0, 4.0]
NAN, INF = float("nan"), float("inf")
Contents = dict[str, tuple[int, dict[str, dict[str, ModelRecord]]]]


@dataclass(frozen=True)
class Store:
    """A database with a dense cosine index, a dotproduct index with sparse values too, and a sparse index."""

    database: Database

    @property
    def dense(self) -> Index:
        return self.database.index("dense")

    @property
    def hybrid(self) -> Index:
        return self.database.index("hybrid")

    @property
    def sparse(self) -> Index:
        return self.database.index("sparse")

    def contents(self) -> Contents:
        """Everything: for each index the LSN and each record of each namespace."""
        found: Contents = {}
        for spec in self.database.list_indexes():
            index = self.database.index(spec.name)
            names = [info.name for info in index.namespaces()[0]]
            lsn = index.read(lambda view: int(view.meta("lsn") or 0))
            found[spec.name] = lsn, {name: {r.id: plain(r) for r in index.iterate(name)} for name in names}
        return found


@pytest.fixture(params=["memory", "disk"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with Database(":memory:" if request.param == "memory" else tmp_path / "data") as database:
        database.create_index(IndexSpec("dense", D, "cosine"))
        database.create_index(IndexSpec("hybrid", D, "dotproduct"))
        database.create_index(IndexSpec("sparse", None, "dotproduct", "sparse"))
        store = Store(database)
        rows = np.arange(1, 3 * D + 1, dtype=np.float32).reshape(3, D)
        long = "x" * 30_000
        store.dense.upsert("", ["a", "b", "c"], rows, metadata=[{"n": 1}, {"n": 2, "text": long}, {"n": 3}])
        store.dense.create_namespace("empty")
        store.hybrid.upsert("", ["a"], rows[:1], sparse=[{"indices": [1], "values": [1.0]}])
        store.sparse.upsert("", ["a"], sparse=[{"indices": [1, 5], "values": [1.0, 2.0]}])
        yield store


@dataclass(frozen=True)
class Case:
    """`call` raises `error`, whose message holds every one of `says`."""

    name: str
    call: Callable[[Store], object]
    says: tuple[str, ...]
    error: type[PinyonError] = InvalidRequestError


def upsert(vectors: Any, ids: Any = ("new",), **more: Any) -> Callable[[Store], object]:
    return lambda store: store.dense.upsert("", ids, vectors, **more)


def with_metadata(metadata: Any) -> Callable[[Store], object]:
    """The second record of the call is the bad one."""
    return lambda store: store.dense.upsert("", ["good", "bad"], [GOOD, GOOD], metadata=[{"n": 1}, metadata])


def with_id(id_: Any) -> Callable[[Store], object]:
    return lambda store: store.dense.upsert("", ["good", id_], [GOOD, GOOD])


def with_sparse(indices: Any, values: Any) -> Callable[[Store], object]:
    return lambda store: store.sparse.upsert("", ["bad"], sparse=[{"indices": indices, "values": values}])


def query(**settings: Any) -> Callable[[Store], object]:
    return lambda store: store.dense.query("", Query(**{"top_k": 3, "vector": GOOD, **settings}))


def filtered(filter: Any) -> Callable[[Store], object]:
    return query(filter=filter)


def create(name: Any = "new", dimension: Any = 4, metric: Any = "cosine", **more: Any) -> Callable[[Store], object]:
    return lambda store: store.database.create_index(IndexSpec(name, dimension, metric, **more))


def update_where(filter: Any, fields: Any) -> Callable[[Store], object]:
    return lambda store: store.dense.update_where("", filter, fields)


def nested(depth: int) -> dict[str, Any]:
    filter: dict[str, Any] = {"n": 1}
    for _ in range(depth):
        filter = {"$and": [filter, {"n": 1}]}
    return filter


def columns(**fields: Any) -> Callable[[Store], object]:
    return lambda store: store.dense.upsert("", ["x", "y"], [GOOD, GOOD], metadata=fields)


SIZES = ("dimension 3", "dimension of the index 4")
VECTORS = [
    Case("an array of another width", upsert(np.ones((1, 3))), SIZES),
    Case("a list of another length", upsert([[1.0, 2.0, 3.0]]), (*SIZES, "'new'")),
    Case("one short list among good ones", upsert([GOOD, GOOD[:3]], ["x", "y"]), (*SIZES, "'y'")),
    Case("a flat array", upsert(np.ones(1)), ("(1,)", "dimension of the index 4")),
    Case("a number for a vector", upsert([1.0]), ("1.0", "dimension of the index 4", "'new'")),
    Case("a missing vector", upsert([GOOD, None], ["x", "y"]), ("'y'", "4 numbers")),
    Case("no vectors at all", upsert(None), ("'dense'", "needs `values` of 4 numbers")),
    Case("NaN in a list", upsert([[1.0, NAN, 0.0, 0.0]]), ("nan", "finite", "'new'", "repair the record")),
    Case("NaN in an array", upsert(np.array([[1.0, NAN, 0, 0]])), ("nan", "finite", "'new'")),
    Case("infinity", upsert([[1.0, INF, 0.0, 0.0]]), ("inf", "finite", "'new'")),
    Case("minus infinity", upsert([[1.0, -INF, 0.0, 0.0]]), ("-inf", "finite", "'new'")),
    Case("more than float32 holds, in an array", upsert(np.array([[1e39, 0, 0, 0]])), ("inf", "finite 32-bit")),
    Case("more than float32 holds, in a list", upsert([[1e39, 0, 0, 0]]), ("32", "'new'")),
    Case("an all-zero vector", upsert([GOOD, [0.0] * 4], ["x", "y"]), ("'y'", "all zeros", "at least one non-zero")),
    Case("an all-zero array", upsert(np.zeros((1, 4))), ("'new'", "all zeros", "check the embedding")),
    Case("zero once it is float32", upsert(np.full((1, 4), 1e-60)), ("'new'", "all zeros")),
    Case("text for a number", upsert([["1.0", 2.0, 3.0, 4.0]]), ("'1.0'", "not a number", "'new'")),
    Case("None for a number", upsert([[None, 2.0, 3.0, 4.0]]), ("None", "not a number", "'new'")),
    Case("an array of text", upsert(np.array([["1", "2", "3", "4"]])), ("<U1", "numbers")),
    Case("an array of objects", upsert(np.array([[1, 2, 3, None]])), ("object", "numbers")),
    Case("complex numbers", upsert(np.ones((1, 4), complex)), ("complex128", "numbers")),
    Case("fewer vectors than ids", upsert([GOOD], ["x", "y"]), ("2 ids", "1 vectors", "one vector for each id")),
    Case("no records", upsert(np.empty((0, 4)), []), ("no records", "at least one")),
    Case("an update of another length", lambda s: s.dense.update("", "a", values=[1.0, 2.0, 3.0]), (*SIZES, "'a'")),
    Case("an update with NaN", lambda s: s.dense.update("", "a", values=[NAN] * 4), ("nan", "'a'")),
    Case("an update of nothing", lambda s: s.dense.update("", "a"), ("'a'", "values", "set_metadata")),
    Case("dense values in a sparse index", lambda s: s.sparse.update("", "a", values=GOOD), ("'sparse'", "dense")),
    Case(
        "dense records in a sparse index",
        lambda s: s.sparse.upsert("", ["x"], [GOOD], sparse=[{"indices": [1], "values": [1.0]}]),
        ("'sparse'", "dense values"),
    ),
]
IDS = [
    Case("an empty id", with_id(""), ("empty", "record 1", "1 to 512")),
    Case("a non-ASCII id", with_id("영화"), ("'영화'", "ASCII", "Percent-encode")),
    Case("an id of 513 characters", with_id("x" * 513), ("513", "512")),
    Case("an id with a null character", with_id("a\0b"), ("'a\\x00b'", "null character")),
    Case("a number for an id", with_id(7), ("7", "string", "str()")),
    Case("None for an id", with_id(None), ("None", "string")),
    Case("bytes for an id", with_id(b"a"), ("b'a'", "string")),
    Case("one string for a list of ids", upsert([GOOD] * 3, "abc"), ("'abc'", "list", "['abc']")),
    Case("a bad id in a fetch", lambda s: s.dense.fetch("", ["a", ""]), ("empty", "record 1")),
    Case("a string for the ids of a fetch", lambda s: s.dense.fetch("", "abc"), ("'abc'", "['abc']")),
    Case("a bad id in a delete", lambda s: s.dense.delete("", ["a", "é"]), ("'é'", "ASCII")),
    Case("a string for the ids of a delete", lambda s: s.dense.delete("", "a"), ("'a'", "['a']")),
    Case("a bad id in an update", lambda s: s.dense.update("", "x" * 513, values=GOOD), ("513", "512")),
    Case("a bad id in a query", query(vector=None, id="é"), ("'é'", "ASCII")),
]
NAMESPACES = [
    Case("a long namespace", lambda s: s.dense.upsert("n" * 513, ["x"], [GOOD]), ("513", "512")),
    Case("a non-ASCII namespace", lambda s: s.dense.upsert("é", ["x"], [GOOD]), ("'é'", "ASCII")),
    Case("a null character in a namespace", lambda s: s.dense.create_namespace("a\0"), ("'a\\x00'", "null")),
    Case("a number for a namespace", lambda s: s.dense.query(7, Query(1, vector=GOOD)), ("7", "string")),  # type: ignore[arg-type]
    Case("a namespace that is not there", lambda s: s.dense.delete_all("nope"), ("'nope'", "'dense'"), NotFoundError),
    Case("one that is not there, to drop", lambda s: s.dense.delete_namespace("nope"), ("'nope'",), NotFoundError),
    Case("one to describe", lambda s: s.dense.describe_namespace("nope"), ("'nope'", "list"), NotFoundError),
    Case("one that is there already", lambda s: s.dense.create_namespace("empty"), ("'empty'",), AlreadyExistsError),
]
METADATA = [
    Case("over 40 KB", with_metadata({"n": 1, "big": "x" * 40_960}), ("bytes", "40960", "'big'", "'bad'", "shorten")),
    Case("over 40 KB in bytes, not characters", with_metadata({"text": "가" * 14_000}), ("40960", "'text'")),
    Case("over 40 KB after a merge", lambda s: s.dense.update("", "b", set_metadata={"x": "y" * 12_000}), ("40960",)),
    Case("over 40 KB after a merge by filter", update_where({"n": {"$gte": 1}}, {"x": "y" * 12_000}), ("40960", "'b'")),
    Case("a nested object", with_metadata({"deep": {"er": 1}}), ("deep", "list of strings", "Flatten")),
    Case("a list of numbers", with_metadata({"list": [1, 2]}), ("[1.0,2.0]", "list", "string")),
    Case("a mixed list", with_metadata({"list": ["a", 1]}), ("list of strings", "'bad'")),
    Case("a list with null", with_metadata({"list": ["a", None]}), ("list of strings", "'bad'")),
    Case("NaN", with_metadata({"x": NAN}), ("x", "'bad'", "leave the field out")),
    Case("infinity", with_metadata({"x": INF}), ("x", "'bad'", "leave the field out")),
    Case("a number beyond float64", with_metadata({"x": 10**400}), ("x", "float64")),
    Case("a date", with_metadata({"x": np.datetime64("2026-01-01")}), ("x", "dates")),
    Case("bytes", with_metadata({"x": b"raw"}), ("x", "string, number, boolean")),
    Case("a key that begins with $", with_metadata({"$x": 1}), ("'$x'", "operators", "Rename")),
    Case("a key that is no string", with_metadata({1: "x"}), ("1", "not a string", "str()")),
    Case("half a character", with_metadata({"x": "\ud800"}), ("surrogate", "'bad'", "Decode")),
    Case("no object", with_metadata(["n", 1]), ("'bad'", "dict")),
    Case("fewer objects than ids", upsert([GOOD] * 2, ["x", "y"], metadata=[{"n": 1}]), ("2 ids", "1 metadata")),
    Case("a short column", columns(n=[1]), ("'n'", "1 values", "2 records")),
    Case("a column of one string", columns(n="ab"), ("'n'", "'ab'", "Repeat")),
    Case("a column with a bad value", columns(n=[1, {}]), ("n", "'y'")),
    Case("a column that begins with $", columns(**{"$n": [1, 2]}), ("'$n'", "Rename")),
    Case("a bad field to set", lambda s: s.dense.update("", "a", set_metadata={"$x": 1}), ("'$x'", "Rename")),
    Case("a bad field to set by filter", update_where({"n": 1}, {"x": {}}), ("x", "Flatten")),
    Case("nothing to set by filter", update_where({"n": 1}, {}), ("set_metadata", "at least one field")),
]
FILTERS = [
    Case("an unknown operator", filtered({"n": {"$gtt": 1}}), ("$gtt", "'n'", "Did you mean $gt", "Known")),
    Case("an operator of another database", filtered({"n": {"$regex": "a"}}), ("$regex", "not supported")),
    Case("an operator at the top", filtered({"$eq": 1}), ("$eq", "field")),
    Case("an unknown word at the top", filtered({"$xor": []}), ("'$xor'", "Known")),
    Case("10,001 values", filtered({"n": {"$in": [*range(10_001)]}}), ("10,001", "10,000", "Split")),
    Case("10,001 values to leave out", filtered({"n": {"$nin": [*range(10_001)]}}), ("10,001", "10,000")),
    Case("text in order", filtered({"n": {"$gt": "a"}}), ("$gt", "'a'", "number")),
    Case("a bool in order", filtered({"n": {"$lt": True}}), ("$lt", "True", "number")),
    Case("null", filtered({"n": None}), ("null", "$exists")),
    Case("NaN", filtered({"n": NAN}), ("nan", "finite")),
    Case("a list for a value", filtered({"n": [1, 2]}), ("[1, 2]", "$in")),
    Case("a scalar for $in", filtered({"n": {"$in": "a"}}), ("$in", "'a'", "list")),
    Case("$exists of a number", filtered({"n": {"$exists": 1}}), ("$exists", "True or False")),
    Case("an empty condition", filtered({"n": {}}), ("'n'", "empty", "$eq")),
    Case("an empty $and", filtered({"$and": []}), ("$and", "non-empty")),
    Case("an empty object in $or", filtered({"$or": [{}]}), ("$or", "empty")),
    Case("a list for a filter", filtered([{"n": 1}]), ("object", "[{'n': 1}]")),
    Case("101 levels", filtered(nested(101)), ("100", "Flatten")),
    Case("10,001 conditions", filtered({"$or": [{"n": at} for at in range(10_001)]}), ("10,000", "$in")),
    Case("a bad filter to delete by", lambda s: s.dense.delete_where("", {"n": {"$bad": 1}}), ("$bad", "Known")),
    Case("a bad filter to update by", update_where({"n": {"$bad": 1}}, {"x": 1}), ("$bad", "Known")),
    Case("a bad filter to fetch by", lambda s: s.dense.fetch_where("", {"n": {"$bad": 1}}), ("$bad",)),
    Case("a bad filter to iterate by", lambda s: list(s.dense.iterate("", filter={"n": {"$bad": 1}})), ("$bad",)),
]
EMPTY_FILTERS = [
    Case("to delete by", lambda s: s.dense.delete_where("", {}), ("empty", "delete_all")),
    Case("to update by", update_where({}, {"x": 1}), ("empty", "condition")),
    Case("to fetch by", lambda s: s.dense.fetch_where("", {}), ("Empty filter", "condition")),
]
QUERIES = [
    Case("a scan factor of 0.4", query(scan_factor=0.4), ("0.4", "0.5 to 4")),
    Case("a scan factor of 5", query(scan_factor=5), ("5", "0.5 to 4")),
    Case("a scan factor that is no number", query(scan_factor=NAN), ("nan", "0.5 to 4")),
    Case("text for a scan factor", query(scan_factor="2"), ("'2'", "0.5 to 4")),
    Case("a bool for a scan factor", query(scan_factor=True), ("True", "0.5 to 4")),
    Case("fewer candidates than top_k", query(max_candidates=2), ("2", "top_k (3) to 100000")),
    Case("100,001 candidates", query(max_candidates=100_001), ("100001", "top_k (3) to 100000")),
    Case("a fraction of a candidate", query(max_candidates=10.5), ("10.5", "100000")),
    Case("a bool for candidates", query(max_candidates=True), ("True", "100000")),
    Case("top_k 0", query(top_k=0), ("0", "1 to 10000")),
    Case("top_k 10,001", query(top_k=10_001), ("10001", "1 to 10000")),
    Case("a negative top_k", query(top_k=-5), ("-5", "1 to 10000")),
    Case("a fraction for top_k", query(top_k=2.5), ("2.5", "whole number")),
    Case("a bool for top_k", query(top_k=True), ("True", "whole number")),
    Case("text for top_k", query(top_k="3"), ("'3'", "whole number")),
    Case("another dimension", query(vector=[1.0, 2.0, 3.0]), SIZES),
    Case("two vectors", query(vector=np.ones((2, 4))), ("dimension of the index 4",)),
    Case("a zero vector", query(vector=[0.0] * 4), ("query", "all zeros")),
    Case("NaN", query(vector=[NAN] * 4), ("nan", "finite")),
    Case("a vector and an id", query(id="a"), ("'ID'", "'vector'", "Leave one out")),
    Case("an id and sparse values", query(vector=None, id="a", sparse=object()), ("'ID'", "'sparse_vector'")),
    Case("nothing to search for", query(vector=None), ("'vector'", "'ID'")),
    Case("sparse values under cosine", query(sparse={"indices": [1], "values": [1.0]}), ("dotproduct", "cosine")),
    Case(
        "sparse values alone in a dense index",
        lambda s: s.hybrid.query("", Query(1, sparse={"indices": [1], "values": [1.0]})),
        ("only sparse", "Give a dense vector"),
    ),
    Case("a sparse index without sparse values", lambda s: s.sparse.query("", Query(1)), ("'sparse_vector'", "'ID'")),
    Case(
        "a dense vector in a sparse index",
        lambda s: s.sparse.query("", Query(1, vector=GOOD, sparse={"indices": [1], "values": [1.0]})),
        ("dense values", "without vector"),
    ),
    Case("list limit 0", lambda s: s.dense.list_ids("", limit=0), ("0", "1 to 100")),
    Case("list limit 101", lambda s: s.dense.list_ids("", limit=101), ("101", "1 to 100")),
    Case("namespaces limit 101", lambda s: s.dense.namespaces(limit=101), ("101", "1 to 100")),
    Case("fetch limit", lambda s: s.dense.fetch_where("", {"n": 1}, limit=10_001), ("10001", "1 to 10000")),
]
SPARSE_NAN = SparseValues(np.array([1], np.uint32), np.array([NAN], np.float32))
SPARSE = [
    Case("no entries", with_sparse([], []), ("0 entries", "1 to 2048", "'bad'")),
    Case("2,049 entries", with_sparse([*range(2_049)], [1.0] * 2_049), ("2049", "1 to 2048")),
    Case("an index without a value", with_sparse([1, 2], [1.0]), ("2 indices", "1 values", "one for each")),
    Case("a negative index", with_sparse([-1], [1.0]), ("-1", "0 to 4294967295")),
    Case("an index over 32 bits", with_sparse([2**32], [1.0]), ("4294967296", "0 to 4294967295")),
    Case("a fraction for an index", with_sparse([1.5], [1.0]), ("1.5", "whole numbers")),
    Case("an index twice", with_sparse([3, 9, 3], [1.0, 2.0, 3.0]), ("index 3", "twice", "Add its values up")),
    Case("NaN", with_sparse([1], [NAN]), ("nan", "finite", "'bad'")),
    Case("text for a value", with_sparse([1], ["x"]), ("numbers", "'bad'")),
    Case("no values", lambda s: s.sparse.upsert("", ["bad"], sparse=[{"indices": [1]}]), ("`values`", "'bad'")),
    Case(
        "a record without sparse values", lambda s: s.sparse.upsert("", ["bad"], sparse=[None]), ("'bad'", "'sparse'")
    ),
    Case("none for any record", lambda s: s.sparse.upsert("", ["bad"]), ("'bad'", "sparse values")),
    Case("fewer than ids", lambda s: s.hybrid.upsert("", ["x"], [GOOD], sparse=[]), ("1 ids", "0 sparse")),
    Case(
        "in an update", lambda s: s.hybrid.update("", "a", sparse={"indices": [], "values": []}), ("0 entries", "'a'")
    ),
    Case("in a query", lambda s: s.sparse.query("", Query(1, sparse=SPARSE_NAN)), ("finite", "query")),
]
NAMES = ["", "Upper", "-a", "a-", "a_b", "a b", "../up", "a/b", "한글", "a.b", "a\n"]
DEFINITIONS = [
    *(
        Case(f"the name {name!r}", create(name), (repr(name), "lower-case letters, digits and hyphens"))
        for name in NAMES
    ),
    Case("a name of 46 characters", create("a" * 46), ("46", "45")),
    Case("a number for a name", create(7), ("7", "lower-case")),
    Case("dimension 0", create(dimension=0), ("0", "1 to 20000")),
    Case("dimension 20,001", create(dimension=20_001), ("20001", "1 to 20000")),
    Case("no dimension", create(dimension=None), ("None", "1 to 20000")),
    Case("a fraction for a dimension", create(dimension=1.5), ("1.5", "whole number")),
    Case("a bool for a dimension", create(dimension=True), ("True", "whole number")),
    Case("an unknown metric", create(metric="manhattan"), ("'manhattan'", "cosine, dotproduct, euclidean")),
    Case("an unknown vector type", create(vector_type="binary"), ("'binary'", "dense or sparse")),
    Case("an unknown kind", create(kind="tree"), ("'tree'", "auto, flat, scan")),
    Case("a parameter of another kind", create(kind="hnsw", parameters={"nlist": 8}), ("'nlist'", "ivf")),
    Case("more links than there may be", create(kind="hnsw", parameters={"m": 129}), ("129", "2 to 128")),
    Case(
        "a graph of sparse vectors",
        create(dimension=None, metric="dotproduct", vector_type="sparse", kind="hnsw"),
        ("hnsw", "dense"),
    ),
    Case("recall 0", create(recall_target=0.0), ("0.0", "up to 1")),
    Case("recall above 1", create(recall_target=1.5), ("1.5", "up to 1")),
    Case("recall NaN", create(recall_target=NAN), ("nan", "up to 1")),
    Case("a sparse index with a dimension", create(metric="dotproduct", vector_type="sparse"), ("4", "Leave it out")),
    Case("a sparse cosine index", create(dimension=None, vector_type="sparse"), ("cosine", "dotproduct")),
    Case("a schema that is no object", create(schema=["text"]), ("schema", "['text']", "JSON")),
    Case("a number in a note", create(notes={"x": NAN}), ("notes", "nan", "finite")),
    Case("bytes in a note", create(notes={"x": b"raw"}), ("notes", "raw", "JSON")),
    Case("a key that is no string in a schema", create(schema={1: {}}), ("schema", "strings as keys")),
    Case("half a character in a note", create(notes={"x": "\ud800"}), ("notes", "JSON")),
    Case("a deep deployment", create(deployment=nested(2_000)), ("deployment", "32 levels", "Flatten")),
    Case("a huge note", create(notes={"x": "y" * 300_000}), ("notes", "262144", "Say less")),
    Case("21 tags", create(tags={f"k{at}": "v" for at in range(21)}), ("21", "20", "Remove")),
    Case("a bad tag key", create(tags={"a b": "v"}), ("'a b'", "80 letters")),
    Case("a long tag value", create(tags={"a": "v" * 121}), ("'a'", "120")),
    Case("a number for a tag", create(tags={"a": 1}), ("1", "'a'")),
    Case("a bad kind later", lambda s: s.database.configure_index("dense", index={"kind": "tree"}), ("'tree'", "auto")),
    Case("bad tags later", lambda s: s.database.configure_index("dense", tags={"a b": "v"}), ("'a b'", "80 letters")),
    Case("a name that is taken", create("dense"), ("'dense'", "another name"), AlreadyExistsError),
    Case("an unknown index", lambda s: s.database.index("nope"), ("'nope'", "dense", "create_index"), NotFoundError),
    Case("an unknown one to drop", lambda s: s.database.delete_index("nope"), ("'nope'", "dense"), NotFoundError),
    Case("an unknown backup", lambda s: s.database.restore_backup("nope", "x"), ("'nope'", "list"), NotFoundError),
]


def in_batch(call: Callable[[Any], None]) -> Callable[[Store], object]:
    """`call` gets a batch in which something good is waiting."""

    def run(store: Store) -> None:
        with store.dense.batch() as batch:
            batch.upsert("", ["good"], [GOOD])
            batch.delete("", ["a"])
            call(batch)

    return run


BATCHES = [
    Case("another dimension", in_batch(lambda b: b.upsert("", ["x"], [[1.0, 2.0, 3.0]])), SIZES),
    Case("a bad id", in_batch(lambda b: b.delete("", [""])), ("empty",)),
    Case("a bad update", in_batch(lambda b: b.update("", "b", set_metadata={"$x": 1})), ("'$x'",)),
    Case("an empty filter", in_batch(lambda b: b.delete_where("", {})), ("empty",)),
    Case(
        "a merge over 40 KB at the end",
        in_batch(lambda b: b.update("", "b", set_metadata={"x": "y" * 12_000})),
        ("40960",),
    ),
    Case("an unknown namespace at the end", in_batch(lambda b: b.delete_all("nope")), ("'nope'",), NotFoundError),
]
GROUPS = {
    "vectors": (VECTORS, None),
    "ids": (IDS, None),
    "namespaces": (NAMESPACES, None),
    "metadata": (METADATA, None),
    "filters": (FILTERS, FilterError),
    "empty filters": (EMPTY_FILTERS, None),
    "queries": (QUERIES, None),
    "sparse values": (SPARSE, None),
    "definitions": (DEFINITIONS, None),
    "batches": (BATCHES, None),
}
TABLE = [
    pytest.param(case, error or case.error, id=f"{group}: {case.name}")
    for group, (cases, error) in GROUPS.items()
    for case in cases
]


@pytest.mark.parametrize(("case", "error"), TABLE)
def test_it_is_refused_with_its_error_and_the_store_is_unchanged(
    store: Store, case: Case, error: type[PinyonError]
) -> None:
    before = store.contents()
    with pytest.raises(error) as refusal:
        case.call(store)
    assert type(refusal.value) is error
    missing = [words for words in case.says if words not in str(refusal.value)]
    assert not missing, f"{refusal.value} does not say {missing}"
    assert len(str(refusal.value)) < 1_000, "a huge value is cut short in the message"
    assert store.contents() == before
    store.dense.upsert("", ["afterwards"], [GOOD])
    assert "afterwards" in store.dense.fetch("", ["afterwards"])


def test_limits_themselves_are_allowed(store: Store) -> None:
    long = "x" * 512
    store.dense.upsert(long, [long], [GOOD], metadata=[{"text": "y" * (40_960 - len('{"text":""}'))}])
    assert list(store.dense.fetch(long, [long])) == [long]
    assert len(store.dense.query("", Query(10_000, vector=GOOD)).matches) == 3
    assert store.dense.query("", Query(1, vector=GOOD, filter={"n": {"$in": [*range(10_000)]}})).matches
    assert store.dense.query("", Query(1, vector=GOOD, filter=nested(99))).matches
    store.sparse.upsert("", ["wide"], sparse=[{"indices": [*range(2_047), 2**32 - 1], "values": [1.0] * 2_048}])
    store.database.create_index(IndexSpec("a" * 45, 20_000, "cosine", tags={f"k{at}": "v" * 120 for at in range(20)}))


def test_duplicate_ids_and_nulls_are_no_errors(store: Store) -> None:
    assert store.dense.upsert("", ["d", "d"], [GOOD, GOOD], metadata=[{"x": None}, {"x": None, "y": 1}]).count == 1
    assert store.dense.fetch("", ["d"])["d"].metadata == {"y": 1}


# -- places that cannot be used ---------------------------------------------------------------------------------------


def made(path: Path) -> Path:
    """A closed data directory with one index of one record."""
    with Database(path) as database:
        database.create_index(IndexSpec("films", D, "cosine"))
        database.index("films").upsert("", ["a"], [GOOD])
    return path


def everything_in(path: Path) -> dict[str, bytes]:
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}


def truth_file(path: Path) -> Path:
    (file,) = (path / "indexes").glob("*.sqlite")
    return file


def test_a_directory_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(FormatError, match=r"thesis\.tex.*empty or a new directory"):
        Database(tmp_path)
    assert everything_in(tmp_path) == {"thesis.tex": b"precious"}


def test_a_file_in_place_of_the_directory_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("precious")
    with pytest.raises(PinyonError, match=r"data is a file"):
        Database(tmp_path / "data")
    assert (tmp_path / "data").read_text() == "precious"


def test_a_catalog_of_another_program_is_left_alone(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "catalog.sqlite")
    connection.execute("CREATE TABLE mine(x)")
    connection.commit()
    connection.close()
    before = (tmp_path / "catalog.sqlite").read_bytes()
    with pytest.raises(FormatError, match="another"):
        Database(tmp_path)
    assert (tmp_path / "catalog.sqlite").read_bytes()[100:] == before[100:]


@pytest.mark.parametrize("which", ["catalog", "truth"])
def test_a_newer_format_is_refused_and_says_how_to_upgrade(tmp_path: Path, which: str) -> None:
    path = made(tmp_path / "data")
    file = path / "catalog.sqlite" if which == "catalog" else truth_file(path)
    connection = sqlite3.connect(file)
    connection.execute("UPDATE meta SET value = 99 WHERE key = 'format'")
    connection.execute("PRAGMA user_version = 99")
    connection.commit()
    connection.close()

    def use() -> None:
        with Database(path) as database:
            database.index("films").count("")

    with pytest.raises(FormatError, match=r"format 99.*up to \d\..*pip install --upgrade") as refusal:
        use()
    assert file.name in str(refusal.value)


@pytest.mark.parametrize("size", [0, 10, 100, 5_000])
def test_a_truncated_truth_file_is_named_each_time(tmp_path: Path, size: int) -> None:
    path = made(tmp_path / "data")
    file = truth_file(path)
    file.write_bytes(file.read_bytes()[:size])

    def use() -> None:
        with Database(path) as database:
            index = database.index("films")
            assert list(index.fetch("", ["a"])) == ["a"]
            index.upsert("", ["b"], [GOOD])

    for _ in range(2):
        with pytest.raises((FormatError, CorruptionError)) as refusal:
            use()
        assert file.name in str(refusal.value)


def test_a_missing_truth_file_is_named_and_not_made_anew(tmp_path: Path) -> None:
    path = made(tmp_path / "data")
    file = truth_file(path)
    file.unlink()
    with Database(path) as database:
        with pytest.raises((StorageError, FormatError), match=file.name):
            database.index("films").count("")
        assert not file.exists(), "an empty file in its place would hide the loss"


def test_a_read_only_directory_is_named(unwritable: Path) -> None:
    with pytest.raises(ReadOnlyError, match=r"data.*permissions"):
        Database(unwritable / "data")
    assert list(unwritable.iterdir()) == []


def test_a_directory_that_is_not_there_is_not_made_for_reading(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"data.*read_only"):
        Database(tmp_path / "data", read_only=True)
    assert not (tmp_path / "data").exists()
