"""kill -9 while an index is given another model: it opens with one of the two models, whole, and nothing is lost."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from faults.forks import ForkServer
from faults.reembed_worker import NAME, examine, models, prepare
from pinyon.engine import Database
from pinyon.engine.reembedding import reembed, reembedding

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL")

NIGHTLY = os.environ.get("PINYON_NIGHTLY") == "1"
KILLS = 2_000 if NIGHTLY else 12
RECORDS = 300
"""In each of two namespaces: three batches and a part."""


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    with ForkServer("faults.reembed_worker") as server:
        yield server


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index with the model ``old``, and the same after it was given ``same``."""
    folder = tmp_path_factory.mktemp("prepared")
    prepare(folder / "old", RECORDS)
    shutil.copytree(folder / "old", folder / "same")
    with Database(folder / "same") as database:
        reembed(database, models()[1], NAME, "same", sample=0)
    return folder


@pytest.mark.timeout(1_200)
@pytest.mark.parametrize(
    ("work", "before", "after"),
    [("reembed", "old", "new"), ("reembed", "old", "same"), ("rollback", "same", "old"), ("forget", "same", "same")],
)
def test_killed_at_every_step_it_opens_with_one_model_and_can_go_on(
    server: ForkServer,
    prepared: Path,
    tmp_path: Path,
    work: str,
    before: str,
    after: str,
    record_property: Callable[[str, object], None],
) -> None:
    seen: Counter[str] = Counter()
    step = 0
    while True:
        step += 1
        path = tmp_path / str(step)
        shutil.copytree(prepared / before, path)
        child = server.start(
            "faults.reembed_worker:step_by_step", {"path": str(path), "work": work, "model": after, "step": step}
        )
        lines = [words[0] for words in child.lines()]
        if child.wait() == 0:
            break
        with Database(path) as database:
            model = examine(database, database.index(NAME))
            assert model in (before, after)
            seen[model] += 1
            go_on(database, work, after)
            assert examine(database, database.index(NAME)) == after
        assert "error" not in lines
        shutil.rmtree(path)
    record_property("record", f"{work} {before} -> {after}: killed at {sum(seen.values())} steps, then {dict(seen)}")
    assert seen[after] >= 1, "some kill came after the switch"
    assert work == "forget" or seen[before] >= 2


def go_on(database: Database, work: str, after: str) -> None:
    """What a user would do next."""
    _, known = models()
    embed = database.index(NAME).spec.embed
    assert embed is not None
    with reembedding(database, known, NAME) as change:
        if work == "forget":
            if change.other is not None:
                change.forget()
            return
        if embed.model == after:
            return
        if work == "rollback":
            change.rollback()
            return
    reembed(database, known, NAME, after, sample=0)


@pytest.mark.timeout(7_200 if NIGHTLY else 600)
def test_killed_at_any_moment_nothing_acknowledged_is_lost_and_no_models_are_mixed(
    server: ForkServer, prepared: Path, tmp_path: Path, seed: int, record_property: Callable[[str, object], None]
) -> None:
    path, rng = tmp_path / "data", np.random.default_rng([seed, 7])
    shutil.copytree(prepared / "old", path)
    acknowledged: set[int] = set()
    first, counts = 0, Counter[str]()
    while counts["kills"] < KILLS:
        child = server.start("faults.reembed_worker:live", {"path": str(path), "first": first})
        deadline = float(rng.uniform(0.05, 0.8))
        begun = time.monotonic()
        lines = []
        for words in child.lines(timeout=deadline):
            lines.append(words)
            if time.monotonic() - begun > deadline:
                break
        child.kill()
        lines += child.lines()
        assert child.wait() == -9, lines[-1]
        counts["kills"] += 1
        for words in lines:
            counts[words[0]] += 1
            if words[0] == "done":
                acknowledged.add(int(words[1]))
        first = 1_000_000 * (counts["kills"] + 1)
        with Database(path) as database:
            index = database.index(NAME)
            counts[f"opened as {examine(database, index)}"] += 1
            there = {namespace: set(ids(index, namespace)) for namespace in ("", "other")}
            for number in acknowledged:
                for n in range(1 if number % 2 == 0 else 0, 3):
                    assert f"w{number}-{n}" in there[("", "other")[number % 2]], number
            if len(there[""]) > 1_500:
                index.delete("", [id_ for id_ in there[""] if id_.startswith("w")])
                index.delete("other", [id_ for id_ in there["other"] if id_.startswith("w")])
                acknowledged.clear()
    record_property("record", f"re-embedding: {dict(counts)}")
    assert counts["done"] > counts["kills"]
    assert counts["switched"] >= KILLS // 10, "switches happen"


def ids(index: object, namespace: str) -> Iterator[str]:
    for record in index.iterate(namespace, include_values=False):  # type: ignore[attr-defined]
        yield record.id
