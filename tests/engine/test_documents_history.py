"""Whatever happened to an index of documents, searches by words find what lists of words say, with the same scores."""

from __future__ import annotations

import threading
import tracemalloc
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pinyon.engine import Database
from pinyon.engine.documents import Documents
from pinyon.engine.embedding import NoModels
from pinyon.engine.schema import documents_spec
from pinyon.engine.slots import slots
from pinyon.filters import matches, parse
from pinyon.index.analysis import Analyser, TextSettings
from pinyon.index.text import Phrase, Word
from pinyon.limits import DEFAULT
from pinyon.types import IndexSpec, TextClause
from words import naive_scores

FIELDS = {
    "v": {"type": "dense_vector", "dimension": 2, "metric": "cosine"},
    "t": {"type": "string", "full_text_search": {}},
    "b": {"type": "string", "full_text_search": {"stemming": True, "stop_words": True}},
}
SPEC = documents_spec(IndexSpec("docs", None, "cosine"), FIELDS, NoModels(), DEFAULT)
ANALYSERS = {"t": Analyser(TextSettings()), "b": Analyser(TextSettings("en", True, True))}
WORDS = ["red", "blue", "fish", "fishes", "the", "bird", "flying"]
TEXT = st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join)
IDS = st.sampled_from("abcdefgh")
DOCUMENT = st.fixed_dictionaries({}, optional={"t": TEXT, "b": TEXT, "x": st.integers(0, 2)})
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("upsert"), st.dictionaries(IDS, DOCUMENT, min_size=1, max_size=4)),
        st.tuples(st.just("update"), st.dictionaries(IDS, DOCUMENT, min_size=1, max_size=3)),
        st.tuples(st.just("remove"), st.tuples(IDS, st.sampled_from("tbx"))),
        st.tuples(st.just("delete"), st.sets(IDS, min_size=1, max_size=3)),
        st.tuples(st.just("search"), st.tuples(TEXT.filter(str.strip), st.sampled_from([("t",), ("b",), ("b", "t")]))),
    ),
    min_size=3,
    max_size=14,
)
CONDITION = st.one_of(
    st.just({"x": {"$lte": 1}}),
    st.tuples(st.sampled_from("tb"), st.sampled_from(["$match_phrase", "$match_all", "$match_any"]), TEXT).map(
        lambda its: {its[0]: {its[1]: its[2]}}
    ),
)
FILTER = st.none() | CONDITION | st.lists(CONDITION, min_size=2, max_size=3).map(lambda its: {"$or": its})
Model = dict[str, dict[str, Any]]


def opened(database: Database) -> Documents:
    return Documents(database.index("docs"), NoModels())


def created(database: Database) -> Documents:
    database.create_index(SPEC)
    return opened(database)


def run(documents: Documents, model: Model, step: str, what: Any) -> None:
    """One step on the index and on the dictionary."""
    if step == "upsert":
        documents.upsert("n", [{"_id": id_, "v": [1, 1], **document} for id_, document in what.items()])
        model.update({id_: dict(document) for id_, document in what.items()})
    elif step == "update":
        documents.update("n", [{"_id": id_, **document} for id_, document in what.items()])
        for id_ in what.keys() & model.keys():
            model[id_] |= what[id_]
    elif step == "remove":
        documents.update("n", [{"_id": what[0], "_remove_fields": [what[1]]}])
        model.get(what[0], {}).pop(what[1], None)
    elif step == "delete":
        documents.delete("n", list(what))
        for id_ in what:
            model.pop(id_, None)
    else:
        compare(documents, model, what[0], what[1], None)


def compare(
    documents: Documents, model: Model, text: str, fields: tuple[str, ...], filter_: Mapping[str, Any] | None
) -> None:
    result = documents.search("n", [TextClause(text, fields)], 100, filter=filter_)
    found = {hit.id: hit.score for hit in result.documents}
    assert found == pytest.approx(expected(model, text, fields, filter_), rel=1e-5)
    scores = [hit.score or 0.0 for hit in result.documents]
    assert scores == sorted(scores, reverse=True)


def expected(model: Model, text: str, fields: tuple[str, ...], filter_: Mapping[str, Any] | None) -> dict[str, float]:
    ids = list(model)
    total: dict[str, float] = {}
    for field in fields:
        tokens = [ANALYSERS[field].tokens(model[id_].get(field, "")) for id_ in ids]
        for _, terms in ANALYSERS[field].tokens(text):
            scores = naive_scores(tokens, [True] * len(ids), Phrase(((0, Word(terms[0])),)))
            for row, score in scores.items():
                total[ids[row]] = total.get(ids[row], 0.0) + score
    if filter_ is None:
        return total
    return {id_: score for id_, score in total.items() if id_ in matching(model, filter_)}


def matching(model: Model, filter_: Mapping[str, Any]) -> set[str]:
    node = parse(filter_, DEFAULT, slots(SPEC).filtering)
    return {
        id_
        for id_, document in model.items()
        if matches(node, document, lambda field, text: ANALYSERS[field].tokens(text))
    }


@settings(max_examples=120)
@given(steps=STEPS, text=TEXT.filter(str.strip), filter_=FILTER)
def test_any_history_is_searched_like_lists_of_words(steps: list, text: str, filter_: Mapping[str, Any] | None) -> None:
    with Database(":memory:") as database:
        documents, model = created(database), Model()
        for step, what in steps:
            run(documents, model, step, what)
        compare(documents, model, text, ("t", "b"), filter_)
        if filter_ is not None:
            page, _ = documents.fetch_where("n", filter_, limit=100)
            assert list(page) == sorted(matching(model, filter_))


@settings(max_examples=25)
@given(steps=STEPS, text=TEXT.filter(str.strip))
def test_two_handles_on_one_directory_agree(tmp_path_factory: Any, steps: list, text: str) -> None:
    folder: Path = tmp_path_factory.mktemp("data")
    with Database(folder / "data") as one:
        writer, model = created(one), Model()
        with Database(folder / "data") as two:
            reader = opened(two)
            for step, what in steps:
                run(writer, model, step, what)
                compare(reader, model, text, ("t", "b"), None)
        with Database(folder / "data") as three:
            compare(opened(three), model, text, ("b",), None)


def test_what_the_cache_files_do_not_hold_is_read_again(tmp_path: Path) -> None:
    texts = [f"word{number % 50} number{number}" for number in range(5_000)]
    with Database(tmp_path / "data") as database:
        documents = created(database)
        for start in range(0, 5_000, 1_000):
            documents.upsert(
                "n", [{"_id": f"{at}", "v": [1, at], "t": texts[at]} for at in range(start, start + 1_000)]
            )
        assert database.index("docs").ready(timeout=60)
        assert len(documents.search("n", [TextClause("word7", ("t",))], 1_000).documents) == 100
        documents.delete("n", [f"{at}" for at in range(0, 5_000, 2)])
        assert database.index("docs").ready(timeout=60)  # dead rows are left behind, and the words come along
        assert len(documents.search("n", [TextClause("word7", ("t",))], 1_000).documents) == 100
        assert len(documents.search("n", [TextClause("word6", ("t",))], 1_000).documents) == 0
    with Database(tmp_path / "data") as database:
        documents = opened(database)
        hits = documents.search("n", [TextClause("number4321", ("t",))], 5).documents
        assert [hit.id for hit in hits] == ["4321"]


def test_a_write_is_searchable_at_once_and_copies_little(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    words = np.array([f"w{number}" for number in range(3_000)])
    with Database(tmp_path / "data") as database:
        documents = created(database)
        for start in range(0, 20_000, 1_000):
            documents.upsert(
                "n",
                [
                    {"_id": f"{at}", "v": [1, at], "t": " ".join(rng.choice(words, 10))}
                    for at in range(start, start + 1_000)
                ],
            )
        documents.search("n", [TextClause("w1", ("t",))], 5)
        made = []
        for at in range(20):
            documents.upsert("n", [{"_id": f"new{at}", "v": [1, 1], "t": f"w1 fresh{at}"}])
            tracemalloc.start()
            hits = documents.search("n", [TextClause(f"fresh{at}", ("t",))], 5).documents
            made.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
            assert [hit.id for hit in hits] == [f"new{at}"]
        assert sorted(made)[10] < 2_000_000, "bytes; everything made anew takes ten times as many"


def test_readers_search_while_a_writer_goes_on(tmp_path: Path) -> None:
    with Database(tmp_path / "data") as database:
        documents = created(database)
        documents.upsert("n", [{"_id": "0", "v": [1, 1], "t": "common"}])
        stop, problems = threading.Event(), list[BaseException]()

        def read() -> None:
            last = 0
            while not stop.is_set():
                try:
                    hits = documents.search("n", [TextClause("common", ("t",))], 10_000).documents
                    assert len(hits) >= last, "documents are only added"
                    last = len(hits)
                except BaseException as problem:
                    problems.append(problem)
                    return

        threads = [threading.Thread(target=read) for _ in range(3)]
        for thread in threads:
            thread.start()
        for at in range(1, 60):
            documents.upsert("n", [{"_id": f"{at}", "v": [1, at], "t": f"common word{at}"}])
        stop.set()
        for thread in threads:
            thread.join()
        assert not problems
        assert len(documents.search("n", [TextClause("common", ("t",))], 100).documents) == 60
