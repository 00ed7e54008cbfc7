"""The words of texts are kept beside the data: reopening reads no text again, unless it changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kiwi import needs_kiwi, without_kiwi
from pinyon.engine import Database, Index
from pinyon.engine.documents import Documents
from pinyon.engine.schema import documents_spec
from pinyon.index.analysis import Analyser
from pinyon.limits import DEFAULT
from pinyon.types import EmbedSpec, IndexSpec, Query, TextClause
from server.clients import WordModels

D = 8
EMBED = EmbedSpec("words", "words/1/aaaa", D, "cosine", {"text": "body"})
NAMES = "alpha beta gamma delta epsilon zeta theta".split()
TEXTS = [f"글 {number} 박물관에서 {NAMES[number % 7]} shared" for number in range(300)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@contextmanager
def opened(folder: Path, **settings: Any) -> Iterator[Index]:
    with Database(folder, **settings) as database:
        if not database.has_index("docs"):
            database.create_index(IndexSpec("docs", D, "cosine", embed=EMBED))
        yield database.index("docs")


def write(index: Index, texts: list[str], start: int = 0, namespace: str = "") -> None:
    vectors = np.random.default_rng(start).normal(size=(len(texts), D)).astype(np.float32)
    ids = [str(row) for row in range(start, start + len(texts))]
    index.upsert(namespace, ids, vectors, metadata=[{"body": text} for text in texts])


def found(index: Index, text: str, namespace: str = "") -> list[str]:
    return sorted(match.id for match in index.query(namespace, Query(1_000, text=(TextClause(text),))).matches)


@pytest.fixture
def read_texts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every text that is cut into words, as it happens."""
    seen: list[str] = []
    words = Analyser.words

    def watched(self: Analyser, text: str) -> list[str]:
        seen.append(text)
        return words(self, text)

    monkeypatch.setattr(Analyser, "words", watched)
    return seen


def read_of(seen: list[str]) -> list[str]:
    """Texts of records among those that were read."""
    return [text for text in seen if text.startswith("글")]


def test_reopening_reads_no_text_again(folder: Path, read_texts: list[str]) -> None:
    with opened(folder) as index:
        write(index, TEXTS)
        before = {word: found(index, word) for word in ("delta", "박물관", "shared", "nothing")}
        assert len(before["delta"]) == 43
        assert len(before["박물관"]) == 300
    assert sorted(read_of(read_texts)) == sorted(TEXTS)
    read_texts.clear()
    with opened(folder) as index:
        assert {word: found(index, word) for word in before} == before
    assert read_of(read_texts) == []


def test_scores_are_the_same_numbers_after_reopening(folder: Path) -> None:
    def scores() -> list[tuple[str, float]]:
        with opened(folder) as index:
            result = index.query("", Query(20, text=(TextClause("delta shared 박물관"),)))
            return [(match.id, match.score) for match in result.matches]

    with opened(folder) as index:
        write(index, TEXTS)
    first = scores()
    assert scores() == first


def test_only_what_was_written_since_is_read(folder: Path, read_texts: list[str]) -> None:
    with opened(folder) as index:
        write(index, TEXTS)
        found(index, "shared")
    with opened(folder) as index:  # nobody searches by words: the file stays as it is
        index.delete("", ["5", "6"])
        index.update("", "7", set_metadata={"body": "글 changed"})
        write(index, ["글 rewritten delta"], start=8)
        write(index, ["글 added delta", "글 added too"], start=1_000)
    read_texts.clear()
    with opened(folder) as index:
        assert found(index, "changed") == ["7"]
        assert found(index, "added") == ["1000", "1001"]
        expected = [str(row) for row in range(300) if row % 7 == 3 and row not in (5, 6, 7, 8)] + ["8", "1000"]
        assert found(index, "delta") == sorted(expected)
        assert len(found(index, "shared")) == 296
    assert sorted(read_of(read_texts)) == ["글 added delta", "글 added too", "글 changed", "글 rewritten delta"]


def test_any_history_finds_what_a_fresh_reading_finds(folder: Path) -> None:
    """Writes, searches and reopenings in turn, against a database that never kept anything."""
    rng = np.random.default_rng(9)
    texts: dict[str, str] = {}
    for _ in range(12):
        with opened(folder) as index:
            for _ in range(int(rng.integers(1, 4))):
                start, count = int(rng.integers(0, 250)), int(rng.integers(1, 90))
                fresh = [f"글 {rng.choice(['가방', '나무', 'parser'])} {rng.integers(5)}" for _ in range(count)]
                if rng.random() < 0.7:
                    write(index, fresh, start=start)
                    texts |= {str(start + row): text for row, text in enumerate(fresh)}
                else:
                    gone = [id_ for id_ in list(texts) if rng.random() < 0.3]
                    index.delete("", gone)
                    texts = {id_: text for id_, text in texts.items() if id_ not in gone}
                if rng.random() < 0.6:
                    found(index, "가방")
            for word in ("가방", "나무", "parser", "3"):
                assert found(index, word) == sorted(id_ for id_, text in texts.items() if word in text.split())


def test_words_of_few_records_are_not_kept(folder: Path) -> None:
    with opened(folder) as index:
        write(index, TEXTS[:20])
        found(index, "shared")
    assert not list(folder.rglob("*.texts.*.cache"))


def test_who_never_searches_by_words_keeps_none_and_reads_none(folder: Path, read_texts: list[str]) -> None:
    with opened(folder) as index:
        write(index, TEXTS)
        index.query("", Query(3, vector=np.ones(D)))
    assert read_of(read_texts) == []
    assert not list(folder.rglob("*.texts.*.cache"))


def test_each_namespace_has_words_of_its_own(folder: Path) -> None:
    with opened(folder) as index:
        write(index, TEXTS[:100], namespace="a")
        write(index, TEXTS[100:250], namespace="b")
        assert len(found(index, "shared", "a")) == 100
        assert len(found(index, "shared", "b")) == 150
    with opened(folder) as index:
        assert len(found(index, "shared", "b")) == 150
        assert len(found(index, "shared", "a")) == 100
    assert len(list(folder.rglob("*.texts.*.cache"))) == 2


def test_many_records_keep_their_words_in_the_background_too(folder: Path, read_texts: list[str]) -> None:
    texts = [f"글 {number} {NAMES[number % 7]}" for number in range(5_000)]
    with opened(folder) as index:
        write(index, texts)
        found(index, "delta")
        assert index.ready()
        assert list(folder.rglob("*.texts.*.cache"))
        index.delete("", [str(row) for row in range(2_500)])
        assert index.ready()
        assert len(found(index, "delta")) > 0
    read_texts.clear()
    with opened(folder) as index:
        ids = index.query("", Query(10_000, text=(TextClause("delta"),))).matches
        assert sorted(int(match.id) for match in ids) == [row for row in range(2_500, 5_000) if row % 7 == 3]
    assert read_of(read_texts) == []


def test_fields_with_a_schema_are_kept_as_well(folder: Path, read_texts: list[str]) -> None:
    fields: dict[str, Any] = {
        "title": {"type": "string", "full_text_search": {"language": "auto"}},
        "body": {"type": "string", "full_text_search": {}},
    }
    with Database(folder) as database:
        database.create_index(documents_spec(IndexSpec("docs", None, "cosine"), fields, WordModels(), DEFAULT))
        index = database.index("docs")
        rows = [{"_id": str(row), "title": f"글 제목 {row % 3}", "body": f"글 {NAMES[row % 5]}"} for row in range(200)]
        Documents(index, WordModels()).upsert("", rows)
        assert len(found(index, "delta")) == 40
    read_texts.clear()
    with opened(folder) as index:
        assert len(found(index, "delta")) == 40
        assert len(found(index, "제목")) == 200
    assert read_of(read_texts) == []


# -- when the file is of no use ---------------------------------------------------------------------------------------


@needs_kiwi
def test_words_are_read_anew_when_kiwi_came_or_went(folder: Path, read_texts: list[str]) -> None:
    with without_kiwi(), opened(folder) as index:
        write(index, TEXTS)
        assert len(found(index, "물관")) == 300  # a pair of syllables
    read_texts.clear()
    with opened(folder) as index:
        assert found(index, "물관") == []
        assert len(found(index, "박물관")) == 300
    assert len(read_of(read_texts)) == 300
    read_texts.clear()
    with opened(folder) as index:
        assert len(found(index, "박물관")) == 300
    assert read_of(read_texts) == []


def test_a_damaged_file_costs_time_and_nothing_else(folder: Path, read_texts: list[str]) -> None:
    with opened(folder) as index:
        write(index, TEXTS)
        before = found(index, "delta")
    [file] = folder.rglob("*.texts.*.cache")
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 0xFF
    file.write_bytes(bytes(data))
    read_texts.clear()
    with opened(folder) as index:
        assert found(index, "delta") == before
    assert len(read_of(read_texts)) == 300
    for left in folder.rglob("*.texts.*.cache"):
        left.unlink()
    with opened(folder) as index:
        assert found(index, "delta") == before


def test_a_database_that_may_not_be_written_searches_all_the_same(folder: Path) -> None:
    with opened(folder) as index:
        write(index, TEXTS)
    with opened(folder, read_only=True) as index:
        assert len(found(index, "shared")) == 300
    assert not list(folder.rglob("*.texts.*.cache"))
    with opened(folder) as index:
        found(index, "shared")
    with opened(folder, read_only=True) as index:
        assert len(found(index, "shared")) == 300
