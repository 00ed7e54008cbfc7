"""Every command does what its help says, for people and as JSON."""

from __future__ import annotations

import importlib.metadata
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pinyon.engine import Database

Program = Callable[..., Any]


def test_init_makes_a_data_directory_and_says_what_to_do_next(pinyon: Program, data: Path) -> None:
    assert "pinyon ingest docs ./my-folder" in pinyon("init").out
    assert (data / "catalog.sqlite").exists()
    assert pinyon("init", "--json").json == {"data": str(data), "created": False, "indexes": []}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--dimension", 3], (3, "cosine", "dense", "auto", None)),
        (["--dimension", 3, "--metric", "euclidean", "--index", "hnsw m 32"], (3, "euclidean", "dense", "hnsw", None)),
        (["--sparse"], (None, "dotproduct", "sparse", "auto", None)),
        (["--model", "use-multilingual", "--text-field", "body"], (512, "cosine", "dense", "auto", "body")),
    ],
)
def test_create_makes_an_index_of_each_sort(pinyon: Program, options: list[Any], expected: tuple[Any, ...]) -> None:
    found = pinyon("create", "new", *options, "--json").json
    keys = ("dimension", "metric", "vector_type", "text_field")
    assert tuple(found[key] for key in keys) == (*expected[:3], expected[4])
    assert found["index"]["kind"] == expected[3]
    assert [one["name"] for one in pinyon("ls", "--json").json["indexes"]] == ["new"]


@pytest.mark.parametrize("options", [[], ["--dimension", 3, "--sparse"], ["--dimension", 3, "--text-field", "x"]])
def test_create_refuses_what_makes_no_sense(pinyon: Program, data: Path, options: list[Any]) -> None:
    pinyon("create", "new", *options, code=2)
    assert not data.exists()


def test_create_tells_what_is_wrong_with_a_name(pinyon: Program) -> None:
    assert "lower-case letters, digits and hyphens" in pinyon("create", "No Good", "--dimension", 3, code=1).err
    pinyon("create", "twice", "--dimension", 3)
    assert "[ALREADY_EXISTS]" in pinyon("create", "twice", "--dimension", 3, code=1).err


def test_ls_shows_records_dimension_metric_model_and_size(pinyon: Program, vectors: str) -> None:
    heading, row = pinyon("ls").out.splitlines()
    assert heading.split() == ["name", "records", "dimension", "metric", "model", "size"]
    assert row.split()[:5] == ["vectors", "3", "3", "cosine", "-"]
    [found] = pinyon("ls", "--json").json["indexes"]
    assert found["records"] == 3
    assert found["bytes"] > 0


def test_info_shows_where_the_data_lies_and_how_large_it_is(pinyon: Program, vectors: str, data: Path) -> None:
    whole = pinyon("info", "--json").json
    assert (whole["data"], whole["indexes"], whole["records"]) == (str(data), 1, 3)
    pinyon("backup", vectors)
    found = pinyon("info", vectors, "--json").json
    [truth] = (data / "indexes").glob("*.sqlite")
    assert found["path"] == str(truth)
    assert found["bytes"]["truth"] >= truth.stat().st_size
    assert found["bytes"]["backups"] > 0
    [namespace] = found["namespaces"]
    assert (namespace["name"], namespace["records"], namespace["kind"], namespace["recall_estimate"]) == (
        "",
        3,
        "flat",
        None,
    )
    assert "(default)" in pinyon("info", vectors).out


def test_get_shows_records_and_names_those_that_are_missing(pinyon: Program, vectors: str) -> None:
    answer = pinyon("get", vectors, "a", "nobody", "b", "--values", "--json", code=3)
    assert answer.lines == [
        {"id": "a", "namespace": "", "values": [1, 0, 0], "metadata": {"year": 2020, "topic": "sun"}},
        {"id": "b", "namespace": "", "values": [0, 1, 0], "metadata": {"year": 2021, "topic": "moon"}},
    ]
    assert json.loads(answer.err)["error"] == {"code": "NOT_FOUND", "message": "no record 'nobody'", "exit_code": 3}
    assert pinyon("get", vectors, "a").out == "a\n  year: 2020\n  topic: sun\n"


def test_query_by_a_list_a_file_and_a_record_agree(pinyon: Program, vectors: str, tmp_path: Path) -> None:
    np.save(tmp_path / "q.npy", np.array([[1, 0, 0]]))
    by_list, by_file, by_id = (
        pinyon("query", vectors, *how, "-k", 2, "--json").json["matches"]
        for how in (["--vector", "[1, 0, 0]"], ["--vector", tmp_path / "q.npy"], ["--id", "a"])
    )
    assert [match["id"] for match in by_list] == ["a", "c"]
    assert by_list[1]["score"] == pytest.approx(0.7071, abs=1e-4)
    assert by_list == by_file == by_id


def test_query_filters_and_explains(pinyon: Program, vectors: str) -> None:
    arguments = ["query", vectors, "--vector", "[1, 0, 0]", "--filter", '{"topic": "moon"}']
    found = pinyon(*arguments, "--explain", "--exact", "--json").json
    assert [match["id"] for match in found["matches"]] == ["b"]
    assert (found["plan"]["matching"], found["plan"]["records"], found["plan"]["exact"]) == (1, 3, True)
    answer = pinyon(*arguments, "--explain")
    assert "1 of 3 records match" in answer.err
    assert answer.out.splitlines()[1].split(maxsplit=3) == ["1", "0.0000", "b", '{"year":2021,"topic":"moon"}']


def test_query_finds_by_sparse_values(pinyon: Program, tmp_path: Path) -> None:
    file = tmp_path / "s.jsonl"
    file.write_text('{"id": "x", "sparse_values": {"indices": [1, 5], "values": [0.5, 2]}}\n', encoding="utf-8")
    pinyon("ingest", "words", file)
    found = pinyon("query", "words", "--sparse", '{"indices": [5], "values": [3]}', "--json").json["matches"]
    assert [(match["id"], match["score"]) for match in found] == [("x", 6.0)]


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        ([], 2, "--vector, --id and --sparse"),
        (["--vector", "[1, 2"], 2, "not a JSON list"),
        (["--vector", "nowhere.npy"], 3, "no file 'nowhere.npy'"),
        (["--vector", "[1, 2]"], 1, "does not match the dimension of the index 3"),
        (["--vector", "[1, 0, 0]", "--filter", "[]"], 2, "is not a JSON object"),
        (["--vector", "[1, 0, 0]", "--filter", '{"a": {"$near": 1}}'], 1, "$near"),
        (["--vector", "[1, 0, 0]", "-k", 10_001], 1, "10001 is out of range"),
        (["--sparse", '{"indices": [1]}'], 2, '{"indices": [1, 7], "values": [0.5, 0.2]}'),
    ],
)
def test_query_says_what_is_wrong(pinyon: Program, vectors: str, options: list[Any], code: int, told: str) -> None:
    assert told in " ".join(pinyon("query", vectors, *options, code=code).err.replace("│", " ").split())


def test_an_unknown_id_or_namespace_finds_nothing_and_says_so(pinyon: Program, vectors: str) -> None:
    assert "no record 'zz' to search by" in pinyon("query", vectors, "--id", "zz").err
    assert "nothing in namespace 'elsewhere'" in pinyon("query", vectors, "--id", "a", "-n", "elsewhere").err


def test_an_unknown_index_gets_a_suggestion(pinyon: Program, vectors: str) -> None:
    answer = pinyon("query", "vektors", "--id", "a", code=3)
    assert "Did you mean 'vectors'?" in answer.err
    assert answer.out == ""
    assert "There is 'vectors'." in pinyon("get", "zzz", "a", code=3).err


def test_search_finds_by_meaning_in_english_and_korean_and_times_its_stages(pinyon: Program, handbook: Path) -> None:
    pinyon("ingest", "docs", handbook)
    found = pinyon("search", "docs", "휴가를 어떻게 신청하나요?", "-k", 1, "--explain", "--json").json
    assert found["matches"][0]["id"] == "guide/leave.md#1"
    assert list(found["milliseconds"]) == ["load model", "embed", "search", "fetch"]
    assert found["plan"]["matching"] == 5
    answer = pinyon("search", "docs", "wet weather", "-k", 1, "--filter", '{"source": {"$ne": "page.html"}}')
    assert answer.out.splitlines()[1].split()[2] == "rain.txt#0"
    assert re.search(r"time: load model .* ms, embed .* ms, search .* ms, fetch .* ms", answer.err)


def test_search_goes_by_words_by_meaning_or_by_both(pinyon: Program, handbook: Path) -> None:
    pinyon("ingest", "docs", handbook)
    both = pinyon("search", "docs", "휴가 신청", "--explain", "--json").json
    assert both["matches"][0]["parts"].keys() == {"dense", "lexical"}
    assert both["plan"]["fusion"]["method"] == "adaptive"
    words = pinyon("search", "docs", "휴가 신청", "--mode", "lexical", "--explain", "--json").json
    assert words["plan"]["kind"] == "text"
    assert {match["id"] for match in words["matches"]} == {
        match["id"] for match in both["matches"] if match["parts"]["lexical"] > 0
    }
    assert list(words["milliseconds"]) == ["search", "fetch"]
    dense = pinyon("search", "docs", "휴가 신청", "--mode", "dense", "--explain", "--json").json
    assert dense["plan"]["kind"] == "exact"
    assert "parts" not in dense["matches"][0]
    ranks = pinyon("search", "docs", "휴가", "--fusion", '{"method": "rrf", "constant": 20}', "--explain")
    assert "fusion: method rrf, constant 20" in ranks.err
    assert ranks.out.splitlines()[0].split() == ["rank", "score", "dense", "lexical", "id", "text"]
    phrase = pinyon("search", "docs", '"휴가 신청" AND NOT 회의', "--mode", "lexical", "--query-string", "--json").json
    assert {match["id"] for match in phrase["matches"]} <= {match["id"] for match in words["matches"]}


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--mode", "words"], "mode 'words' is not one of dense, lexical, hybrid"),
        (["--fusion", "best"], "fusion method 'best' is not one of adaptive, weighted, rrf"),
        (["--fusion", "{"], "is not JSON"),
        (["--query-string"], "operators need --mode lexical"),
    ],
)
def test_search_says_which_ways_there_are(pinyon: Program, handbook: Path, options: list[str], told: str) -> None:
    pinyon("ingest", "docs", handbook)
    error = pinyon("search", "docs", "a", *options, code=2).err
    assert told in " ".join(error.replace("│", " ").split())


def test_search_needs_an_index_with_a_model(pinyon: Program, vectors: str) -> None:
    assert "has no embedding model" in pinyon("search", vectors, "hello", code=1).err
    pinyon("search", vectors, " ", code=2)


@pytest.mark.parametrize(
    ("options", "left"),
    [
        (["--id", "a", "--id", "zz"], ["b", "c"]),
        (["--filter", '{"topic": "sun"}'], ["b"]),
        (["--filter", '{"topic": "rain"}'], ["a", "b", "c"]),
        (["--all"], []),
    ],
)
def test_rm_removes_what_it_was_told(
    pinyon: Program, vectors: str, data: Path, options: list[str], left: list[str]
) -> None:
    removed = pinyon("rm", vectors, *options, "--yes", "--json").json["removed"]
    with Database(data) as database:
        assert [record.id for record in database.index(vectors).iterate("")] == left
    assert removed == 3 - len(left)


def test_rm_removes_an_index(pinyon: Program, vectors: str) -> None:
    assert pinyon("rm", vectors, "--index", "--yes", "--json").json == {
        "index": vectors,
        "removed_index": True,
        "removed": 3,
    }
    assert pinyon("ls", "--json").json["indexes"] == []


def test_rm_wants_to_know_what(pinyon: Program, vectors: str) -> None:
    pinyon("rm", vectors, "--yes", code=2)
    pinyon("rm", vectors, "--all", "--id", "a", "--yes", code=2)


@pytest.mark.parametrize("options", [["--id", "a"], ["--filter", '{"year": 2020}'], ["--all"], ["--index"]])
def test_without_a_terminal_and_without_yes_nothing_is_removed(
    pinyon: Program, vectors: str, options: list[str]
) -> None:
    answer = pinyon("rm", vectors, *options, code=2)
    assert "add --yes" in answer.err
    assert pinyon("info", vectors, "--json").json["records"] == 3


def test_a_backup_is_made_listed_restored_and_deleted(pinyon: Program, vectors: str) -> None:
    made = pinyon("backup", vectors, "--note", "before", "--json").json
    assert (made["index"], made["records"], made["note"]) == (vectors, 3, "before")
    assert pinyon("backup", "--list", "--json").json["backups"] == [made]
    assert made["id"] in pinyon("backup", "--list").out
    restored = pinyon("restore", made["id"], "--as", "again", "--json").json
    assert restored == {"index": "again", "records": 3, "replaced_backup": None}
    assert "add --yes" in pinyon("backup", "--delete", made["id"], code=2).err
    assert pinyon("backup", "--delete", made["id"], "--yes", "--json").json == {"deleted": made["id"]}
    assert pinyon("backup", "--list", "--json").json["backups"] == []


def test_a_copy_moves_to_another_data_directory(pinyon: Program, vectors: str, tmp_path: Path) -> None:
    assert pinyon("backup", vectors, "--to", tmp_path / "copy", "--json").json["directory"] == str(tmp_path / "copy")
    pinyon("restore", tmp_path / "copy", "--as", "moved", "--data", tmp_path / "elsewhere")
    assert pinyon("info", "moved", "--data", tmp_path / "elsewhere", "--json").json["records"] == 3


def test_restoring_over_an_index_keeps_what_it_held_in_a_backup(pinyon: Program, vectors: str) -> None:
    first = pinyon("backup", vectors, "--json").json["id"]
    pinyon("rm", vectors, "--id", "a", "--yes")
    assert "add --yes" in pinyon("restore", first, "--as", vectors, code=2).err
    assert pinyon("info", vectors, "--json").json["records"] == 2
    replaced = pinyon("restore", first, "--as", vectors, "--yes", "--json").json["replaced_backup"]
    assert pinyon("info", vectors, "--json").json["records"] == 3
    pinyon("restore", replaced, "--as", "before")
    assert pinyon("info", "before", "--json").json["records"] == 2
    assert [one["name"] for one in pinyon("ls", "--json").json["indexes"]] == ["before", "vectors"]


def test_a_damaged_backup_replaces_nothing(pinyon: Program, vectors: str, data: Path) -> None:
    made = pinyon("backup", vectors, "--json").json["id"]
    [file] = (data / "backups" / made).glob("*.sqlite")
    flip(file, file.stat().st_size // 2)
    pinyon("restore", made, "--as", vectors, "--yes", code=4)
    assert pinyon("info", vectors, "--json").json["records"] == 3
    assert [one["name"] for one in pinyon("ls", "--json").json["indexes"]] == ["vectors"]


def test_an_unknown_backup_is_not_found(pinyon: Program, vectors: str) -> None:
    assert "no backup and no directory 'nothing'" in pinyon("restore", "nothing", "--as", "x", code=3).err
    pinyon("backup", "--delete", "nothing", "--yes", code=3)
    pinyon("backup", code=2)


def flip(file: Path, position: int) -> None:
    content = bytearray(file.read_bytes())
    content[position] ^= 0xFF
    file.write_bytes(content)


def damage_a_vector(data: Path) -> None:
    """Flips a byte of the vector of record c, which is found by its bytes."""
    [file] = (data / "indexes").glob("*.sqlite")
    flip(file, file.read_bytes().index(np.array([1, 1, 0], "<f4").tobytes()) + 1)


def test_verify_is_silent_about_a_sound_index(pinyon: Program, vectors: str) -> None:
    assert pinyon("verify", "--json").json == {"indexes": ["vectors"], "ok": True, "findings": []}
    assert "every byte is sound" in pinyon("verify", vectors).out


def test_verify_names_the_damaged_record_and_exits_with_4(pinyon: Program, vectors: str, data: Path) -> None:
    damage_a_vector(data)
    found = pinyon("verify", "--json", code=4).json
    assert not found["ok"]
    assert any("'c'" in one["place"] and one["file"].endswith(".sqlite") for one in found["findings"])


def test_repair_sets_the_damaged_record_aside(pinyon: Program, vectors: str, data: Path) -> None:
    damage_a_vector(data)
    assert "add --yes" in pinyon("repair", code=2).err
    found = pinyon("repair", "--yes", "--json").json
    assert found["repaired"]
    assert found["left"] == []
    assert pinyon("verify", "--json").json["ok"]
    assert pinyon("info", vectors, "--json").json["records"] == 2
    assert pinyon("repair", "--json").json == {"indexes": ["vectors"], "repaired": False, "findings": [], "left": []}


def test_compact_makes_deleted_content_unfindable(pinyon: Program, data: Path, tmp_path: Path) -> None:
    secret = "a-word-that-nobody-else-uses"
    (tmp_path / "s.jsonl").write_text(json.dumps({"id": "s", "values": [1, 2], "note": secret}), encoding="utf-8")
    pinyon("ingest", "vectors", tmp_path / "s.jsonl")
    pinyon("rm", "vectors", "--all", "--yes")
    [report] = pinyon("compact", "vectors", "--json").json["indexes"]
    assert report["index"] == "vectors"
    assert not report["blocked"]
    holding = [file for file in data.rglob("*") if file.is_file() and secret.encode() in file.read_bytes()]
    assert holding == []


def test_compact_deletes_old_backups_when_told(pinyon: Program, vectors: str) -> None:
    made = pinyon("backup", vectors, "--json").json["id"]
    assert "backup(s) still hold" in pinyon("compact").err
    assert pinyon("compact", "--backups-older-than", 1, "--json").json["backups_deleted"] == []
    pinyon("compact", "--backups-older-than", 0, code=2)
    assert pinyon("compact", "--backups-older-than", 0, "--yes", "--json").json["backups_deleted"] == [made]


def test_doctor_tries_the_disk_and_names_versions(pinyon: Program, vectors: str, data: Path) -> None:
    before = sorted(data.rglob("*"))
    found = pinyon("doctor", "--json").json
    assert found["ok"]
    status = {check["name"]: check["status"] for check in found["checks"]}
    assert {"python", "numpy", "apsw", "faiss-cpu", "sqlite", "write", "lock", "rename", "mmap", "disk space"} <= set(
        status
    )
    assert status["index vectors"] == "ok"
    assert status["backups"] == "warning"
    assert "pinyon backup vectors" in pinyon("doctor").out
    assert [path for path in sorted(data.rglob("*")) if "doctor" in path.name] == []
    assert {path for path in before if path.suffix == ".sqlite"} <= set(data.rglob("*"))


def test_a_directory_without_data_is_told_apart_and_not_made(pinyon: Program, data: Path, tmp_path: Path) -> None:
    for command in (["ls"], ["info"], ["verify"], ["backup", "--list"], ["get", "x", "1"], ["rm", "x", "--all", "-y"]):
        assert "pinyon init" in pinyon(*command, code=3).err
    assert not data.exists()
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").write_bytes(b"")
    assert "cat.jpg" in pinyon("ls", "--data", tmp_path / "photos", code=1).err


def test_options_may_stand_before_the_command(pinyon: Program, vectors: str, data: Path, tmp_path: Path) -> None:
    assert pinyon("--json", "ls").json == pinyon("ls", "--json").json
    pinyon("--data", tmp_path / "nowhere", "ls", code=3)
    pinyon("--data", tmp_path / "nowhere", "ls", "--data", data)


def test_the_version_is_that_of_the_package(pinyon: Program) -> None:
    try:
        expected = importlib.metadata.version("pinyon")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("pinyon is not installed, only on the path")
    assert pinyon("--version").out == f"pinyon {expected}\n"


def test_what_is_stored_cannot_steer_the_terminal(pinyon: Program, tmp_path: Path) -> None:
    file = tmp_path / "evil.jsonl"
    file.write_text(json.dumps({"id": "\x1b[31m", "values": [1, 0], "note": "\x1b]0;owned\x07"}), encoding="utf-8")
    pinyon("ingest", "vectors", file)
    for arguments in (["query", "vectors", "--vector", "[1, 0]"], ["get", "vectors", "\x1b[31m"]):
        assert "\x1b" not in pinyon(*arguments).out
