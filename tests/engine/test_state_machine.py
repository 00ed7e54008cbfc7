"""Random histories of one index, compared step by step with the model: every operation, in memory and on disk.

Three machines. The first keeps namespaces small, draws vectors of small whole numbers (whose scores float32 holds
exactly, so that ties are ties), and wants equality. The second lowers the thresholds of the background work, so that
quantised codes serve namespaces of a few hundred records, and wants exact scores, exactly min(top_k, matches) hits, and
recall. The third is the second with graphs and inverted lists, whose kind changes in the middle.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from oracle import ModelIndex, assert_best, assert_true, plain
from pinyon.engine import Database, Index, bases, maintenance, planner
from pinyon.errors import AlreadyExistsError, NotFoundError
from pinyon.types import METRICS, Floats, IndexKind, IndexSpec, Metric, Query, Record, SparseValues

NIGHTLY = os.environ.get("PINYON_NIGHTLY") == "1"
DIMENSION = 4
NAMESPACES = st.sampled_from(["", "one", "two"])
IDS = st.sampled_from(["a", "b", "B", "aa", "a/1", "~", "10", "9", "z" * 60, "x y"])
VECTORS = st.tuples(*[st.integers(-3, 3)] * DIMENSION).filter(any)
SPARSE = st.dictionaries(st.sampled_from([0, 3, 7, 4_294_967_295]), st.integers(1, 4), min_size=1, max_size=3)
METADATA = st.fixed_dictionaries(
    {},
    optional={
        "g": st.sampled_from(["x", "y", "가"]),
        "n": st.integers(0, 4),
        "f": st.booleans(),
        "t": st.lists(st.sampled_from(["p", "q"]), max_size=2),
        "null": st.none(),
    },
)
FILTERS: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {"g": "x"},
        {"g": {"$ne": "x"}},
        {"n": {"$gte": 1, "$lt": 4}},
        {"n": {"$in": [0, 2]}},
        {"t": "p"},
        {"t": {"$nin": ["p"]}},
        {"f": True},
        {"f": {"$exists": False}},
        {"$or": [{"g": "가"}, {"$and": [{"n": 3}, {"f": False}]}]},
        {"nowhere": "x"},
    ]
)


def as_sparse(weights: Mapping[int, float] | None) -> SparseValues | None:
    if weights is None:
        return None
    terms = sorted(weights)
    return SparseValues(np.array(terms, np.uint32), np.array([weights[term] for term in terms], np.float32))


@dataclass(frozen=True)
class Row:
    """What an upsert gives for one id."""

    id: str
    vector: tuple[int, ...]
    sparse: Mapping[int, int] | None
    metadata: Mapping[str, Any] | None


ROW = st.builds(Row, IDS, VECTORS, st.none() | SPARSE, st.none() | METADATA)
ROWS = st.lists(ROW, min_size=1, max_size=6)


class Machine(RuleBasedStateMachine):
    """A database with one index under test, its model, and the backups made on the way."""

    disk: ClassVar[bool] = False

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="pinyon-machine-")) if self.disk else None
        self.database = self.opened()
        self.index: Index
        self.model: ModelIndex
        self.backups: list[tuple[str, ModelIndex]] = []
        self.restored = 0

    def opened(self) -> Database:
        return Database(":memory:" if self.folder is None else self.folder / "data")

    def create(self, spec: IndexSpec) -> None:
        self.database.create_index(spec)
        self.index = self.database.index(spec.name)
        self.model = ModelIndex(spec)

    def teardown(self) -> None:
        try:
            if hasattr(self, "model"):
                self.everything_is_equal()
        finally:
            self.database.close()
            if self.folder is not None:
                shutil.rmtree(self.folder)

    def everything_is_equal(self) -> None:
        assert dict(self.index.stats().namespaces) == self.model.counts()
        for name in self.model.namespaces:
            records = list(self.index.iterate(name, page=7))
            assert [record.id for record in records] == sorted(self.model.records(name))
            assert {record.id: plain(record) for record in records} == self.model.records(name)

    def same_refusal(self, engine: Callable[[], Any], model: Callable[[], int]) -> None:
        """Both do it, with the same count, or both refuse it."""
        try:
            expected = model()
        except (NotFoundError, AlreadyExistsError) as refusal:
            with pytest.raises(type(refusal)):
                engine()
        else:
            assert engine().count == expected

    # -- what happens to a database as a whole ------------------------------------------------------------------------

    @precondition(lambda self: self.disk)
    @rule()
    def reopen(self) -> None:
        name = self.index.name
        self.database.close()
        self.database = self.opened()
        self.index = self.database.index(name)

    @precondition(lambda self: self.disk)
    @rule()
    def another_handle_sees_the_same(self) -> None:
        with self.opened() as other:
            index = other.index(self.index.name)
            assert dict(index.stats().namespaces) == self.model.counts()
            for name in self.model.namespaces:
                assert {record.id: plain(record) for record in index.iterate(name)} == self.model.records(name)

    @precondition(lambda self: hasattr(Database, "compact"))
    @rule()
    def compact(self) -> None:
        getattr(self.database, "compact")(self.index.name)  # noqa: B009

    @rule()
    def settle(self) -> None:
        assert self.index.ready(timeout=60)

    @rule(kind=st.sampled_from(["auto", "scan", "auto", "flat", "hnsw", "ivf"]))
    def choose_a_kind(self, kind: IndexKind) -> None:
        if self.index.spec.vector_type == "sparse" and kind != "flat":
            kind = "auto"
        assert self.database.configure_index(self.index.name, index={"kind": kind}).kind == kind

    @precondition(lambda self: len(self.backups) < 3)
    @rule()
    def back_up(self) -> None:
        info = self.database.create_backup(self.index.name)
        assert info.record_count == sum(self.model.counts().values())
        self.backups.append((info.id, self.model.copy()))

    @precondition(lambda self: self.backups)
    @rule(data=st.data())
    def restore(self, data: st.DataObject) -> None:
        """Go on with a restored copy, and give up the index that was there."""
        backup, model = data.draw(st.sampled_from(self.backups))
        self.restored += 1
        old = self.index.name
        self.database.restore_backup(backup, f"restored-{self.restored}")
        self.database.delete_index(old)
        self.index = self.database.index(f"restored-{self.restored}")
        self.model = model.copy()

    @rule()
    def verify(self) -> None:
        assert self.database.verify() == []


class ExactMachine(Machine):
    """Small namespaces: every answer equals the model's, down to the order of ties."""

    @property
    def dense(self) -> bool:
        return self.model.spec.vector_type == "dense"

    @initialize(
        metric=st.sampled_from(METRICS),
        kind=st.sampled_from(["auto", "scan"]),
        rows=st.lists(ROW, min_size=6, max_size=12),
    )
    def begin(self, metric: Metric, kind: IndexKind, rows: list[Row]) -> None:
        self.steps = 0
        self.create(IndexSpec("machine", DIMENSION, metric, kind=kind))
        for namespace in ("", "one", "two"):
            self.upsert(namespace, rows)

    def upsert_both(self, target: Any, namespace: str, rows: list[Row]) -> tuple[Any, int]:
        """Into the index or a batch, and into the model; gives what each of them says."""
        ids = [row.id for row in rows]
        vectors = [row.vector for row in rows] if self.dense else None
        sparse = [row.sparse if self.dense else row.sparse or {0: 1} for row in rows]
        metadata = [row.metadata for row in rows]
        result = target.upsert(namespace, ids, vectors, sparse=[*map(as_sparse, sparse)], metadata=metadata)
        return result, self.model.upsert(namespace, ids, vectors, sparse=sparse, metadata=metadata)

    # -- writing ------------------------------------------------------------------------------------------------------

    @rule(namespace=NAMESPACES, rows=ROWS)
    def upsert(self, namespace: str, rows: list[Row]) -> None:
        result, count = self.upsert_both(self.index, namespace, rows)
        assert result.count == count

    @rule(
        namespace=NAMESPACES,
        id_=IDS,
        values=st.none() | VECTORS,
        sparse=st.none() | SPARSE,
        metadata=METADATA,
    )
    def update(
        self,
        namespace: str,
        id_: str,
        values: tuple[int, ...] | None,
        sparse: Mapping[int, int] | None,
        metadata: Mapping[str, Any],
    ) -> None:
        values = values if self.dense else None
        result = self.index.update(namespace, id_, values=values, sparse=as_sparse(sparse), set_metadata=metadata)
        assert result.count == self.model.update(namespace, id_, values=values, sparse=sparse, set_metadata=metadata)

    @rule(namespace=NAMESPACES, filter=FILTERS, metadata=METADATA.filter(bool), dry_run=st.booleans())
    def update_where(
        self, namespace: str, filter: Mapping[str, Any], metadata: Mapping[str, Any], dry_run: bool
    ) -> None:
        expected = len(self.model.matching(namespace, filter))
        assert self.index.update_where(namespace, filter, metadata, dry_run=dry_run).count == expected
        if not dry_run:
            self.model.update_where(namespace, filter, metadata)

    @rule(namespace=NAMESPACES, ids=st.lists(IDS, max_size=4))
    def delete(self, namespace: str, ids: list[str]) -> None:
        assert self.index.delete(namespace, ids).count == self.model.delete(namespace, ids)

    @rule(namespace=NAMESPACES, filter=FILTERS)
    def delete_where(self, namespace: str, filter: Mapping[str, Any]) -> None:
        assert self.index.delete_where(namespace, filter).count == self.model.delete_where(namespace, filter)

    @rule(namespace=NAMESPACES, whole=st.booleans(), rows=st.none() | ROWS)
    def empty_a_namespace(self, namespace: str, whole: bool, rows: list[Row] | None) -> None:
        """And, as a rule, fill it again: searching nothing finds no mistakes."""
        if whole:
            self.same_refusal(
                lambda: self.index.delete_namespace(namespace), lambda: self.model.delete_namespace(namespace)
            )
        else:
            self.same_refusal(lambda: self.index.delete_all(namespace), lambda: self.model.delete_all(namespace))
        if rows is not None:
            self.upsert(namespace, rows)

    @rule(namespace=NAMESPACES)
    def create_namespace(self, namespace: str) -> None:
        if namespace in self.model.namespaces:
            with pytest.raises(AlreadyExistsError):
                self.index.create_namespace(namespace)
        else:
            self.index.create_namespace(namespace)
            self.model.create_namespace(namespace)

    @rule(data=st.data(), fails=st.booleans())
    def batch(self, data: st.DataObject, fails: bool) -> None:
        """A few operations as one transaction, or none of them when the block fails."""
        before = self.model.copy()
        try:
            with self.index.batch() as batch:
                for _ in range(data.draw(st.integers(1, 4))):
                    self.one_of_a_batch(batch, data)
                if fails:
                    raise Stopped
        except Stopped:
            self.model = before

    def one_of_a_batch(self, batch: Any, data: st.DataObject) -> None:
        namespace = data.draw(NAMESPACES)
        what = data.draw(st.sampled_from(["upsert", "update", "update_where", "delete", "delete_where", "delete_all"]))
        if what == "upsert":
            self.upsert_both(batch, namespace, data.draw(ROWS))
        elif what == "update":
            id_, metadata = data.draw(IDS), data.draw(METADATA)
            values = data.draw(st.none() | VECTORS) if self.dense else None
            batch.update(namespace, id_, values=values, set_metadata=metadata)
            self.model.update(namespace, id_, values=values, set_metadata=metadata)
        elif what == "update_where":
            filter, metadata = data.draw(FILTERS), data.draw(METADATA.filter(bool))
            batch.update_where(namespace, filter, metadata)
            self.model.update_where(namespace, filter, metadata)
        elif what == "delete":
            ids = data.draw(st.lists(IDS, max_size=4))
            batch.delete(namespace, ids)
            self.model.delete(namespace, ids)
        elif what == "delete_where":
            filter = data.draw(FILTERS)
            batch.delete_where(namespace, filter)
            self.model.delete_where(namespace, filter)
        elif namespace in self.model.namespaces and self.model.records(namespace):
            batch.delete_all(namespace)
            self.model.delete_all(namespace)

    # -- reading ------------------------------------------------------------------------------------------------------

    @rule(
        namespace=NAMESPACES,
        vector=VECTORS,
        sparse=st.none() | SPARSE,
        filter=st.none() | FILTERS,
        top_k=st.integers(1, 12),
        exact=st.booleans(),
    )
    def query(
        self,
        namespace: str,
        vector: tuple[int, ...],
        sparse: Mapping[int, int] | None,
        filter: Mapping[str, Any] | None,
        top_k: int,
        exact: bool,
    ) -> None:
        given = vector if self.dense else None
        if not self.dense:
            sparse = sparse or {0: 1}
        elif self.model.spec.metric != "dotproduct":
            sparse = None
        query = Query(top_k, given, as_sparse(sparse), filter=filter, exact=exact, include_values=True)
        ranking = self.model.ranking(namespace, vector=given, sparse=sparse, filter=filter)
        self.compare(namespace, query, ranking)

    @rule(namespace=NAMESPACES, id_=IDS, filter=st.none() | FILTERS, top_k=st.integers(1, 12))
    def query_by_id(self, namespace: str, id_: str, filter: Mapping[str, Any] | None, top_k: int) -> None:
        ranking = self.model.ranking(namespace, id=id_, filter=filter)
        self.compare(namespace, Query(top_k, id=id_, filter=filter, include_metadata=True), ranking)

    def compare(self, namespace: str, query: Query, ranking: list[tuple[str, float]]) -> None:
        found = self.index.query(namespace, query).matches
        records = self.model.records(namespace)
        metric = self.model.spec.metric
        assert_best(found, ranking, query.top_k, records, ascending=metric == "euclidean")
        if metric != "cosine":
            assert [match.id for match in found] == [id_ for id_, _ in ranking[: query.top_k]]
        for match in found:
            if query.include_values:
                stored = records[match.id]
                record = Record(match.id, match.values, match.sparse_values)
                assert (plain(record).values, plain(record).sparse) == (stored.values, stored.sparse)
            if query.include_metadata:
                assert (match.metadata or {}) == records[match.id].metadata

    @rule(namespace=NAMESPACES, ids=st.lists(IDS, max_size=5))
    def fetch(self, namespace: str, ids: list[str]) -> None:
        records = self.model.records(namespace)
        found = {id_: plain(record) for id_, record in self.index.fetch(namespace, ids).items()}
        assert found == {id_: records[id_] for id_ in ids if id_ in records}

    @rule(namespace=NAMESPACES, filter=FILTERS, limit=st.integers(1, 5))
    def fetch_where(self, namespace: str, filter: Mapping[str, Any], limit: int) -> None:
        expected = self.model.matching(namespace, filter)
        page, after = self.index.fetch_where(namespace, filter, limit=limit)
        assert list(page) == expected[:limit]
        assert after == (expected[limit - 1] if len(expected) > limit else None)

    @rule(namespace=NAMESPACES, prefix=st.sampled_from(["", "a", "z"]), limit=st.integers(1, 5))
    def list_ids(self, namespace: str, prefix: str, limit: int) -> None:
        expected = sorted(id_ for id_ in self.model.records(namespace) if id_.startswith(prefix))
        page, after = self.index.list_ids(namespace, prefix=prefix, limit=limit)
        assert page == expected[:limit]
        assert after == (expected[limit - 1] if len(expected) > limit else None)

    @rule(namespace=NAMESPACES, filter=st.none() | FILTERS)
    def iterate(self, namespace: str, filter: Mapping[str, Any] | None) -> None:
        found = [record.id for record in self.index.iterate(namespace, filter=filter, page=3)]
        assert found == self.model.matching(namespace, filter)

    @invariant()
    def the_counts_are_equal(self) -> None:
        if hasattr(self, "model"):
            assert dict(self.index.stats().namespaces) == self.model.counts()

    @invariant()
    def every_search_is_equal(self) -> None:
        """One search after each step: the namespaces by turns, and in them without a filter and with one."""
        if not hasattr(self, "model"):
            return
        self.steps += 1
        filter = (None, {"n": {"$gte": 1}}, {"g": {"$in": ["x", "y"]}}, {"f": {"$exists": False}})[self.steps % 4]
        namespace = ("", "one", "two")[self.steps % 3]
        self.query(namespace, (1, -2, 3, 1), {0: 2, 7: 1}, filter, 1 + self.steps % 9, False)


class Stopped(Exception):
    """A batch block fails."""


class SparseMachine(ExactMachine):
    """The same for an index without dense vectors."""

    def create(self, spec: IndexSpec) -> None:
        super().create(IndexSpec(spec.name, None, "dotproduct", "sparse"))


@dataclass
class Recall:
    """Over a whole run: how many of the best were found, and how many searches the codes answered, by kind of plan."""

    found: int = 0
    wanted: int = 0
    by_codes: int = 0
    kinds: Counter[str] = field(default_factory=Counter)


class CodesMachine(Machine):
    """Namespaces of hundreds of records, served by codes: right scores, full pages, and recall over the whole run."""

    width: ClassVar[int] = 16
    recall: ClassVar[Recall]

    @initialize(metric=st.sampled_from(METRICS), kind=st.sampled_from(["auto", "scan"]), seed=st.integers(0, 1000))
    def begin(self, metric: Metric, kind: IndexKind, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.create(IndexSpec("machine", self.width, metric, kind=kind, recall_target=0.95))
        self.upsert("", 0, 900)
        self.settle()

    def drawn(self, count: int) -> Floats:
        """(count, width) vectors."""
        return self.rng.normal(size=(count, self.width)).astype(np.float32)

    @rule(namespace=st.sampled_from(["", "", "one"]), first=st.integers(0, 900), count=st.integers(1, 300))
    def upsert(self, namespace: str, first: int, count: int) -> None:
        """New records and replaced ones, in one call."""
        ids = [f"r{number}" for number in range(first, first + count)]
        vectors = self.drawn(count)
        metadata = [
            {"n": number % 100, "g": "even" if number % 2 == 0 else "odd"} for number in range(first, first + count)
        ]
        self.index.upsert(namespace, ids, vectors, metadata=metadata)
        self.model.upsert(namespace, ids, vectors.tolist(), metadata=metadata)

    @rule(first=st.integers(0, 900), count=st.integers(1, 200))
    def delete(self, first: int, count: int) -> None:
        ids = [f"r{number}" for number in range(first, first + count)]
        assert self.index.delete("", ids).count == self.model.delete("", ids)

    @rule(low=st.integers(0, 99))
    def delete_where(self, low: int) -> None:
        filter: dict[str, Any] = {"n": {"$gte": low, "$lt": low + 5}}
        assert self.index.delete_where("", filter).count == self.model.delete_where("", filter)

    @rule(low=st.integers(0, 99))
    def update_where(self, low: int) -> None:
        filter: dict[str, Any] = {"n": {"$gte": low, "$lt": low + 10}}
        result = self.index.update_where("", filter, {"g": "changed"})
        assert result.count == self.model.update_where("", filter, {"g": "changed"})

    @rule(number=st.integers(0, 900))
    def update(self, number: int) -> None:
        values = self.drawn(1)[0]
        result = self.index.update("", f"r{number}", values=values)
        assert result.count == self.model.update("", f"r{number}", values=values.tolist())

    @rule(kind=st.sampled_from(["auto", "scan"]))
    def choose_a_kind_with_codes(self, kind: IndexKind) -> None:
        self.choose_a_kind(kind)
        self.settle()

    @rule(top_k=st.sampled_from([1, 5, 10, 50]))
    def query(self, top_k: int) -> None:
        for filter in (None, {"g": "even"}, {"n": {"$lt": 50}}, {"n": {"$ne": 3}}, {"n": 7}, {"g": "changed"}):
            for exact in (False, True):
                self.one_query(filter, top_k, exact)

    def one_query(self, filter: Mapping[str, Any] | None, top_k: int, exact: bool) -> None:
        vector = self.drawn(1)[0]
        result = self.index.query("", Query(top_k, vector, filter=filter, exact=exact, explain=True))
        ranking = self.model.ranking("", vector=vector.tolist(), filter=filter)
        ascending = self.model.spec.metric == "euclidean"
        assert result.plan is not None
        assert result.plan.exact or not exact
        if result.plan.exact:
            assert_best(result.matches, ranking, top_k, self.model.records(""), ascending=ascending)
        if not exact:
            self.recall.found += assert_true(result.matches, ranking, top_k, ascending=ascending)
            self.recall.wanted += len(result.matches)
            self.recall.by_codes += not result.plan.exact
            self.recall.kinds[result.plan.kind] += not result.plan.exact


class KindsMachine(CodesMachine):
    """The same, served by a graph or by inverted lists, or on the way from one to the other. Vectors are clustered."""

    def drawn(self, count: int) -> Floats:
        centres = np.random.default_rng(0).normal(size=(20, self.width))
        drawn = centres[self.rng.integers(20, size=count)] + 0.4 * self.rng.normal(size=(count, self.width))
        return drawn.astype(np.float32)

    @initialize(metric=st.sampled_from(METRICS), kind=st.sampled_from(["hnsw", "ivf"]), seed=st.integers(0, 1000))
    def begin(self, metric: Metric, kind: IndexKind, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.create(IndexSpec("machine", self.width, metric, kind=kind, recall_target=0.95))
        self.upsert("", 0, 1_200)
        self.settle()

    @rule(
        settings=st.sampled_from(
            [
                {"kind": "ivf"},
                {"kind": "ivf", "nlist": 12, "codes": "float32"},
                {"kind": "hnsw", "m": 12, "ef_construction": 40},
                {"kind": "hnsw", "m": 24, "ef_search": 200},
                {"kind": "scan"},
            ]
        ),
        at_once=st.booleans(),
    )
    def choose_settings(self, settings: dict[str, Any], at_once: bool) -> None:
        """And search at once, or when the base is built."""
        self.database.configure_index(self.index.name, index=settings)
        if not at_once:
            self.settle()
        self.query(5)

    @rule(top_k=st.sampled_from([1, 5, 10, 50]))
    def query(self, top_k: int) -> None:
        for filter in (None, None, None, {"g": "even"}, {"n": {"$lt": 50}}):
            self.one_query(filter, top_k, False)

    @rule()
    def settle_and_query(self) -> None:
        self.settle()
        self.query(10)


MEMORY_AND_DISK = pytest.mark.parametrize(
    "disk", [pytest.param(False, marks=pytest.mark.nightly), True], ids=["memory", "disk"]
)
"""For machines that take long: on disk there is all that there is in memory, and more."""


def run(machine: type[Machine], *, disk: bool, examples: int, steps: int = 50) -> None:
    chosen = type(f"{machine.__name__}OnDisk", (machine,), {"disk": True}) if disk else machine
    run_state_machine_as_test(
        chosen,
        settings=settings(
            max_examples=50 * examples if NIGHTLY else examples, stateful_step_count=2 * steps if NIGHTLY else steps
        ),
    )


@pytest.mark.timeout(0)
@MEMORY_AND_DISK
def test_every_history_of_a_small_index_is_that_of_the_model(disk: bool) -> None:
    run(ExactMachine, disk=disk, examples=60)


@pytest.mark.timeout(0)
@MEMORY_AND_DISK
def test_every_history_of_a_sparse_index_is_that_of_the_model(disk: bool) -> None:
    run(SparseMachine, disk=disk, examples=25)


@pytest.mark.timeout(0)
@MEMORY_AND_DISK
def test_every_history_served_by_codes_has_true_scores_full_pages_and_recall(
    disk: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bases, "SCAN_ROWS", 256)
    monkeypatch.setattr(maintenance, "STEP_ROWS", 128)
    monkeypatch.setattr(maintenance, "IDLE_ROWS", 16)
    monkeypatch.setattr(planner, "GATHER_ROWS", 32)
    recall = Recall()
    monkeypatch.setattr(CodesMachine, "recall", recall, raising=False)
    run(CodesMachine, disk=disk, examples=15, steps=30)
    assert recall.by_codes > 20, recall
    assert recall.found >= 0.95 * recall.wanted, recall


@pytest.mark.timeout(0)
@MEMORY_AND_DISK
def test_every_history_of_changing_kinds_has_true_scores_full_pages_and_recall(
    disk: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bases, "SCAN_ROWS", 256)
    monkeypatch.setattr(bases, "GRAPH_LAG", 128)
    monkeypatch.setattr(maintenance, "STEP_ROWS", 128)
    monkeypatch.setattr(maintenance, "IDLE_ROWS", 16)
    monkeypatch.setattr(planner, "GRAPH_LAG", 128)
    monkeypatch.setattr(planner, "GATHER_ROWS", 32)
    monkeypatch.setattr(planner, "EXACT_SHARE", 0.9)
    recall = Recall()
    monkeypatch.setattr(KindsMachine, "recall", recall, raising=False)
    run(KindsMachine, disk=disk, examples=11, steps=24)
    assert min(recall.kinds[kind] for kind in ("hnsw", "ivf", "scan")) > 10, recall
    assert recall.found >= 0.95 * recall.wanted, recall
