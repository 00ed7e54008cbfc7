"""The practice of the book's chapter: in process, and with one line changed by the official SDKs against a server."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from ecosystem.running import Programs, example, in_process
from models.tiny_models import save_sentence_model
from pinyon import Pinecone

PRACTICE = example("book_chapter_12")
OURS = "from pinyon import Pinecone, ServerlessSpec\n"
THEIRS = "from pinecone import Pinecone, ServerlessSpec\n"
NAMESPACE = "llm-book-sub"


@pytest.fixture
def with_the_sdk(tmp_path: Path) -> Path:
    """The practice with the one line changed."""
    text = PRACTICE.read_text(encoding="utf-8")
    assert text.count(OURS) == 1
    changed = tmp_path / PRACTICE.name
    changed.write_text(text.replace(OURS, THEIRS), encoding="utf-8")
    return changed


def test_the_practice_leaves_what_it_says(tmp_path: Path) -> None:
    lines = in_process(tmp_path, PRACTICE)
    assert lines[:2] == ["100 sentences, 512 numbers each", "upserted: 100"]
    assert lines[2] == "1.000  0   학생이 아침 일찍 책을 읽는다."
    assert lines[-1] == "left: 99"
    with Pinecone(path=tmp_path / "data") as pc:
        records = pc.Index("llm-book").fetch(["0", "1", "2"], namespace=NAMESPACE).vectors
        assert records.keys() == {"0", "2"}
        assert records["0"].metadata == {"text": "강아지가 마당에서 뛰어논다."}
        [again] = pc.inference.embed("use-multilingual", ["강아지가 마당에서 뛰어논다."])
        assert records["0"].values == pytest.approx(again.values, abs=1e-6)


@pytest.mark.parametrize("place", ["sdk7", "sdk10"])
def test_with_one_line_changed_an_official_sdk_sees_the_same(
    place: str, with_the_sdk: Path, programs: Programs, tmp_path: Path
) -> None:
    lines = programs.run(place, with_the_sdk)
    assert lines == in_process(tmp_path, PRACTICE)
    held = programs.held("llm-book", NAMESPACE)
    assert len(held) == 99
    assert held["0"] == {"text": "강아지가 마당에서 뛰어논다."}


def test_the_practice_takes_another_model_and_sentences_of_ones_own(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    sentences = tmp_path / "sentences.txt"
    sentences.write_text("A cat sleeps.\nA dog barks.\nIt rains.\n" * 50, encoding="utf-8")
    lines = in_process(tmp_path, PRACTICE, "minilm-en", str(sentences))
    assert lines[0] == "100 sentences, 384 numbers each"
    assert lines[-1] == "left: 99"


def test_the_practice_runs_on_sentences_of_the_book_s_data_set(tmp_path: Path, shared_data: Path) -> None:
    """The book takes 100 sentences of its training part; here they are those of the development part."""
    parsed = (shared_data / "klue" / "klue-dp-v1.1_dev.tsv").read_text(encoding="utf-8").splitlines()
    said = [line.split("\t", 1)[1] for line in parsed if line.startswith("## klue-dp")]
    sentences = tmp_path / "sentences.txt"
    sentences.write_text("\n".join(said), encoding="utf-8")
    lines = in_process(tmp_path, PRACTICE, "use-multilingual", str(sentences))
    assert lines[1] == "upserted: 100"
    assert lines[2] == f"1.000  0   {said[0]}"
    assert lines[-1] == "left: 99"


@pytest.mark.torch
def test_the_practice_takes_a_pulled_model_of_the_hub_by_its_name(tmp_path: Path) -> None:
    pytest.importorskip("sentence_transformers", reason='needs pip install "pinyon[sentence-transformers]"')
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        save_sentence_model(tmp_path / "data" / "models" / "org--tiny")
    lines = in_process(tmp_path, PRACTICE, "st:org/tiny", warn="default")
    assert lines[0] == "100 sentences, 32 numbers each"
    assert lines[-1] == "left: 99"
