"""Fresh processes: what they report, and what happens when one of them, or the parent, comes to an end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("faiss", reason="most kinds are faiss's")

from pinyon.errors import InvalidRequestError
from pinyon.studies import Configuration, Data, Source, bench, load, measure
from pinyon.studies.running import Bench

SOURCE = Path(__file__).parents[2] / "src"


@pytest.fixture(scope="module")
def data() -> Data:
    return load(Source(generate=(1_500, 16), query_count=60))


def test_a_fresh_process_finds_what_this_one_finds(data: Data) -> None:
    asked = [Configuration("hnsw", {"m": 8}), Configuration("ivf", {"nlist": 30}), Configuration("scan")]
    with bench(data, repeats=2) as ready:
        rows = list(ready.rows(asked))
    for one, row in zip(asked, rows, strict=True):
        here = measure(one.kind, one.parameters, data, repeats=1)
        assert (row.recall_at_1, row.recall_at_k) == (here.recall_at_1, here.recall_at_k)
        assert row.serialised_bytes == here.serialised_bytes
        assert (row.configuration, row.error) == (one, None)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems tell resident memory through psutil")
def test_memory_is_that_of_the_index_alone() -> None:
    data = load(Source(generate=(40_000, 64), query_count=10))
    with bench(data, repeats=1, k=1) as ready:
        half, whole = ready.rows([Configuration("flat", {"rows": rows}) for rows in (20_000, 40_000)])
    for row in (half, whole):
        assert row.rss_bytes == pytest.approx(row.serialised_bytes, rel=0.2)
        assert row.peak_bytes is not None
        assert row.peak_bytes >= row.rss_bytes


def test_what_cannot_be_measured_gives_a_row_with_the_reason_and_the_others_go_on(data: Data) -> None:
    impossible = Configuration("hnsw", {"m": 400_000_000})
    asked = [Configuration("pq4", {"width": 99}), impossible, Configuration("flat")]
    with bench(data, repeats=1) as ready:
        refused, crashed, fine = ready.rows(asked)
    assert refused.error == "width is 99: 1 to 16 dimensions can share a code"
    assert crashed.error == "memory ran out (std::bad_alloc)"
    assert crashed.milliseconds == ()
    assert (fine.error, fine.recall_at_k) == (None, 1.0)


def test_a_killed_process_ends_one_row_alone(data: Data) -> None:
    asked = [Configuration("ivf", {"nlist": 8, "nprobe": nprobe}) for nprobe in (1, 2, 3, 4, 5, 6, 7, 8)]
    with bench(data, repeats=1) as ready:
        rows = ready.rows(asked)
        first = next(rows)
        (child,) = _children()
        os.kill(child, signal.SIGKILL)
        rest = list(rows)
    assert first.error is None
    assert [row.configuration for row in rest] == asked[1:]
    # Rows that the process had finished by then are as good as those of the one that came after it.
    errors = [row.error for row in rest if row.error is not None]
    assert all("SIGKILL" in error for error in errors)
    assert len(errors) <= 1


def _children() -> list[int]:
    import psutil

    return [one.pid for one in psutil.Process().children() if "pinyon.studies.child" in one.cmdline()]


def test_leaving_the_rows_ends_the_process_and_removes_the_copy(data: Data) -> None:
    with bench(data, repeats=1) as ready:
        rows = ready.rows([Configuration("ivf", {"nlist": 8, "nprobe": nprobe}) for nprobe in range(1, 9)])
        next(rows)
        assert len(_children()) == 1
        folder = ready.folder
        rows.close()  # type: ignore[attr-defined]
        assert _children() == []
    assert not folder.exists()


def test_a_process_without_its_parent_ends(tmp_path: Path) -> None:
    program = """
import sys
from pinyon.studies import Configuration, Source, bench, load
with bench(load(Source(generate=(60_000, 32), query_count=10)), repeats=1) as ready:
    for row in ready.rows([Configuration("hnsw", {"m": 64, "ef_construction": 2_000})]):
        pass
"""
    import psutil

    environment = {**os.environ, "PYTHONPATH": str(SOURCE), "TMPDIR": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", program], env=environment) as parent:
        children: list[psutil.Process] = []
        while not children:
            time.sleep(0.05)
            assert parent.poll() is None
            children = [one for one in psutil.Process(parent.pid).children() if one.status() != "zombie"]
        parent.kill()
    gone, alive = psutil.wait_procs(children, timeout=60)
    assert (len(gone), alive) == (1, [])


def test_truths_are_computed_once(data: Data, tmp_path: Path) -> None:
    told: list[str] = []

    class Listening:
        def begin(self, label: str, total: int, unit: str) -> None:
            told.append(label)

        def advance(self, done: int, note: str = "") -> None:
            """Not listened to."""

    for _ in range(2):
        with bench(data, repeats=1, cache=tmp_path, watch=Listening()) as ready:
            list(ready.rows([Configuration("flat"), Configuration("flat", {"rows": 500})]))
    assert told == ["exact answers 1/2", "exact answers 2/2", "measuring", "measuring"]
    assert len(list(tmp_path.iterdir())) == 2


def test_a_bench_refuses_what_makes_no_sense(data: Data) -> None:
    for wrong in ({"k": 0}, {"k": 1_501}, {"repeats": 0}):
        with pytest.raises(InvalidRequestError, match="top_k is"), bench(data, **wrong):  # type: ignore[arg-type]
            pass
    with bench(data) as ready, pytest.raises(InvalidRequestError, match="rows is 5"):
        list(ready.rows([Configuration("flat", {"rows": 5})]))


def test_the_truth_of_a_bench_is_that_of_its_rows(data: Data) -> None:
    with bench(data, masks={"odd": np.arange(data.n) % 2 == 1}) as ready:
        assert isinstance(ready, Bench)
        whole, odd = ready.truth({}), ready.truth({"filter": "odd"})
    assert (whole.bounds >= odd.bounds).all()
    assert (whole.bounds > odd.bounds).any()
