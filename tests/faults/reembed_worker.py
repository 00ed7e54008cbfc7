"""The processes that get killed while an index is given another model: at a given step, or at any moment."""

from __future__ import annotations

import os
import signal
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import Any

import apsw
import numpy as np

from engine.hashed_models import HashedEmbedder, HashedModels, hashed
from faults.forks import Send
from pinyon.engine import CorruptionWarning, Database, Index
from pinyon.engine.embedding import embed_spec
from pinyon.engine.records import write_records
from pinyon.engine.reembedding import reembed, reembedding
from pinyon.errors import CorruptionError, FailedPreconditionError, FormatError
from pinyon.storage.connection import Connections
from pinyon.types import IndexSpec, Models, Query

NAME = "films"
WORDS = "pine cone seed bark needle resin forest moss fern root leaf twig river stone cloud frost owl fox".split()


def text(number: int) -> str:
    return " ".join(np.random.default_rng(number).choice(WORDS, 6).tolist()) + f" n{number}"


def models() -> tuple[HashedModels, Models]:
    """Two of the same dimension, so that only the generation tells their vectors apart, and a longer one."""
    return hashed(HashedEmbedder("old", 16), HashedEmbedder("same", 16), HashedEmbedder("new", 24))


def prepare(path: Path, records: int) -> None:
    _, known = models()
    embed = embed_spec(known, {"model": "old", "field_map": {"text": "body"}})
    with Database(path) as database:
        database.create_index(IndexSpec(NAME, 16, "cosine", embed=embed))
        for namespace in ("", "other"):
            rows = [{"_id": f"r{n}", "body": text(n)} for n in range(records)]
            write_records(database.index(NAME), known, namespace, rows)


def examine(database: Database, index: Index) -> str:
    """The model of the index, once every record has exactly its vector of every text, and every byte is sound."""
    held, _ = models()
    embed = index.spec.embed
    assert embed is not None
    assert database.describe_index(NAME).embed == embed, "the catalog follows the file"
    embedder = held.installed[embed.model]
    assert index.spec.dimension == embedder.dimension
    for namespace in index.stats().namespaces:
        for record in index.iterate(namespace):
            assert record.values is not None
            body = str((record.metadata or {})["body"])
            assert np.array_equal(record.values, embedder.vector(body)), f"{record.id} is not of {embed.model}"
    assert database.verify(NAME) == []
    return embed.model


# -- at a step --------------------------------------------------------------------------------------------------------


def step_by_step(argument: dict[str, Any], send: Send) -> None:
    """Do one thing with the index and die at the step of that number; tells when the switch is known to be done.

    A step is a moment just before a write transaction begins, just before it commits, or just after.
    """
    _, known = models()
    with Database(argument["path"]) as database, _deadly(argument["step"], send):
        if argument["work"] == "reembed":
            reembed(database, known, NAME, argument["model"], sample=20)
        else:
            with reembedding(database, known, NAME) as change:
                change.rollback() if argument["work"] == "rollback" else change.forget()
        send("done")


@contextmanager
def _deadly(step: int, send: Send) -> Iterator[None]:
    left = [step]
    original = Connections.write

    def tick() -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    @contextmanager
    def write(self: Connections) -> Iterator[apsw.Connection]:
        tick()
        with original(self) as connection:
            yield connection
            tick()
        tick()

    Connections.write = write  # type: ignore[method-assign, assignment]
    yield
    Connections.write = original  # type: ignore[method-assign]
    send("steps", step - left[0])


# -- at any moment ----------------------------------------------------------------------------------------------------


def live(argument: dict[str, Any], send: Send) -> None:
    """Write texts and acknowledge them, while the index goes from model to model."""
    _, known = models()
    database = Database(argument["path"])
    index = database.index(NAME)

    def write() -> None:
        for number in range(argument["first"], argument["first"] + 100_000):
            rows = [{"_id": f"w{number}-{n}", "body": text(number + n)} for n in range(3)]
            write_records(index, known, ("", "other")[number % 2], rows)
            if number % 3 == 0:
                index.delete("", [f"w{number - 6}-0"])
            send("done", number)

    threading.Thread(target=write, daemon=True).start()
    for model in cycle(["same", "new", "old"]):
        now = index.spec.embed
        assert now is not None
        if model == now.model:
            continue
        try:
            report = reembed(database, known, NAME, model, sample=0)
        except FailedPreconditionError:  # vectors of a third model, made or kept, are in the way
            with reembedding(database, known, NAME) as change:
                change.forget()
            send("forgotten")
            continue
        send("switched", report.switched_at)
        with reembedding(database, known, NAME) as change:
            change.rollback()
            send("back")
            change.rollback()


# -- damaged files ----------------------------------------------------------------------------------------------------


def endure(argument: dict[str, Any], send: Send) -> dict[str, Any]:
    """Use an index with two generations whose file is damaged, repair it, and go back to its former model.

    Gives how many records were served before, the errors that this raised, the findings, and the records left.
    """
    held, known = models()
    embedder = held.installed["same"]
    told: dict[str, Any] = {"served": 0, "errors": []}
    warnings.simplefilter("ignore", CorruptionWarning)
    with Database(argument["path"]) as database:
        try:
            index = database.index(NAME)
            for namespace in ("", "other"):
                for number in range(argument["records"]):
                    try:
                        found = index.fetch(namespace, [f"r{number}"])
                    except CorruptionError as error:
                        told["errors"].append(str(error))
                        continue
                    for record in found.values():
                        body = str((record.metadata or {})["body"])
                        assert np.array_equal(record.values, embedder.vector(body)), "wrong data was served"
                        told["served"] += 1
                index.query(namespace, Query(10, vector=embedder.vector(text(1))))
        except (CorruptionError, FormatError) as error:
            told["errors"].append(str(error))
        told["findings"] = [f"{each.place}: {each.problem}" for each in database.verify(NAME)]
        database.repair(NAME)
    with Database(argument["path"]) as database:
        index = database.index(NAME)
        assert examine(database, index) == "same"
        told["left"] = index.stats().total
        with reembedding(database, known, NAME) as change:
            told["other"] = change.other is not None
            if change.other is not None:
                change.rollback()
        assert examine(database, index) == ("old" if told["other"] else "same")
        reembed(database, known, NAME, "new" if not told["other"] else "same", sample=0)
        examine(database, index)
    return told
