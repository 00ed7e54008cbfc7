"""An index gets another model: beside its old vectors first, then all at once, and back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.hashed_models import HashedEmbedder, HashedModels, hashed
from pinyon.engine import Database, Index
from pinyon.engine import reembedding as module
from pinyon.engine.comparing import Question
from pinyon.engine.embedding import embed_spec
from pinyon.engine.memory import Outdated
from pinyon.engine.records import find_records, write_records
from pinyon.engine.reembedding import ReembedReport, reembed, reembedding
from pinyon.errors import (
    BusyError,
    FailedPreconditionError,
    InvalidRequestError,
    ModelMismatchError,
    NotFoundError,
    ReadOnlyError,
)
from pinyon.storage.generations import HALF
from pinyon.types import IndexSpec, Models, Query, RecordQuery

WORDS = "pine cone seed bark needle resin forest moss fern root leaf twig river stone cloud frost owl fox".split()


def text(number: int) -> str:
    rng = np.random.default_rng(number)
    return " ".join(rng.choice(WORDS, 6).tolist()) + f" n{number}"


def make(database: Database, models: Models, records: int = 60, **settings: Any) -> Index:
    """``records`` records in the default namespace and a third of that in ``other``, embedded by ``old``."""
    embed = embed_spec(models, {"model": "old", "field_map": {"text": "body"}})
    database.create_index(IndexSpec("films", embed.dimension, "cosine", embed=embed, **settings))
    index = database.index("films")
    for namespace, count in (("", records), ("other", records // 3)):
        if count:
            rows = [{"_id": f"r{n}", "body": text(n), "n": n} for n in range(count)]
            write_records(index, models, namespace, rows)
    return index


def check(database: Database, models: HashedModels, index: Index, model: str) -> None:
    """Every record has exactly the vector of this model, the index says so everywhere, and every byte is sound."""
    embedder = models.installed[model]
    assert index.spec.embed is not None
    assert (index.spec.embed.model, index.spec.embed.identity) == (model, embedder.identity)
    assert index.spec.dimension == index.spec.embed.dimension == index.stats().dimension == embedder.dimension
    assert database.describe_index("films").embed == index.spec.embed
    for namespace in index.stats().namespaces:
        for record in index.iterate(namespace):
            assert record.metadata is not None
            assert record.values is not None
            assert np.array_equal(record.values, embedder.vector(str(record.metadata["body"]))), record.id
            found = find_records(index, models, namespace, RecordQuery(1, text=str(record.metadata["body"])))  # type: ignore[arg-type]
            assert found.matches[0].score == pytest.approx(1.0, abs=1e-5)
    assert database.verify("films") == []


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Database]:
    with Database(tmp_path / "data") as database:
        yield database


@pytest.fixture(params=["memory", "disk"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with Database(":memory:" if request.param == "memory" else tmp_path / "data") as database:
        yield database


# -- there and back ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["new", "same"])
def test_all_records_of_all_namespaces_get_the_vectors_of_the_new_model(place: Database, model: str) -> None:
    models, known = hashed()
    index = make(place, known)
    check(place, models, index, "old")
    before = index.lsn("")
    seen: list[tuple[int, int]] = []
    report = reembed(place, known, "films", model, progress=lambda done, total: seen.append((done, total)))
    assert report.built
    assert report.switched_at == index.lsn("") == index.lsn("other") > before
    assert (seen[0], seen[-1]) == ((0, 80), (80, 80))
    check(place, models, index, model)


def test_nothing_of_the_index_changes_before_the_switch(data: Database) -> None:
    models, known = hashed()
    index = make(data, known)
    lsn = index.lsn("")

    def asked(report: ReembedReport) -> bool:
        check(data, models, index, "old")
        assert index.lsn("") == lsn
        return False

    report = reembed(data, known, "films", "new", confirm=asked)
    assert report.built
    assert report.switched_at is None
    check(data, models, index, "old")
    calls = models.installed["new"].calls
    report = reembed(data, known, "films", "new", sample=0)
    assert (report.plan.left, models.installed["new"].calls) == (0, calls), "what was made is used"
    check(data, models, index, "new")


def test_the_way_back_and_forth_is_a_switch_each(place: Database) -> None:
    models, known = hashed()
    index = make(place, known)
    reembed(place, known, "films", "new")
    for model in ("old", "new", "old"):
        calls = {name: each.calls for name, each in models.installed.items()}
        with reembedding(place, known, "films") as change:
            change.rollback()
        assert calls == {name: each.calls for name, each in models.installed.items()}, "nothing was embedded"
        check(place, models, index, model)


def test_records_that_were_written_since_are_embedded_by_the_old_model_before_it_comes_back(data: Database) -> None:
    models, known = hashed()
    index = make(data, known)
    reembed(data, known, "films", "new")
    write_records(index, known, "", [{"_id": "late", "body": "a late owl"}, {"_id": "r1", "body": "another text now"}])
    index.update("", "r2", set_metadata={"body": "changed in place"})
    index.update("", "r3", set_metadata={"n": -3})
    index.delete("", ["r4"])
    calls = models.installed["old"].calls
    with reembedding(data, known, "films") as change:
        change.rollback()
    assert models.installed["old"].calls == calls + 3, "r3 has the same text, r4 is gone"
    check(data, models, index, "old")


def test_without_the_old_model_there_is_a_way_back_only_while_nothing_new_was_written(data: Database) -> None:
    models, known = hashed()
    index = make(data, known)
    reembed(data, known, "films", "new")
    old = models.installed.pop("old")
    write_records(index, known, "", [{"_id": "late", "body": "a late owl"}])
    with reembedding(data, known, "films") as change, pytest.raises(FailedPreconditionError, match=r"^1 record\(s\)"):
        change.rollback()
    models.installed["old"] = replace(old, version="2")
    with reembedding(data, known, "films") as change, pytest.raises(FailedPreconditionError, match="old@2"):
        change.rollback()
    check(data, models, index, "new")
    del models.installed["old"]
    index.delete("", ["late"])
    with reembedding(data, known, "films") as change:
        change.rollback()
    models.installed["old"] = old
    check(data, models, index, "old")


def test_what_is_forgotten_is_in_no_file_after_compacting(data: Database) -> None:
    models, known = hashed()
    index = make(data, known)
    reembed(data, known, "films", "new")
    assert data.path is not None
    former = models.installed["old"].vector(text(5)).tobytes()
    data.compact("films")
    assert any(former in file.read_bytes() for file in data.path.rglob("*") if file.is_file()), "kept, also by compact"
    with reembedding(data, known, "films") as change:
        assert change.forget().embed.model == "old"
        with pytest.raises(FailedPreconditionError, match="only the vectors"):
            change.forget()
        with pytest.raises(FailedPreconditionError, match="no way back"):
            change.rollback()
    data.compact("films")
    assert not any(former in file.read_bytes() for file in data.path.rglob("*") if file.is_file())
    check(data, models, index, "new")


def test_one_model_after_another(data: Database) -> None:
    models, known = hashed()
    index = make(data, known)
    for model, former in (("new", "old"), ("same", "new"), ("old", "same")):
        reembed(data, known, "films", model)
        check(data, models, index, model)
        with pytest.raises(
            FailedPreconditionError, match=f"keeps vectors of its former model '{former}'.*--forget-old"
        ):
            reembed(data, known, "films", {"old", "new", "same"}.difference({model, former}).pop())
        with reembedding(data, known, "films") as change:
            change.forget()
    check(data, models, index, "old")


def test_a_new_version_of_the_same_model_is_another_model(data: Database) -> None:
    models, known = hashed()
    index = make(data, known)
    models.installed["old"] = replace(models.installed["old"], version="2")
    with pytest.raises(ModelMismatchError, match="pinyon reembed films --model old"):
        find_records(index, known, "", RecordQuery(1, text="owl"))
    report = reembed(data, known, "films", "old")
    assert report.comparison is not None
    assert report.comparison.former is None, "the old one is not there to be compared with"
    check(data, models, index, "old")


# -- refusals ---------------------------------------------------------------------------------------------------------


def test_records_without_text_are_named_and_nothing_is_embedded(data: Database) -> None:
    models, known = hashed()
    index = make(data, known)
    vector = models.installed["old"].vector("x")
    index.upsert("", [f"blank{n}" for n in range(11)], [vector] * 11, metadata=[{"body": " "}] * 11)
    index.upsert("other", ["bare"], [vector])
    wanted = r"12 of 92 records.*'body'.*'blank0', 'blank1'.*, \.\.\..*set_metadata"
    with pytest.raises(FailedPreconditionError, match=wanted):
        reembed(data, known, "films", "new")
    assert models.installed["new"].calls == 0
    with reembedding(data, known, "films") as change:
        assert change.other is None
    index.delete("", [f"blank{n}" for n in range(11)])
    with pytest.raises(FailedPreconditionError, match="'bare' in 'other'"):
        reembed(data, known, "films", "new")
    index.update("other", "bare", set_metadata={"body": "a text at last"})
    reembed(data, known, "films", "new")
    check(data, models, index, "new")


def test_a_record_without_text_that_comes_in_the_middle_keeps_the_old_model(data: Database) -> None:
    models, known = hashed()
    index = make(data, known)

    def spoil(report: ReembedReport) -> bool:
        index.upsert("", ["bare"], [models.installed["old"].vector("x")])
        return True

    with pytest.raises(FailedPreconditionError, match="'bare'"):
        reembed(data, known, "films", "new", confirm=spoil)
    index.delete("", ["bare"])
    check(data, models, index, "old")
    reembed(data, known, "films", "new")
    check(data, models, index, "new")


def test_what_cannot_be_is_refused_before_anything_changes(data: Database) -> None:
    models, known = hashed(
        HashedEmbedder("old", 16), HashedEmbedder("new", 24), HashedEmbedder("third", 8), HashedEmbedder("wide", 30_000)
    )
    index = make(data, known)
    data.create_index(IndexSpec("plain", 3, "cosine"))
    for name, model, error, words in (
        ("none", "new", NotFoundError, "'none' does not exist"),
        ("plain", "new", InvalidRequestError, "'plain' has no embedding model"),
        ("films", "missing", NotFoundError, "Model missing not found"),
        ("films", "old", InvalidRequestError, "has the model 'old' .* already"),
        ("films", "wide", InvalidRequestError, "30000 is out of range"),
    ):
        with pytest.raises(error, match=words):
            reembed(data, known, name, model)
    with pytest.raises(NotFoundError, match="Namespace 'nowhere'"):
        reembed(data, known, "films", "new", namespace="nowhere")
    for question, words in (
        (Question("  ", ("r1",)), "Query 1 is empty"),
        (Question("owl", ("nobody",)), r"'owl'.*'nobody'.*none in namespace ''"),
        (Question("owl", ()), r"\(none\)"),
    ):
        with pytest.raises(InvalidRequestError, match=words):
            reembed(data, known, "films", "new", questions=[question])
    assert models.installed["new"].calls == 0
    assert reembed(data, known, "films", "new", dry_run=True).plan.left == 80
    assert models.installed["new"].calls == 0
    reembed(data, known, "films", "new", confirm=lambda report: False)
    with pytest.raises(FailedPreconditionError, match=r"half way to the model 'new'.*not to 'third'.*--forget-old"):
        reembed(data, known, "films", "third")
    check(data, models, index, "old")


def test_a_read_only_database_is_left_alone(data: Database) -> None:
    _, known = hashed()
    make(data, known)
    with Database(data.path or "", read_only=True) as reader, pytest.raises(ReadOnlyError):
        reembed(reader, known, "films", "new")


def test_two_at_once_are_one_too_many(data: Database) -> None:
    _, known = hashed()
    make(data, known)
    with (
        reembedding(data, known, "films"),
        Database(data.path or "") as other,
        pytest.raises(BusyError, match="somebody else"),
    ):
        reembed(other, known, "films", "new")


# -- while others work ------------------------------------------------------------------------------------------------


def test_what_is_written_while_the_vectors_are_made_gets_one_too(place: Database) -> None:
    models, known = hashed()
    index = make(place, known)
    steps = iter(range(1_000))

    def disturb(done: int, total: int) -> None:
        step = next(steps)
        write_records(index, known, "", [{"_id": f"late{step}", "body": f"late {step} owl"}])
        index.delete("", [f"r{step}"])
        write_records(index, known, "other", [{"_id": f"r{step}", "body": f"again {step}"}])
        index.update("", f"r{30 + step}", set_metadata={"n": 0})

    with reembedding(place, known, "films") as change:
        plan = change.plan("new")
        assert change.build(plan, progress=disturb, batch=8)
        write_records(index, known, "fresh", [{"_id": "only", "body": "in a namespace of its own"}])
        index.delete_namespace("other")
        check(place, models, index, "old")
        change.switch()
    check(place, models, index, "new")


def test_a_change_of_the_text_alone_is_not_lost(data: Database) -> None:
    models, known = hashed()
    index = make(data, known)
    with reembedding(data, known, "films") as change:
        assert change.build(change.plan("new"))
        index.update("", "r7", set_metadata={"body": "another seven"})
        index.update_where("", {"n": {"$eq": 8}}, {"body": "another eight"})
        change.switch()
    check(data, models, index, "new")


def test_more_than_a_few_late_records_are_embedded_outside_of_the_transaction(
    data: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    models, known = hashed()
    index = make(data, known)
    monkeypatch.setattr(module, "FEW", 2)
    monkeypatch.setattr(module, "ROUNDS", 3)
    caught_up = module.Reembedding._caught_up
    rounds = []

    def disturbed(self: module.Reembedding, other: Any) -> Any:
        found = caught_up(self, other)
        rounds.append(len(rounds))
        write_records(index, known, "", [{"_id": f"late{len(rounds)}-{n}", "body": f"late {n}"} for n in range(5)])
        return found

    monkeypatch.setattr(module.Reembedding, "_caught_up", disturbed)
    with reembedding(data, known, "films") as change:
        assert change.build(change.plan("new"))
        change.switch()
    assert len(rounds) == 3, "the third took what there was"
    check(data, models, index, "new")


def test_stopping_keeps_what_was_made(data: Database) -> None:
    models, known = hashed()
    index = make(data, known)
    with reembedding(data, known, "films") as change:
        plan = change.plan("new")
        turns = iter([False, False, True])
        assert not change.build(plan, stop=lambda: next(turns), batch=10)
        assert change.plan("new").left == 60
    check(data, models, index, "old")
    reembed(data, known, "films", "new", sample=0)
    assert models.installed["new"].calls == 80, "each record once"
    check(data, models, index, "new")


def test_a_search_by_text_never_meets_vectors_of_the_other_model(data: Database) -> None:
    """Both models have 16 numbers, so nothing but the generation can tell them apart."""
    models, known = hashed()
    index = make(data, known)
    wrong: list[float] = []
    done = threading.Event()
    with Database(data.path or "") as second:
        handles = [index, second.index("films")]

        def search(handle: Index, number: int) -> None:
            while not done.is_set():
                found = find_records(handle, known, "", RecordQuery(1, text=text(number)))
                if abs(found.matches[0].score - 1.0) > 1e-5:
                    wrong.append(found.matches[0].score)

        threads = [threading.Thread(target=search, args=(handle, n)) for n, handle in enumerate(handles * 2)]
        for thread in threads:
            thread.start()
        reembed(data, known, "films", "same")
        for _ in range(10):
            with reembedding(data, known, "films") as change:
                change.rollback()
        done.set()
        for thread in threads:
            thread.join()
        assert wrong == []
        check(second, models, second.index("films"), "same")


def test_a_write_of_texts_is_embedded_again_when_the_model_changes_before_it_commits(data: Database) -> None:
    models, known = hashed()
    index = make(data, known)
    old = models.installed["old"]
    embed, switched = old.embed, []

    def slow(texts: Any, *, input_type: Any = "passage") -> Any:
        found = embed(texts, input_type=input_type)
        if "late owl" in texts and not switched:
            switched.append(True)
            with Database(data.path or "") as other:
                reembed(other, known, "films", "same", sample=0)
        return found

    old.embed = slow  # type: ignore[method-assign]
    write_records(index, known, "", [{"_id": "late", "body": "late owl"}])
    assert switched
    check(data, models, index, "same")


def test_a_batch_that_began_before_the_switch_is_refused(data: Database) -> None:
    models, known = hashed()
    index = make(data, known)
    vector = models.installed["old"].vector("x")
    batch = index.batch()
    batch.upsert("", ["late"], [vector], metadata=[{"body": "x"}])
    reembed(data, known, "films", "same", sample=0)
    with pytest.raises(Outdated, match="re-embedded meanwhile and now has the model 'same'"):
        batch.__exit__(None, None, None)
    assert index.fetch("", ["late"]) == {}
    with index.batch() as batch:
        batch.delete("", ["r1"])
        with reembedding(data, known, "films") as change:
            change.rollback()
    assert index.fetch("", ["r1"]) == {}, "what holds no vectors is not refused"
    check(data, models, index, "old")


def test_a_page_of_vectors_of_another_model_does_not_follow(data: Database) -> None:
    _, known = hashed()
    index = make(data, known)
    records = index.iterate("", page=10)
    for _ in range(10):
        next(records)
    reembed(data, known, "films", "same", sample=0)
    with pytest.raises(Outdated):
        next(records)


def test_a_handle_that_slept_through_it_takes_raw_vectors_of_the_new_length(data: Database) -> None:
    models, known = hashed()
    make(data, known)
    with Database(data.path or "") as second:
        sleeper = second.index("films")
        assert len(sleeper.query("", Query(1, vector=[1.0] * 16)).matches) == 1
        reembed(data, known, "films", "new", sample=0)
        vector = models.installed["new"].vector(text(9))
        assert sleeper.query("", Query(1, vector=vector)).matches[0].id == "r9"
        sleeper.upsert("", ["raw"], [vector], metadata=[{"body": text(9)}])
        assert sleeper.spec.dimension == 24
        with pytest.raises(InvalidRequestError, match="dimension"):
            sleeper.query("", Query(1, vector=[1.0] * 16))
        check(second, models, sleeper, "new")


READER = """
import sys
sys.path.insert(0, sys.argv[2])
from engine.hashed_models import hashed
from pinyon.engine import Database
from pinyon.engine.records import find_records
from pinyon.types import RecordQuery

with Database(sys.argv[1]) as database:
    index = database.index("films")
    for line in sys.stdin:
        found = find_records(index, hashed()[1], "", RecordQuery(1, text=line.strip()))
        print(index.spec.embed.model, index.spec.dimension, found.matches[0].id, round(found.matches[0].score, 4))
        sys.stdout.flush()
"""


def test_another_process_that_has_the_index_open_follows_at_its_next_call(
    data: Database, run_python: Callable[..., Any]
) -> None:
    _, known = hashed()
    make(data, known)
    reader = run_python(READER, data.path, Path(__file__).parents[1])

    def expect(answer: str) -> None:
        reader.tell(text(5))
        reader.says(answer)

    expect("old 16 r5 1.0")
    for model in ("new", "old", "new"):
        with reembedding(data, known, "films") as change:
            if change.other is None:
                change.build(change.plan(model))
            change.switch()
        expect(f"{model} {24 if model == 'new' else 16} r5 1.0")


# -- everything else with two generations -----------------------------------------------------------------------------


@pytest.mark.parametrize("built", ["half", "whole", "switched"])
def test_backups_hold_both_generations_and_say_the_right_model(data: Database, tmp_path: Path, built: str) -> None:
    models, known = hashed()
    index = make(data, known)
    stop = iter([False, True])
    with reembedding(data, known, "films") as change:
        plan = change.plan("new")
        change.build(plan, stop=lambda: built == "half" and next(stop), batch=10)
        if built == "switched":
            change.switch()
    model = "new" if built == "switched" else "old"
    info = data.create_backup("films")
    assert info.spec.embed is not None
    assert (info.spec.embed.model, info.dimension) == (model, models.installed[model].dimension)
    data.export_file("films", tmp_path / "export")
    with Database(tmp_path / "elsewhere") as elsewhere:
        elsewhere.import_file(tmp_path / "export", "films")
        check(elsewhere, models, elsewhere.index("films"), model)
        with reembedding(elsewhere, known, "films") as change:
            if built == "switched":
                change.rollback()
            else:
                change.build(change.plan("new"))
                change.switch()
        check(elsewhere, models, elsewhere.index("films"), "old" if built == "switched" else "new")
    data.restore_backup(info.id, "again")
    assert data.index("again").spec.dimension == models.installed[model].dimension
    check(data, models, index, model)


def test_a_backup_that_a_switch_overtakes_says_what_it_holds(data: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    models, known = hashed()
    make(data, known)
    entry = data.entry("films")
    reembed(data, known, "films", "new")
    monkeypatch.setattr(data, "entry", lambda name: replace(entry, spec=replace(entry.spec, name=name)))
    copied = data._copy("films", Path(data.path or "") / "copy", module_meta(entry))
    assert copied.spec.dimension == models.installed["new"].dimension


def module_meta(entry: Any) -> Any:
    from pinyon.storage.backup import BackupMeta

    return BackupMeta("films", entry.uuid, entry.spec)


def test_compacting_repairing_and_deleting_go_on_with_two_generations(data: Database) -> None:
    models, known = hashed()
    index = make(data, known)
    reembed(data, known, "films", "new")
    index.delete("", [f"r{n}" for n in range(20)])
    assert data.compact("films")[0].tombstones == 20
    check(data, models, index, "new")
    assert data.repair("films") == []
    index = data.index("films")
    index.delete_all("other")
    keys = index.read(lambda view: view.connection.execute("SELECT count(*), min(ord < ?) FROM vector", (HALF,)).get)
    assert keys == (80, 0), "forty records, with a vector in each generation"
    with reembedding(data, known, "films") as change:
        change.rollback()
    check(data, models, index, "old")
    data.delete_index("films")
    assert not data.has_index("films")


def test_caches_of_a_large_index_are_those_of_its_generation(data: Database) -> None:
    models, known = hashed(HashedEmbedder("old", 16), HashedEmbedder("same", 16))
    embed = embed_spec(known, {"model": "old", "field_map": {"text": "body"}})
    data.create_index(IndexSpec("films", 16, "cosine", embed=embed))
    index = data.index("films")
    rows = 4_500
    texts = [text(n) for n in range(rows)]
    vectors = models.installed["old"].embed(texts)
    index.upsert("", [f"r{n}" for n in range(rows)], vectors, metadata=[{"body": each} for each in texts])
    assert index.ready()
    reembed(data, known, "films", "same", sample=0)
    assert index.ready()
    listed = index.read(lambda view: view.cache("snapshot", 1))
    assert listed is not None
    with Database(data.path or "") as again:
        handle = again.index("films")
        for number in range(0, rows, 500):
            found = find_records(handle, known, "", RecordQuery(1, text=text(number)))
            assert found.matches[0].score == pytest.approx(1.0, abs=1e-5)
        again.verify("films")
    with reembedding(data, known, "films") as change:
        change.rollback()
        assert index.read(lambda view: view.cache("snapshot", 1)) is None
    found = find_records(index, known, "", RecordQuery(1, text=text(3)))
    assert found.matches[0].score == pytest.approx(1.0, abs=1e-5)
    assert data.verify("films") == []


# -- comparing --------------------------------------------------------------------------------------------------------


def test_a_better_model_is_seen_to_be_better(data: Database) -> None:
    _, known = hashed(HashedEmbedder("old", 16, blur=40), HashedEmbedder("new", 256))
    make(data, known, 120)
    report = reembed(data, known, "films", "new", confirm=lambda report: False)
    found = report.comparison
    assert found is not None
    assert (found.namespace, found.questions, found.of_records) == ("", 120, True)
    assert found.former is not None
    assert found.differences is not None
    assert found.new["recall@1"] > found.former["recall@1"]
    for name, difference in found.differences.items():
        assert difference.mean == pytest.approx(found.new[name] - found.former[name])
        assert 0 < difference.low < difference.mean < difference.high, name


def test_measures_are_what_a_slow_ranking_gives(data: Database) -> None:
    models, known = hashed(HashedEmbedder("old", 16, blur=20), HashedEmbedder("new", 24, blur=5))
    index = make(data, known)
    questions = [Question(text(n), (f"r{n}", f"r{(n * 7) % 60}", "r1")) for n in range(2, 30)]
    report = reembed(data, known, "films", "new", questions=questions, confirm=lambda report: False)
    found = report.comparison
    assert found is not None
    assert not found.of_records
    for name, means in (("old", found.former), ("new", found.new)):
        assert means is not None
        embedder, ids = models.installed[name], [record.id for record in index.iterate("")]
        rows = np.array([embedder.vector(text(int(id_[1:]))) for id_ in ids], np.float64)
        expected: dict[str, list[float]] = {"recall@1": [], "recall@10": [], "mrr": []}
        for question in questions:
            scores = rows @ embedder.vector(question.text).astype(np.float64)
            order = [ids[at] for at in np.argsort(-scores, kind="stable")]
            relevant = set(question.relevant)
            for k in (1, 10):
                expected[f"recall@{k}"].append(len(relevant & set(order[:k])) / min(k, len(relevant)))
            expected["mrr"].append(1 / (1 + min(order.index(id_) for id_ in relevant)))
        for measure, values in expected.items():
            assert means[measure] == pytest.approx(np.mean(values), abs=0.02), (name, measure)


def test_no_comparison_is_made_when_none_is_wanted_or_there_is_nothing(data: Database) -> None:
    models, known = hashed()
    index = make(data, known, 0)
    report = reembed(data, known, "films", "new")
    assert report.comparison is None
    assert report.switched_at is not None
    write_records(index, known, "", [{"_id": "a", "body": "two words"}])
    with pytest.raises(FailedPreconditionError, match="--sample 0"):
        reembed(data, known, "films", "old")
    assert reembed(data, known, "films", "old", sample=0).switched_at is not None
    check(data, models, index, "old")
