"""Any order of writes, re-embeddings, switches, ways back and reopenings, against a dictionary."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from engine.hashed_models import HashedEmbedder, hashed
from pinyon.engine import Database, Index
from pinyon.engine.embedding import embed_spec
from pinyon.engine.records import find_records, write_records
from pinyon.engine.reembedding import reembedding
from pinyon.types import IndexSpec, RecordQuery

NAMESPACES = st.sampled_from(["", "other"])
IDS = st.sampled_from([f"id{n}" for n in range(8)])
BODIES = st.sampled_from(["pine cone", "seed and bark", "resin", "moss fern root", "river stone", "cloud"])
OTHER = {"old": ("same", "new"), "same": ("new", "old"), "new": ("old", "same")}


@dataclass(frozen=True)
class Held:
    """A record: its text, and the texts of which its vectors in use and beside it were made; None: it has none."""

    body: str
    own: str
    other: str | None = None


class Reembedding(RuleBasedStateMachine):
    """Two handles on one directory: writes go through either, and each must be right at its next call."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.models, self.known = hashed(
            HashedEmbedder("old", 16), HashedEmbedder("same", 16), HashedEmbedder("new", 24)
        )
        self.state: dict[tuple[str, str], Held] = {}
        self.model, self.beside, self.status = "old", "", ""
        self.databases = [Database(self.folder / "data"), Database(self.folder / "data")]

    @initialize()
    def begin(self) -> None:
        embed = embed_spec(self.known, {"model": "old", "field_map": {"text": "body"}})
        self.databases[0].create_index(IndexSpec("films", 16, "cosine", embed=embed))
        self.handles = [database.index("films") for database in self.databases]

    def teardown(self) -> None:
        for database in self.databases:
            database.close()
        shutil.rmtree(self.folder)

    # -- writes -------------------------------------------------------------------------------------------------------

    @rule(which=st.integers(0, 1), namespace=NAMESPACES, ids=st.lists(IDS, min_size=1, unique=True), body=BODIES)
    def write(self, which: int, namespace: str, ids: list[str], body: str) -> None:
        write_records(self.handles[which], self.known, namespace, [{"_id": id_, "body": body} for id_ in ids])
        self.state |= {(namespace, id_): Held(body, body) for id_ in ids}

    @rule(which=st.integers(0, 1), namespace=NAMESPACES, id_=IDS, body=BODIES, number=st.integers(0, 9))
    def change(self, which: int, namespace: str, id_: str, body: str, number: int) -> None:
        """As every change of metadata, it leaves the vector in use as it is."""
        self.handles[which].update(namespace, id_, set_metadata={"body": body, "n": number})
        held = self.state.get((namespace, id_))
        if held is not None:
            other = held.other if held.body == body else None
            self.state[namespace, id_] = replace(held, body=body, other=other)

    @rule(which=st.integers(0, 1), namespace=NAMESPACES, ids=st.lists(IDS, min_size=1))
    def delete(self, which: int, namespace: str, ids: list[str]) -> None:
        self.handles[which].delete(namespace, ids)
        for id_ in ids:
            self.state.pop((namespace, id_), None)

    @rule(which=st.integers(0, 1))
    def delete_other(self, which: int) -> None:
        if any(namespace for namespace, _ in self.state):
            self.handles[which].delete_namespace("other")
        self.state = {key: held for key, held in self.state.items() if not key[0]}

    # -- models -------------------------------------------------------------------------------------------------------

    @precondition(lambda self: not self.status or self.status == "building")
    @rule(which=st.integers(0, 1), choice=st.integers(0, 1), batches=st.integers(0, 4))
    def build(self, which: int, choice: int, batches: int) -> None:
        model = self.beside or OTHER[self.model][choice]
        left = iter(range(batches))
        with reembedding(self.databases[which], self.known, "films") as change:
            plan = change.plan(model)
            assert plan.left == sum(held.other is None for held in self.state.values())
            done = change.build(plan, stop=lambda: next(left, None) is None, batch=3)
            missing = plan.left - 3 * batches
            assert done == (missing <= 0)
        self.beside, self.status = model, "building"
        order = self._in_order()
        for key in order[: 3 * batches]:
            self.state[key] = replace(self.state[key], other=self.state[key].body)

    def _in_order(self) -> list[tuple[str, str]]:
        """Records without a vector beside, as they are made."""
        index = self.databases[0].index("films")
        with index.truth.read() as view:
            rows = view.connection.execute(
                "SELECT n.name, r.id FROM record r JOIN namespace n ON n.ns_id = r.ns_id ORDER BY r.ord"
            ).fetchall()
        keys = [(str(name), str(id_)) for name, id_ in rows]
        return [key for key in keys if self.state[key].other is None]

    @precondition(lambda self: self.status)
    @rule(which=st.integers(0, 1))
    def switch(self, which: int) -> None:
        with reembedding(self.databases[which], self.known, "films") as change:
            change.rollback() if self.status == "kept" else change.switch()
        self.state = {key: Held(held.body, held.other or held.body, held.own) for key, held in self.state.items()}
        self.model, self.beside, self.status = self.beside, self.model, "kept"

    @precondition(lambda self: self.status)
    @rule(which=st.integers(0, 1))
    def forget(self, which: int) -> None:
        with reembedding(self.databases[which], self.known, "films") as change:
            assert change.forget().embed.model == self.beside
        self.state = {key: replace(held, other=None) for key, held in self.state.items()}
        self.beside = self.status = ""

    # -- upkeep -------------------------------------------------------------------------------------------------------

    @rule(which=st.integers(0, 1))
    def reopen(self, which: int) -> None:
        self.databases[which].close()
        self.databases[which] = Database(self.folder / "data")
        self.handles[which] = self.databases[which].index("films")

    @rule(which=st.integers(0, 1))
    def compact(self, which: int) -> None:
        self.databases[which].compact("films")

    @rule()
    def restore(self) -> None:
        """A copy with both generations, which can take the way that the original can."""
        info = self.databases[0].create_backup("films")
        self.databases[0].restore_backup(info.id, "copy")
        self._compare(self.databases[0].index("copy"))
        self.databases[0].delete_index("copy")
        self.databases[0].delete_backup(info.id)

    # -- what holds ---------------------------------------------------------------------------------------------------

    @invariant()
    def both_handles_tell_the_same(self) -> None:
        for handle in getattr(self, "handles", ()):
            self._compare(handle)

    def _compare(self, index: Index) -> None:
        embedder = self.models.installed[self.model]
        found: dict[tuple[str, str], Any] = {}
        counts = index.stats()
        assert counts.dimension == embedder.dimension
        for namespace in counts.namespaces:
            for record in index.iterate(namespace):
                found[namespace, record.id] = record
        assert found.keys() == self.state.keys()
        for (namespace, id_), held in self.state.items():
            record = found[namespace, id_]
            assert record.metadata["body"] == held.body
            assert np.array_equal(record.values, embedder.vector(held.own)), (id_, self.model)
        for namespace in {name for name, _ in self.state}:
            matches = find_records(index, self.known, namespace, RecordQuery(8, text="resin and bark")).matches
            query = embedder.vector("resin and bark").astype(np.float64)
            mine = {id_: held for (name, id_), held in self.state.items() if name == namespace}
            scores = {id_: float(embedder.vector(held.own).astype(np.float64) @ query) for id_, held in mine.items()}
            assert {match.id for match in matches} == scores.keys()
            assert all(abs(match.score - scores[match.id]) < 1e-5 for match in matches)
        assert index.spec.embed is not None
        assert index.spec.embed.model == self.model

    @invariant()
    def every_byte_is_sound(self) -> None:
        if hasattr(self, "handles"):
            assert self.databases[0].verify("films") == []
            assert self.databases[0].describe_index("films").embed == self.databases[0].index("films").spec.embed


Reembedding.TestCase.settings = settings(
    max_examples=max(8, settings.default.max_examples // 20), stateful_step_count=20, deadline=None
)
TestReembedding = Reembedding.TestCase
