"""A saved graph is loaded after the rows: searches begin with the codes, and nothing is lost meanwhile."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("faiss", reason="graphs need faiss")

from pinyon.engine import Database, Index
from pinyon.types import IndexSpec, Query

ROWS, D = 6_000, 32
SPEC = IndexSpec("films", D, "cosine", kind="hnsw", parameters={"m": 8, "ef_construction": 40})


def rows(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, D), dtype=np.float32)


def kind(index: Index) -> str:
    plan = index.query("", Query(10, vector=rows(1, 9)[0], explain=True)).plan
    assert plan is not None
    return plan.kind


def packs(data: Path) -> dict[str, int]:
    """Cache files of snapshots, and when each was written."""
    return {path.name: path.stat().st_mtime_ns for path in data.glob("cache/*/*") if "snapshot" in path.name}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    with Database(tmp_path / "data") as database:
        database.create_index(SPEC)
        index = database.index("films")
        index.upsert("", [str(row) for row in range(ROWS)], rows(ROWS))
        assert index.ready(timeout=120)
        assert kind(index) == "hnsw"
    return tmp_path / "data"


def test_the_first_answer_comes_from_the_codes_and_later_ones_from_the_saved_graph(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pinyon.engine import bases

    def refused(*_: object) -> None:
        raise AssertionError("the graph need not be built again")

    monkeypatch.setattr(bases, "_begun", refused)
    before = packs(data)
    with Database(data) as database:
        index = database.index("films")
        assert kind(index) == "scan"
        assert index.ready(timeout=120)
        assert kind(index) == "hnsw"
    assert packs(data) == before


def test_who_closes_before_the_graph_is_loaded_does_not_lose_it(data: Path) -> None:
    before = packs(data)
    with Database(data) as database:
        assert database.index("films").query("", Query(1, vector=rows(1)[0])).matches[0].id == "0"
    assert packs(data) == before


def test_rows_that_come_before_the_graph_is_loaded_are_saved_together_with_it(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pinyon.engine import bases
    from pinyon.engine.maintenance import Maintenance

    with monkeypatch.context() as patch:
        patch.setattr(Maintenance, "wake", lambda *_: None)  # nothing is done in the background
        with Database(data) as database:
            index = database.index("films")
            index.query("", Query(1, vector=rows(1)[0]))
            index.upsert("", [f"new {row}" for row in range(500)], rows(500, 1))
            index.query("", Query(1, vector=rows(1)[0]))
    monkeypatch.setattr(bases, "REBUILD_SHARE", 1.0)
    with Database(data) as database:
        index = database.index("films")
        assert index.ready(timeout=120)
        state = index.memory.loaded_states()[0]
        assert state.snapshot.n == ROWS + 500
        assert kind(index) == "hnsw"
        found = index.query("", Query(1, vector=rows(500, 1)[7])).matches[0]
        assert found.id == "new 7"


def test_a_damaged_graph_is_built_anew_and_answers_stay_right(data: Path) -> None:
    (pack,) = [path for path in data.glob("cache/*/*") if "snapshot" in path.name]
    content = bytearray(pack.read_bytes())
    with Database(data) as database:
        index = database.index("films")
        truth = index.query("", Query(10, vector=rows(1, 9)[0], exact=True)).matches
        assert index.ready(timeout=120)
    for at in range(len(content) - 4_096, len(content) - 4_000):
        content[at] ^= 0xFF
    pack.write_bytes(content)
    with Database(data) as database:
        index = database.index("films")
        index.query("", Query(10, vector=rows(1, 9)[0]))
        assert index.ready(timeout=120)
        assert kind(index) == "hnsw"
        found = index.query("", Query(10, vector=rows(1, 9)[0])).matches
        assert len({one.id for one in found} & {one.id for one in truth}) >= 9
