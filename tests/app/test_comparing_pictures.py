"""The comparison of four pictures in a world of three colours, where every cosine is worked out by hand."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("PIL", reason='needs pip install "pinyon[pictures]"')

from models.colour_models import Colours, Names, Paints, colour_registry, digest, plain_file
from pinyon import Pinecone
from pinyon.app.compare import Comparison, conduct, originals, picture_files
from pinyon.app.compare_figures import Prices, figures
from pinyon.app.compare_report import results, save
from pinyon.app.compared import Compared, Description, Original, Outcome, Way, vectors_of, whole
from pinyon.engine import Database, Index
from pinyon.errors import (
    FailedPreconditionError,
    InvalidRequestError,
    ModelUnavailableError,
    NotFoundError,
    PromptRefusedError,
)
from pinyon.evaluation import bootstrap
from pinyon.pictures import read_picture
from pinyon.rag.files import Skipped

TRUE = "red red green"
PROMPTS = {"both": "red and green", "one": "red", "true": TRUE, "far": "blue"}
ORANGE = (200, 100, 0)
"""Of the direction (2, 1, 0), as the true prompt is."""
SLACK = 5e-3
"""Colours are whole numbers."""


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    with Pinecone(path=tmp_path / "data", models=colour_registry()) as pc:
        pc.create_index_for_model("prompts", "aws", "us-east-1", {"model": "colours", "field_map": {"text": "text"}})
        pc.Index("prompts").upsert_records("", [{"_id": id, "text": text} for id, text in PROMPTS.items()])
    with Database(tmp_path / "data") as database:
        yield database.index("prompts")


@pytest.fixture
def cat(tmp_path: Path) -> Path:
    file = tmp_path / "photos" / "cat.png"
    file.parent.mkdir()
    file.write_bytes(plain_file(ORANGE, (8, 6)))
    file.with_suffix(".txt").write_text(TRUE)
    return file


def original(path: Path, prompt: str = "") -> Original:
    (one,) = originals([path], prompt)
    assert isinstance(one, Original), one
    return one


def made(index: Index, tmp_path: Path, **given: Any) -> Comparison:
    return Comparison(index, Colours(), tmp_path / "out", **({"describer": Names(), "drawer": Paints()} | given))


def saved(outcome: Outcome, tmp_path: Path, language: str = "en") -> list[str]:
    return save(outcome, figures(outcome.pictures), tmp_path / "out", Prices(), language)


def files_of(folder: Path) -> list[str]:
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())


# -- one picture ------------------------------------------------------------------------------------------------------


def test_each_way_is_scored_as_worked_out_by_hand(index: Index, cat: Path, tmp_path: Path) -> None:
    done = made(index, tmp_path).compare(original(cat))
    assert [(one.id, one.text) for one in done.found] == [("true", TRUE), ("both", "red and green"), ("one", "red")]
    # Of (2, 1, 0) with itself, with (1, 1, 0) and with (1, 0, 0).
    wanted = [1, 3 / math.sqrt(10), 2 / math.sqrt(5)]
    assert [one.score for one in done.found] == pytest.approx(wanted, abs=1e-6)
    assert (done.prompt, done.known, done.rank) == (TRUE, True, 1)
    assert (done.description.text, done.description.model, done.description.cut) == ("all red", "names", False)
    b, c, d = (done.ways[way] for way in "bcd")
    assert [way.prompt for way in (b, c, d)] == ["all red", TRUE, TRUE]
    assert [way.said for way in (b, c, d)] == pytest.approx([wanted[2], 1, 1], abs=1e-6)
    assert [way.likeness for way in (b, c, d)] == pytest.approx([wanted[2], 1, 1], abs=SLACK)
    assert d.said == pytest.approx(done.found[0].score, abs=1e-6)
    assert whole(done)


def test_a_prompt_further_down_has_its_rank_and_d_is_drawn_from_the_nearest(
    index: Index, cat: Path, tmp_path: Path
) -> None:
    done = made(index, tmp_path, top_k=1).compare(original(cat, "red"))
    assert (done.rank, done.known, len(done.found)) == (3, True, 1)
    assert (done.ways["c"].prompt, done.ways["d"].prompt) == ("red", TRUE)
    assert made(index, tmp_path).compare(original(cat, "blue")).rank == 4


def test_a_prompt_that_the_index_lacks_has_no_rank_and_is_drawn_all_the_same(
    index: Index, cat: Path, tmp_path: Path
) -> None:
    done = made(index, tmp_path).compare(original(cat, "green"))
    assert (done.known, done.rank) == (False, None)
    assert done.ways["c"].likeness == pytest.approx(1 / math.sqrt(5), abs=SLACK)


def test_pictures_of_the_index_are_no_prompts(cat: Path, tmp_path: Path) -> None:
    with Pinecone(path=tmp_path / "mixed", models=colour_registry()) as pc:
        pc.create_index_for_model(
            "prompts", "aws", "us-east-1", {"model": "colours", "field_map": {"text": "text", "image": "image"}}
        )
        held = pc.Index("prompts")
        held.upsert_records("", [{"_id": "words", "text": "red"}, {"_id": "same", "text": TRUE, "image": cat}])
        held.upsert([{"id": "file", "values": [2, 1, 0], "metadata": {"text": TRUE, "modality": "image"}}])
        held.upsert([{"id": "mute", "values": [2, 1, 0], "metadata": {"year": 2024}}])
    with Database(tmp_path / "mixed") as database:
        done = made(database.index("prompts"), tmp_path).compare(original(cat))
    assert [one.id for one in done.found] == ["words"]
    assert (done.known, done.rank) == (False, None)


def test_a_namespace_without_texts_leaves_out_d_alone(index: Index, cat: Path, tmp_path: Path) -> None:
    done = made(index, tmp_path, namespace="empty").compare(original(cat))
    assert done.ways["d"].missing == "the index has no texts"
    assert done.ways["c"].file
    assert whole(done)


# -- what has no model, or one that fails -----------------------------------------------------------------------------


def test_without_models_the_search_is_what_there_is(index: Index, cat: Path, tmp_path: Path) -> None:
    done = made(index, tmp_path, describer=None, drawer=None).compare(original(cat))
    assert done.rank == 1
    assert {way: one.missing for way, one in done.ways.items()} == {
        "b": "no model that describes pictures was named",
        "c": "no model that draws was named",
        "d": "no model that draws was named",
    }
    assert [done.ways[way].said for way in "bcd"] == [None, pytest.approx(1), pytest.approx(1)]
    assert [one.likeness for one in done.ways.values()] == [None] * 3
    assert whole(done)


def test_a_part_that_fails_is_told_with_the_reason_and_tried_again(index: Index, cat: Path, tmp_path: Path) -> None:
    drawer = Paints(errors=[None, PromptRefusedError("not that")])
    names = Names()
    first = made(index, tmp_path, describer=names, drawer=drawer).compare(original(cat))
    assert (first.ways["c"].missing, first.ways["c"].likeness) == ("not drawn: not that", None)
    assert not whole(first)
    assert [prompt for prompt, _ in drawer.asked] == ["all red", TRUE, TRUE]
    again = made(index, tmp_path, describer=names, drawer=drawer).compare(original(cat))
    assert again.ways["c"].likeness == pytest.approx(1, abs=SLACK)
    assert [prompt for prompt, _ in drawer.asked] == ["all red", TRUE, TRUE, TRUE], "only what failed"
    assert len(names.asked) == 1
    assert (again.ways["b"].file, again.ways["d"].file) == (first.ways["b"].file, first.ways["d"].file)
    assert again.description == first.description


def test_a_description_that_fails_leaves_out_b_alone(index: Index, cat: Path, tmp_path: Path) -> None:
    names = Names(errors=[ModelUnavailableError("busy")])
    done = made(index, tmp_path, describer=names).compare(original(cat))
    assert (done.ways["b"].missing, done.ways["b"].prompt) == ("not described: busy", "")
    assert done.ways["c"].file
    assert not whole(done)
    assert made(index, tmp_path, describer=names).compare(original(cat)).ways["b"].prompt == "all red"


def test_a_model_that_is_out_of_reach_for_all_is_asked_once(index: Index, cat: Path, tmp_path: Path) -> None:
    other = cat.with_name("dog.png")
    other.write_bytes(plain_file((0, 0, 99)))
    names = Names(errors=[FailedPreconditionError("wrong key")])
    paints = Paints(errors=[FailedPreconditionError("no credit")])
    outcome = conduct(
        made(index, tmp_path, describer=names, drawer=paints), originals(picture_files([cat.parent], tmp_path / "out"))
    )
    assert (len(names.asked), len(paints.asked)) == (1, 1)
    for one in outcome.pictures:
        assert one.ways["b"].missing == "not described: wrong key"
        assert one.ways["d"].missing == "not drawn: no credit"


def test_what_a_model_draws_and_nobody_can_read_is_drawn_again(index: Index, cat: Path, tmp_path: Path) -> None:
    comparison = made(index, tmp_path)
    done = comparison.compare(original(cat))
    folder = tmp_path / "out" / done.folder
    broken = folder / done.ways["c"].file
    data = broken.read_bytes()[:40]
    broken.write_bytes(data)
    facts = json.loads(broken.with_suffix(".json").read_text())
    broken.with_suffix(".json").write_text(json.dumps(facts | {"sha256": digest(data)}))
    (folder / "result.json").unlink()
    again = comparison.compare(original(cat))
    assert "not drawn: " in again.ways["c"].missing
    assert comparison.compare(original(cat)).ways["c"].file == "c/red-red-green-2.png"


# -- going on ---------------------------------------------------------------------------------------------------------


def test_a_second_run_asks_no_model(index: Index, cat: Path, tmp_path: Path) -> None:
    names, paints = Names(), Paints()
    first = made(index, tmp_path, describer=names, drawer=paints, seed=7).compare(original(cat))
    assert paints.asked == [("all red", 7), (TRUE, 7), (TRUE, 7)]
    assert [way.seed for way in first.ways.values()] == [7] * 3
    before = files_of(tmp_path / "out")
    second = made(index, tmp_path, describer=names, drawer=paints, seed=7).compare(original(cat))
    assert second == first
    assert (len(names.asked), len(paints.asked), files_of(tmp_path / "out")) == (1, 3, before)


def test_another_seed_draws_anew_and_the_first_is_still_there(index: Index, cat: Path, tmp_path: Path) -> None:
    names, paints = Names(), Paints()
    first = made(index, tmp_path, describer=names, drawer=paints, seed=7).compare(original(cat))
    other = made(index, tmp_path, describer=names, drawer=paints, seed=8).compare(original(cat))
    assert other.ways["c"].file != first.ways["c"].file
    assert (len(names.asked), len(paints.asked)) == (1, 6)
    third = made(index, tmp_path, describer=names, drawer=paints, seed=7).compare(original(cat))
    assert [way.file for way in third.ways.values()] == [way.file for way in first.ways.values()]
    assert len(paints.asked) == 6


def test_what_is_stored_later_in_the_index_is_found(index: Index, tmp_path: Path, cat: Path) -> None:
    paints = Paints()
    assert made(index, tmp_path, drawer=paints).compare(original(cat, "red")).rank == 3
    with Pinecone(path=tmp_path / "data", models=colour_registry()) as pc:
        pc.Index("prompts").delete(["true"])
    done = made(index, tmp_path, drawer=paints).compare(original(cat, "red"))
    assert (done.rank, done.ways["d"].prompt) == (2, "red and green")
    assert len(paints.asked) == 4, "only d has another prompt"


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"of": 1}'])
def test_a_damaged_result_is_made_anew_from_what_is_stored(
    damage: bytes, index: Index, cat: Path, tmp_path: Path
) -> None:
    paints = Paints()
    first = made(index, tmp_path, drawer=paints).compare(original(cat))
    (tmp_path / "out" / first.folder / "result.json").write_bytes(damage)
    again = made(index, tmp_path, drawer=paints).compare(original(cat))
    assert (again.ways.keys(), again.rank, len(paints.asked)) == (first.ways.keys(), 1, 3)


def test_a_picture_that_somebody_deleted_is_drawn_again(index: Index, cat: Path, tmp_path: Path) -> None:
    paints = Paints()
    first = made(index, tmp_path, drawer=paints).compare(original(cat))
    (tmp_path / "out" / first.folder / first.ways["c"].file).unlink()
    assert made(index, tmp_path, drawer=paints).compare(original(cat)).ways["c"].likeness is not None
    assert len(paints.asked) == 4


@pytest.mark.parametrize("at", range(1, 6))
def test_an_interruption_at_any_stage_leaves_a_folder_that_goes_on(
    at: int, index: Index, cat: Path, tmp_path: Path
) -> None:
    """Stages: search, describe, and three pictures."""
    names, paints, told = Names(), Paints(), []

    def progress(done: int, note: str) -> None:
        told.append(note)
        if len(told) == at:
            raise KeyboardInterrupt

    comparison = made(index, tmp_path, describer=names, drawer=paints)
    outcome = conduct(comparison, originals([cat]), progress)
    assert (outcome.interrupted, outcome.pictures) == (True, ())
    assert told[0] == "cat.png: search"
    saved(outcome, tmp_path, "en")
    assert not [file for file in files_of(tmp_path / "out") if file.endswith(".part")]
    whole_run = conduct(comparison, originals([cat]))
    assert (len(names.asked), len(paints.asked)) == (1, 3), "nothing is paid for twice"
    assert whole(whole_run.pictures[0])


def test_ctrl_c_while_a_model_draws_ends_the_run_with_what_there_is(index: Index, cat: Path, tmp_path: Path) -> None:
    other = cat.with_name("dog.png")
    other.write_bytes(plain_file((0, 0, 99)))
    paints = Paints(errors=[None, None, None, None, KeyboardInterrupt()])
    outcome = conduct(made(index, tmp_path, drawer=paints), originals([cat, other], TRUE))
    assert (outcome.interrupted, [one.name for one in outcome.pictures]) == (True, ["cat.png"])


# -- which pictures ---------------------------------------------------------------------------------------------------


def test_a_prompt_is_the_one_given_or_what_was_drawn_from_or_the_caption(cat: Path) -> None:
    assert original(cat).prompt == TRUE
    assert original(cat, "mine").prompt == "mine"
    cat.with_suffix(".json").write_text(json.dumps({"file": "cat.png", "prompt": "blue, drawn"}))
    assert original(cat).prompt == "blue, drawn"


def test_what_cannot_be_an_original_is_passed_over_with_the_reason(index: Index, cat: Path, tmp_path: Path) -> None:
    folder = cat.parent
    (folder / "copy.png").write_bytes(cat.read_bytes())
    (folder / "empty.png").write_bytes(b"")
    (folder / "drawing.svg").write_text("<svg/>")
    comparison = Comparison(index, Colours(), folder / "out", drawer=Paints())
    for _ in range(2):
        outcome = conduct(comparison, originals(picture_files([folder], folder / "out")))
        assert [one.name for one in outcome.pictures] == ["cat.png"], "its own pictures are no originals"
        reasons = {one.path.name: one.reason for one in outcome.skipped}
        assert reasons.keys() == {"copy.png", "empty.png", "drawing.svg"}
        assert reasons["copy.png"].startswith("the same picture as ")
        assert "SVG" in reasons["drawing.svg"]
    with pytest.raises(NotFoundError, match=r"no picture could be compared: empty\.png: .*"):
        conduct(comparison, originals([folder / "empty.png"]))
    with pytest.raises(NotFoundError, match="no file or directory"):
        picture_files([folder / "absent.png"], tmp_path)


def test_a_picture_without_a_direction_is_passed_over_and_the_rest_goes_on(
    index: Index, cat: Path, tmp_path: Path
) -> None:
    black = cat.with_name("black.png")
    black.write_bytes(plain_file((0, 0, 0)))
    outcome = conduct(made(index, tmp_path), originals([black, cat]))
    assert [one.name for one in outcome.pictures] == ["cat.png"]
    assert [one.path for one in outcome.skipped] == [black]
    assert "zero" in outcome.skipped[0].reason


def test_a_long_prompt_is_found_word_for_word(index: Index, cat: Path, tmp_path: Path) -> None:
    long = "red red green, " * 400 + '"as told"; 빨강 {$eq}'
    with Pinecone(path=tmp_path / "data", models=colour_registry()) as pc:
        pc.Index("prompts").upsert_records("", [{"_id": "long", "text": long}, {"_id": "twice", "text": long}])
    done = made(index, tmp_path).compare(original(cat, long))
    assert (done.known, done.rank, done.found[0].id) == (True, 1, "long")
    assert not made(index, tmp_path).compare(original(cat, long + "!")).known


def test_a_top_k_that_cannot_be_is_refused(index: Index, tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match="top_k is 0: give 1 to 10,000"):
        made(index, tmp_path, top_k=0)


# -- over many pictures -----------------------------------------------------------------------------------------------


def several(index: Index, tmp_path: Path, **given: Any) -> Outcome:
    """Six pictures: of the true prompt at rank 1, 3, 4, one that is not in the index, one that nobody knows, a copy."""
    folder = tmp_path / "several"
    folder.mkdir(exist_ok=True)
    truths = {"a": (ORANGE, TRUE), "b": ((202, 101, 0), "red"), "c": ((204, 102, 0), "blue"),
              "d": ((206, 103, 0), "green"), "e": ((208, 104, 0), "")}  # fmt: skip
    for name, (colour, prompt) in truths.items():
        (folder / f"{name}.png").write_bytes(plain_file(colour))
        if prompt:
            (folder / f"{name}.txt").write_text(prompt)
    return conduct(made(index, tmp_path, **given), originals(picture_files([folder], tmp_path / "out")))


def test_figures_over_several_pictures_are_those_worked_out_by_hand(index: Index, tmp_path: Path) -> None:
    outcome = several(index, tmp_path)
    assert [(one.known, one.rank) for one in outcome.pictures] == [
        (True, 1), (True, 3), (True, 4), (False, None), (False, None),
    ]  # fmt: skip
    found = figures(outcome.pictures)
    assert {name: one.mean for name, one in found.retrieval.items()} == {
        "R@1": pytest.approx(1 / 3), "R@3": pytest.approx(2 / 3), "MRR": pytest.approx((1 + 1 / 3 + 1 / 4) / 3),
    }  # fmt: skip
    assert found.retrieval["R@1"] == bootstrap([1.0, 0.0, 0.0])
    assert {way: one.n for way, one in found.likeness.items()} == {"b": 5, "c": 4, "d": 5}
    green, red = 1 / math.sqrt(5), 2 / math.sqrt(5)
    assert found.likeness["c"].mean == pytest.approx((1 + red + 0 + green) / 4, abs=SLACK)
    assert {pair: test.difference.n for pair, test in found.between.items()} == {"b-c": 4, "b-d": 5, "c-d": 4}
    assert found.between["b-c"].difference.mean == pytest.approx(red - (1 + red + green) / 4, abs=SLACK)
    # b is further from the original than d by the same amount in all five: 2 of the 32 signs reach as far.
    assert found.between["b-d"].difference.mean == pytest.approx(red - 1, abs=SLACK)
    assert found.between["b-d"].p == pytest.approx(2 / 32)
    assert found.described.tokens is not None
    assert (found.described.tokens.prompt_tokens, found.described.tokens.completion_tokens) == (5000, 10)


def test_chance_is_what_an_original_has_in_common_with_the_others(index: Index, tmp_path: Path) -> None:
    outcome = several(index, tmp_path)
    vectors = vectors_of(outcome.pictures, tmp_path / "out")
    assert vectors is not None
    assert vectors.shape == (5, 3)
    pairs = [float(vectors[a] @ vectors[b]) for a in range(5) for b in range(5) if a != b]
    unrelated = figures(outcome.pictures, vectors).unrelated
    assert unrelated is not None
    assert (unrelated.mean, unrelated.n) == (pytest.approx(sum(pairs) / 20, abs=1e-6), 5)
    three = np.array([[1, 0, 0], [0, 1, 0], [0.6, 0.8, 0]], np.float32)
    by_hand = figures([], three).unrelated
    assert by_hand is not None
    assert by_hand.mean == pytest.approx((0.3 + 0.4 + 0.7) / 3)
    assert figures(outcome.pictures[:1], vectors[:1]).unrelated is None
    (tmp_path / "out" / outcome.pictures[0].folder / "a.npy").write_bytes(b"")
    assert vectors_of(outcome.pictures, tmp_path / "out") is None
    assert vectors_of(several(index, tmp_path).pictures[1:], tmp_path / "out") is not None


def test_a_figure_that_no_picture_has_is_not_there(index: Index, cat: Path, tmp_path: Path) -> None:
    found = figures([made(index, tmp_path, describer=None).compare(original(cat, "green"))])
    assert (found.retrieval, found.between) == ({}, {})
    assert set(found.likeness) == {"c", "d"}
    assert figures([]).likeness == {}


def test_a_true_prompt_beyond_the_ranks_counts_as_never_found() -> None:
    one: Compared = Compared(
        "a.png", "", "a", "red", True, None, (), Description(), dict.fromkeys("bcd", Way()), {}, ""
    )
    found = figures([one]).retrieval
    assert [interval.mean for interval in found.values()] == [0, 0, 0]


def test_costs_are_told_where_prices_are_known(index: Index, tmp_path: Path) -> None:
    outcome = several(index, tmp_path)
    found = results(outcome, figures(outcome.pictures), Prices(reading=2.0, writing=10.0, picture=0.04))
    # Five descriptions of 1,000 and 2 tokens; three pictures of each original but one.
    assert found["spent"]["describe"]["cost"] == pytest.approx(5 * (1000 * 2 + 2 * 10) / 1e6)
    assert found["spent"]["draw"]["cost"] == pytest.approx(14 * 0.04)
    assert found["spent"]["cost"] == pytest.approx(5 * 0.00202 + 14 * 0.04)
    assert found["pictures"][4]["cost"] == pytest.approx(0.00202 + 2 * 0.04)
    unknown = results(outcome, figures(outcome.pictures), Prices())
    assert (unknown["spent"]["cost"], unknown["pictures"][0]["cost"]) == (None, None)


# -- files ------------------------------------------------------------------------------------------------------------


def test_everything_is_saved(index: Index, tmp_path: Path) -> None:
    outcome = several(index, tmp_path)
    remarks = saved(outcome, tmp_path, "en")
    assert remarks == []
    folder = tmp_path / "out" / outcome.pictures[0].folder
    assert files_of(folder) == [
        "a.npy", "a.webp", "b/all-red-1.json", "b/all-red-1.png", "c/red-red-green-1.json", "c/red-red-green-1.png",
        "d/red-red-green-1.json", "d/red-red-green-1.png", "description.json", "result.json", "sheet.png",
    ]  # fmt: skip
    sheet = read_picture((folder / "sheet.png").read_bytes(), name="sheet")
    assert sheet.pixels.shape[1] > 4 * 320
    drawn = read_picture((folder / "c" / "red-red-green-1.png").read_bytes(), name="c")
    assert tuple(drawn.pixels[0, 0]) == (255, 128, 0)
    kept = json.loads((tmp_path / "out" / "results.json").read_text())
    assert kept == json.loads(json.dumps(results(outcome, figures(outcome.pictures), Prices())))
    assert [one["rank"] for one in kept["pictures"]] == [1, 3, 4, None, None]
    assert kept["settings"]["index"] == "prompts"


def test_the_sheet_shows_the_four_pictures_in_order(index: Index, cat: Path, tmp_path: Path) -> None:
    outcome = conduct(made(index, tmp_path, describer=None), originals([cat], "blue"))
    saved(outcome, tmp_path, "en")
    file = tmp_path / "out" / outcome.pictures[0].folder / "sheet.png"
    pixels = read_picture(file.read_bytes(), name="sheet").pixels
    # Cells of 320 pixels, 12 apart; pictures of 4 pixels are not made larger, so that they lie in the middle.
    a, b, c, d = (tuple(map(int, pixels[12 + 160, 12 + at * 332 + 160])) for at in range(4))
    assert a == pytest.approx(ORANGE, abs=12)
    assert (b, c, d) == ((255, 255, 255), (0, 0, 255), (255, 128, 0))


def test_a_sheet_is_made_once_and_in_each_language(index: Index, cat: Path, tmp_path: Path) -> None:
    comparison = made(index, tmp_path)
    outcome = conduct(comparison, originals([cat]))
    saved(outcome, tmp_path, "en")
    file = tmp_path / "out" / outcome.pictures[0].folder / "sheet.png"
    first = file.stat().st_mtime_ns
    saved(conduct(comparison, originals([cat])), tmp_path, "ko")
    saved(conduct(comparison, originals([cat])), tmp_path, "en")
    assert file.stat().st_mtime_ns == first
    assert file.with_name("sheet.ko.png").read_bytes() != file.read_bytes()


def test_skipped_files_are_in_the_results(index: Index, cat: Path, tmp_path: Path) -> None:
    outcome = conduct(made(index, tmp_path), [Skipped(Path("x.png"), "broken"), original(cat)])
    found = results(outcome, figures(outcome.pictures), Prices())
    assert found["skipped"] == [{"path": "x.png", "reason": "broken"}]
