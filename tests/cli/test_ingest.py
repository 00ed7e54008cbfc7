"""Ingest embeds what changed, removes what is gone, and goes on after an interruption."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cli.waiting import wait_for_records
from pinyon.app.documents import source_id
from pinyon.engine import Database
from pinyon.rag.files import FoundFile, Skipped, find

Program = Callable[..., Any]


def counts(answer: Any) -> tuple[int, int, int, int]:
    found = answer.json
    return found["embedded"], found["stored"], found["unchanged"], found["removed"]


def stored(data: Path, name: str = "docs", namespace: str = "") -> dict[str, dict[str, Any]]:
    with Database(data) as database:
        return {record.id: dict(record.metadata or {}) for record in database.index(name).iterate(namespace)}


def test_a_directory_becomes_chunks_with_their_source(pinyon: Program, data: Path, handbook: Path) -> None:
    answer = pinyon("ingest", "docs", handbook, "--json")
    assert counts(answer) == (5, 0, 0, 0)
    found = stored(data)
    assert list(found) == ["guide/leave.md#0", "guide/leave.md#1", "korean.txt#0", "page.html#0", "rain.txt#0"]
    chunk = found["guide/leave.md#1"]
    assert len(chunk.pop("digest")) == 32
    assert chunk == {
        "text": "Leave > 휴가\n휴가는 사무실에 신청합니다.",
        "source": "guide/leave.md",
        "root": "handbook",
        "chunk": 1,
        "heading": "Leave > 휴가",
        "start": 56,
        "end": 71,
        "section_start": 49,
        "section_end": 71,
    }
    assert found["page.html#0"]["text"] == "Cats\nCats sleep all day."
    assert found["page.html#0"]["title"] == "Cats"


def test_files_that_are_not_read_are_reported_with_the_reason(pinyon: Program, handbook: Path) -> None:
    skipped = pinyon("ingest", "docs", handbook, "--json").json["skipped"]
    reasons = {Path(one["path"]).name: one["reason"] for one in skipped}
    assert set(reasons) == {"photo.png"}
    assert "reads text only" in reasons["photo.png"]


def test_korean_in_cp949_comes_in_without_an_option_and_the_report_says_so(
    pinyon: Program, data: Path, handbook: Path
) -> None:
    reports = pinyon("ingest", "docs", handbook, "--json").json["documents"]
    [korean] = [one for one in reports if one["path"].endswith("korean.txt")]
    assert (korean["status"], korean["encoding"], korean["warnings"]) == ("read", "cp949", ["read as cp949"])
    assert stored(data)["korean.txt#0"]["text"] == "한국어 문서입니다."


def test_an_encoding_that_is_named_counts_more_than_the_content(pinyon: Program, data: Path, tmp_path: Path) -> None:
    (tmp_path / "word.txt").write_bytes("한국어 문서입니다.".encode("cp949"))
    pinyon("ingest", "docs", tmp_path / "word.txt", "--encoding", "latin-1")
    assert stored(data)["word.txt#0"]["text"].startswith("ÇÑ±¹¾î")


def test_a_second_run_embeds_nothing(pinyon: Program, handbook: Path) -> None:
    pinyon("ingest", "docs", handbook)
    assert counts(pinyon("ingest", "docs", handbook, "--json")) == (0, 0, 5, 0)


def test_only_the_changed_chunk_is_embedded_and_chunks_that_are_gone_are_removed(
    pinyon: Program, data: Path, handbook: Path
) -> None:
    pinyon("ingest", "docs", handbook)
    (handbook / "guide" / "leave.md").write_text(
        "# Leave\n\nTo ask for leave, write to the office.\n", encoding="utf-8"
    )
    (handbook / "rain.txt").write_text("When it rains, stay in.\n", encoding="utf-8")
    assert counts(pinyon("ingest", "docs", handbook, "--json")) == (1, 0, 3, 1)
    assert list(stored(data)) == ["guide/leave.md#0", "korean.txt#0", "page.html#0", "rain.txt#0"]
    assert stored(data)["rain.txt#0"]["text"] == "When it rains, stay in."


def test_the_chunks_of_a_deleted_file_go_unless_they_are_to_stay(pinyon: Program, data: Path, handbook: Path) -> None:
    pinyon("ingest", "docs", handbook)
    (handbook / "rain.txt").unlink()
    assert counts(pinyon("ingest", "docs", handbook, "--no-prune", "--json")) == (0, 0, 4, 0)
    assert counts(pinyon("ingest", "docs", handbook, "--glob", "*.md", "--json")) == (0, 0, 2, 1)
    assert list(stored(data)) == ["guide/leave.md#0", "guide/leave.md#1", "korean.txt#0", "page.html#0"]


def test_another_directory_of_the_same_name_is_pruned_only_when_asked(
    pinyon: Program, data: Path, handbook: Path, tmp_path: Path
) -> None:
    pinyon("ingest", "docs", handbook)
    twin = tmp_path / "elsewhere" / "handbook"
    twin.mkdir(parents=True)
    (twin / "new.txt").write_text("New words.", encoding="utf-8")
    assert counts(pinyon("ingest", "docs", twin, "--json")) == (1, 0, 0, 0)
    assert counts(pinyon("ingest", "docs", twin, "--prune", "--json")) == (0, 0, 1, 5)
    assert list(stored(data)) == ["new.txt#0"]


def test_pruning_needs_a_directory(pinyon: Program, handbook: Path) -> None:
    assert "needs a directory" in pinyon("ingest", "docs", handbook / "rain.txt", "--prune", code=1).err


def test_a_file_named_alone_has_the_same_id_as_in_its_directory(pinyon: Program, data: Path, handbook: Path) -> None:
    pinyon("ingest", "docs", handbook)
    assert counts(pinyon("ingest", "docs", handbook / "rain.txt", "--json")) == (0, 0, 1, 0)


def test_another_directory_does_not_replace_documents_of_the_same_name(
    pinyon: Program, data: Path, handbook: Path, tmp_path: Path
) -> None:
    pinyon("ingest", "docs", handbook)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "rain.txt").write_text("other", encoding="utf-8")
    told = pinyon("ingest", "docs", tmp_path / "other", code=1).err
    assert "'rain.txt#0' of the directory 'other' would replace that of the directory 'handbook'" in told
    assert stored(data)["rain.txt#0"]["text"] == "When it rains, take an umbrella."
    pinyon("ingest", "docs", tmp_path / "other", "--root", tmp_path)
    assert "other/rain.txt#0" in stored(data)


def test_a_new_chunk_size_leaves_no_old_chunks(pinyon: Program, data: Path, tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text("A sentence of some words stands here. " * 40, encoding="utf-8")
    pinyon("ingest", "docs", tmp_path / "long.txt", "--chunk-size", 100)
    many = len(stored(data))
    pinyon("ingest", "docs", tmp_path / "long.txt", "--chunk-size", 800)
    few = stored(data)
    assert len(few) < many
    assert all(len(chunk["text"]) <= 800 for chunk in few.values())


def test_ids_are_ascii_and_short_whatever_the_file_is_called(tmp_path: Path) -> None:
    names = ["한글 문서 #1.md", "가" * 80 + ".md", "가" * 79 + "나.md", "a b&c.md"]
    ids = []
    for name in names:
        (tmp_path / name).write_text("x", encoding="utf-8")
        ids.append(source_id(FoundFile(tmp_path / name, tmp_path, name, True)))
    assert ids[0] == "%ED%95%9C%EA%B8%80%20%EB%AC%B8%EC%84%9C%20%231.md#"
    assert ids[3] == "a%20b&c.md#"
    assert all(id_.isascii() and len(id_) <= 490 for id_ in ids)
    assert len(set(ids)) == 4


def test_a_decomposed_korean_name_is_the_same_document(tmp_path: Path) -> None:
    import unicodedata

    (tmp_path / unicodedata.normalize("NFD", "휴가.md")).write_text("x", encoding="utf-8")
    [found] = find([tmp_path])
    assert isinstance(found, FoundFile)
    assert found.source == unicodedata.normalize("NFC", "휴가.md")


def test_a_directory_that_links_to_itself_is_walked_once(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x", encoding="utf-8")
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    assert [found.source for found in find([tmp_path, tmp_path / "a.txt"]) if isinstance(found, FoundFile)] == ["a.txt"]


def test_record_files_in_a_directory_wait_to_be_named(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("{}", encoding="utf-8")
    [skipped] = find([tmp_path])
    assert isinstance(skipped, Skipped)
    assert skipped.reason == "a .jsonl file of records: name it itself to read it"


def lines(path: Path, *records: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def test_json_lines_with_texts_are_embedded_once(pinyon: Program, data: Path, tmp_path: Path) -> None:
    file = lines(
        tmp_path / "t.jsonl", {"id": "1", "text": "cats", "year": 2020}, {"_id": "2", "text": "dogs", "tags": ["x"]}
    )
    assert counts(pinyon("ingest", "docs", file, "--json")) == (2, 0, 0, 0)
    assert stored(data) == {"1": {"text": "cats", "year": 2020}, "2": {"text": "dogs", "tags": ["x"]}}
    assert counts(pinyon("ingest", "docs", file, "--json")) == (0, 0, 2, 0)


def test_a_record_whose_metadata_alone_changed_keeps_its_vector(pinyon: Program, data: Path, tmp_path: Path) -> None:
    pinyon("ingest", "docs", lines(tmp_path / "t.jsonl", {"id": "1", "text": "cats", "year": 2020, "old": True}))
    with Database(data) as database:
        before = database.index("docs").fetch("", ["1"])["1"].values
    file = lines(tmp_path / "t.jsonl", {"id": "1", "text": "cats", "year": 2021})
    assert counts(pinyon("ingest", "docs", file, "--json")) == (0, 1, 0, 0)
    assert stored(data) == {"1": {"text": "cats", "year": 2021}}
    with Database(data) as database:
        after = database.index("docs").fetch("", ["1"])["1"].values
    assert before is not None
    assert np.array_equal(before, after)


def test_the_last_of_equal_ids_wins(pinyon: Program, data: Path, tmp_path: Path) -> None:
    pinyon("ingest", "docs", lines(tmp_path / "t.jsonl", {"id": "1", "text": "cats"}, {"id": "1", "text": "dogs"}))
    assert stored(data) == {"1": {"text": "dogs"}}


def test_json_lines_with_values_make_an_index_of_their_dimension(pinyon: Program, vectors: str, tmp_path: Path) -> None:
    assert pinyon("info", vectors, "--json").json["dimension"] == 3
    assert counts(pinyon("ingest", vectors, tmp_path / "three.jsonl", "--json")) == (0, 0, 3, 0)


def test_csv_columns_become_metadata_of_their_kind(pinyon: Program, data: Path, tmp_path: Path) -> None:
    file = tmp_path / "faq.csv"
    file.write_text('number,question,year,zip,ok,empty\n7,"why, so?",2020,007,true,\n', encoding="utf-8-sig")
    pinyon("ingest", "docs", file, "--id-column", "number", "--text-column", "question")
    assert stored(data) == {"7": {"text": "why, so?", "year": 2020, "zip": "007", "ok": True}}
    pinyon("ingest", "docs", file, "--id-column", "number", "--text-column", "question", "--strings")
    assert stored(data)["7"]["year"] == "2020"


def test_parquet_rows_become_records(pinyon: Program, data: Path, tmp_path: Path) -> None:
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    parquet.write_table(
        arrow.table({"id": ["a", "b"], "text": ["cats", "dogs"], "n": [1, None]}), tmp_path / "t.parquet"
    )
    pinyon("ingest", "docs", tmp_path / "t.parquet")
    assert stored(data) == {"a": {"text": "cats", "n": 1}, "b": {"text": "dogs"}}


@pytest.mark.parametrize("ids", ['["x", "y"]', '[\n"x",\n"y"\n]\n', "x\ny\n"])
def test_npy_rows_take_their_ids_from_a_file(pinyon: Program, data: Path, tmp_path: Path, ids: str) -> None:
    np.save(tmp_path / "v.npy", np.eye(2, 4))
    (tmp_path / "ids").write_text(ids, encoding="utf-8")
    assert counts(pinyon("ingest", "vectors", tmp_path / "v.npy", "--ids", tmp_path / "ids", "--json")) == (0, 2, 0, 0)
    assert list(stored(data, "vectors")) == ["x", "y"]


BAD = {
    "not json": ("t.jsonl", '{"id": "1", "text": "a"}\n{oops\n', "t.jsonl:2: not JSON"),
    "a list": ("t.jsonl", "[]\n", "t.jsonl:1: a list"),
    "no id": ("t.jsonl", '{"text": "a"}\n', "t.jsonl:1: no field 'id' or '_id'"),
    "no id column": ("t.csv", "a,text\n1,x\n", "t.csv:2: no field 'id' or '_id'"),
    "too many cells": ("t.csv", "id,text\n1,x,y\n", "t.csv:2: 3 cells, but the header has 2"),
    "text a number": ("t.jsonl", '{"id": "1", "text": 3}\n', "t.jsonl:1: 'text' is a int"),
    "not npy": ("t.npy", "hello", "no file"),
}


@pytest.mark.parametrize(("name", "content", "told"), BAD.values(), ids=BAD)
def test_a_bad_file_is_named_with_its_line(pinyon: Program, tmp_path: Path, name: str, content: str, told: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert told in pinyon("ingest", "docs", tmp_path / name, code=3 if name == "t.npy" else 1).err


def test_text_needs_an_index_with_a_model(pinyon: Program, vectors: str, handbook: Path, tmp_path: Path) -> None:
    assert "has no embedding model" in pinyon("ingest", vectors, handbook, code=1).err
    file = lines(tmp_path / "t.jsonl", {"id": "1", "text": "cats"})
    assert "record '1' has text and no values" in pinyon("ingest", vectors, file, code=1).err
    assert (
        "has no embedding model, not 'use-multilingual'"
        in pinyon("ingest", vectors, file, "--model", "use-multilingual", code=1).err
    )


def test_nothing_to_read_makes_no_index(pinyon: Program, tmp_path: Path, data: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "nothing to read" in pinyon("ingest", "docs", tmp_path / "empty", code=3).err
    assert "no file or directory" in pinyon("ingest", "docs", tmp_path / "missing", code=3).err
    with Database(data) as database:
        assert database.list_indexes() == []


def test_an_interrupted_run_goes_on_without_duplicates(
    pinyon: Program, spawn: Callable[..., subprocess.Popen[str]], data: Path, tmp_path: Path
) -> None:
    records = [
        {"id": f"r{n:05}", "text": f"Note {n}: the {n % 97}th train of platform {n % 13} is late."} for n in range(6000)
    ]
    file = lines(tmp_path / "many.jsonl", *records)
    with spawn("ingest", "docs", file, "--json") as process:
        wait_for_records(data, process)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    first = json.loads(out)
    assert first["interrupted"]
    assert "the same command goes on from there" in err
    assert 0 < first["embedded"] < 6000
    assert len(stored(data)) == first["embedded"]
    second = pinyon("ingest", "docs", file, "--json").json
    assert second["unchanged"] == first["embedded"]
    assert second["embedded"] == 6000 - first["embedded"]
    assert list(stored(data)) == [record["id"] for record in records]
