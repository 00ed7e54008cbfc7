"""A folder of documents comes in: what cannot be read is named with the reason, and only what changed is touched."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from cli.waiting import wait_for_records
from pinyon.app.known import KIND
from pinyon.engine import Database
from pinyon.rag.documents import load
from pinyon.rag.files import FoundFile, Skipped, find

sys.path.append(str(Path(__file__).resolve().parents[2]))

from benchmarks._office import docx_file, hwp_file, hwp_paragraph, pdf_file, pptx_file, word_paragraph

Program = Callable[..., Any]
posix = pytest.mark.skipif(sys.platform == "win32", reason="a matter of POSIX")
not_root = pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="for root and on Windows no file is closed"
)


def counts(answer: Any) -> tuple[int, int, int, int]:
    found = answer.json
    return found["embedded"], found["stored"], found["unchanged"], found["removed"]


def statuses(answer: Any) -> dict[str, str]:
    return {Path(one["path"]).name: one.get("reason", one["status"]) for one in answer.json["documents"]}


def stored(data: Path, name: str = "docs") -> dict[str, dict[str, Any]]:
    with Database(data) as database:
        return {record.id: dict(record.metadata or {}) for record in database.index(name).iterate("")}


def sentences(word: str, many: int) -> str:
    return "\n\n".join(
        f"Note {number} tells of {word}: it comes in {number % 97} boxes a day." for number in range(many)
    )


def aged(path: Path, seconds: int = 3_600) -> Path:
    """The file as if it had been written an hour ago: a time that is younger proves nothing."""
    then = time.time_ns() - seconds * 10**9
    os.utime(path, ns=(then, then))
    return path


# -- what cannot be read ----------------------------------------------------------------------------------------------


@posix
def test_every_bad_file_is_named_with_its_reason_and_the_rest_comes_in(
    pinyon: Program, data: Path, tmp_path: Path
) -> None:
    pytest.importorskip("pypdfium2")
    pytest.importorskip("olefile")
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "good.pdf").write_bytes(pdf_file([["The train is late."]]))
    (folder / "good.docx").write_bytes(docx_file(word_paragraph("The bus is early.")))
    (folder / "good.hwp").write_bytes(hwp_file(hwp_paragraph("배가 늦습니다.")))
    (folder / "secret.pdf").write_bytes(pdf_file([["x"]], encrypted=True))
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 nothing")
    (folder / "scan.pdf").write_bytes(pdf_file([[], []]))
    (folder / "program.txt").write_bytes(b"\x7fELF\2\1\1\0\0\0\0\0\0\0\0\0\3\0>\0")
    (folder / "empty.txt").touch()
    (folder / "blank.md").write_text(" \n\n\t\n")
    (folder / "odd.txt").write_bytes(bytes(range(1, 256)))
    (folder / "cut.docx").write_bytes(docx_file(word_paragraph("text"))[:400])
    with (folder / "huge.txt").open("wb") as file:
        file.truncate(200_000_000)
    (folder / "round").symlink_to(folder, target_is_directory=True)
    (folder / "self.txt").symlink_to(folder / "self.txt")
    os.mkfifo(folder / "pipe.txt")
    answer = pinyon("ingest", "docs", folder, "--json")
    found = statuses(answer)
    assert {name for name, told in found.items() if told == "read"} == {"good.pdf", "good.docx", "good.hwp"}
    told = {
        "secret.pdf": "an encrypted PDF",
        "broken.pdf": "a broken PDF",
        "scan.pdf": "a PDF without text (2 pages)",
        "program.txt": "binary",
        "empty.txt": "empty",
        "blank.md": "holds no text",
        "odd.txt": "no other encoding fits",
        "cut.docx": "a broken zip file",
        "huge.txt": "200,000,000 bytes",
        "round": "a link to a directory",
        "self.txt": "a link that leads nowhere",
        "pipe.txt": "neither a file nor a directory",
    }
    assert set(found) == {*told, "good.pdf", "good.docx", "good.hwp"}
    assert all(reason in found[name] for name, reason in told.items())
    assert {id_.partition("#")[0] for id_ in stored(data)} == {"good.pdf", "good.docx", "good.hwp"}
    assert len(answer.json["skipped"]) == len(told)
    again = pinyon("ingest", "docs", folder, "--json")
    assert counts(again) == (0, 0, 3, 0)
    assert {name: reason for name, reason in statuses(again).items() if name in told} == {
        name: found[name] for name in told
    }


@not_root
def test_what_may_not_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "closed.txt").write_text("x")
    (tmp_path / "closed.txt").chmod(0)
    (tmp_path / "room").mkdir(mode=0)
    found = list(find([tmp_path]))
    skipped = [load(one) if isinstance(one, FoundFile) else one for one in found]
    assert [one.reason for one in skipped if isinstance(one, Skipped)] == [
        "cannot be read: Permission denied",
        "cannot be listed: Permission denied",
    ]


def test_a_file_that_vanishes_meanwhile_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    [found] = find([tmp_path])
    (tmp_path / "a.txt").unlink()
    assert isinstance(found, FoundFile)
    skipped = load(found)
    assert isinstance(skipped, Skipped)
    assert skipped.reason == "cannot be read: No such file or directory"


def test_two_names_that_differ_in_composition_alone_are_told_apart(tmp_path: Path) -> None:
    for form in ("NFC", "NFD"):
        (tmp_path / unicodedata.normalize(form, "휴가.txt")).write_text(form)
    if len(list(tmp_path.iterdir())) < 2:
        pytest.skip("this file system holds one of them only")
    found = list(find([tmp_path]))
    assert sum(isinstance(one, FoundFile) for one in found) == 1
    assert any("once Unicode is normalised" in one.reason for one in found if isinstance(one, Skipped))


def test_a_missing_package_is_named_with_the_command_and_the_file_is_read_once_it_is_there(
    pinyon: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pypdfium2")
    (tmp_path / "a.txt").write_text("hello")
    aged(tmp_path / "a.pdf") if (tmp_path / "a.pdf").write_bytes(pdf_file([["x"]])) else None
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "pypdfium2", None)
        found = statuses(pinyon("ingest", "docs", tmp_path, "--json"))
        assert found == {
            "a.pdf": 'PDF files need a package more: pip install "pinyon[documents]"',
            "a.txt": "read",
        }
    assert statuses(pinyon("ingest", "docs", tmp_path, "--json"))["a.pdf"] == "read"


def test_a_file_that_broke_keeps_the_chunks_of_its_last_good_state(pinyon: Program, data: Path, tmp_path: Path) -> None:
    file = tmp_path / "a.docx"
    file.write_bytes(docx_file(word_paragraph("The bus is early.")))
    pinyon("ingest", "docs", file)
    file.write_bytes(b"PK\3\4 cut off")
    assert "a broken zip file" in statuses(pinyon("ingest", "docs", file, "--json"))["a.docx"]
    assert stored(data)["a.docx#0"]["text"] == "The bus is early."
    file.write_bytes(b"")
    assert counts(pinyon("ingest", "docs", file, "--json")) == (0, 0, 0, 1)


def test_a_file_that_broke_and_was_deleted_leaves_nothing(pinyon: Program, data: Path, tmp_path: Path) -> None:
    (tmp_path / "stays.txt").write_text("stays")
    file = tmp_path / "a.docx"
    file.write_bytes(docx_file(word_paragraph("The bus is early.")))
    pinyon("ingest", "docs", tmp_path)
    file.write_bytes(b"PK\3\4 cut off")
    pinyon("ingest", "docs", tmp_path)
    file.unlink()
    assert counts(pinyon("ingest", "docs", tmp_path, "--json")) == (0, 0, 1, 1)
    assert list(stored(data)) == ["stays.txt#0"]


# -- what changed -----------------------------------------------------------------------------------------------------


def test_a_new_paragraph_at_the_top_is_all_that_is_embedded(pinyon: Program, data: Path, tmp_path: Path) -> None:
    body = "\n\n".join(f"## Part {number}\n\nThe {number}th part is about itself." for number in range(6))
    file = tmp_path / "a.md"
    file.write_text(body)
    pinyon("ingest", "docs", file)
    with Database(data) as database:
        before = database.index("docs").fetch("", ["a.md#3"])["a.md#3"].values
    file.write_text(f"## New\n\nThis is new.\n\n{body}")
    assert counts(pinyon("ingest", "docs", file, "--json")) == (1, 6, 0, 0)
    with Database(data) as database:
        after = database.index("docs").fetch("", ["a.md#4"])["a.md#4"]
    assert after.metadata is not None
    assert after.metadata["text"] == "Part 3\nThe 3th part is about itself."
    assert before is not None
    assert after.values is not None
    assert np.array_equal(before, after.values)


def test_offsets_pages_and_sections_are_stored_with_a_chunk(pinyon: Program, data: Path, tmp_path: Path) -> None:
    (tmp_path / "a.pptx").write_bytes(pptx_file([("One", ["first"]), ("Two", ["second"])]))
    pinyon("ingest", "docs", tmp_path / "a.pptx")
    chunk = stored(data)["a.pptx#1"]
    assert {key: chunk[key] for key in ("heading", "page", "start", "end", "section_start", "section_end")} == {
        "heading": "Two", "page": 2, "start": 21, "end": 27, "section_start": 14, "section_end": 27,
    }  # fmt: skip


def test_a_file_of_the_same_size_and_time_is_not_read_again_unless_asked(
    pinyon: Program, data: Path, tmp_path: Path
) -> None:
    file = tmp_path / "a.txt"
    file.write_text("one")
    aged(file)
    pinyon("ingest", "docs", file)
    before = file.stat()
    file.write_text("two")
    os.utime(file, ns=(before.st_mtime_ns, before.st_mtime_ns))
    assert statuses(pinyon("ingest", "docs", file, "--json")) == {"a.txt": "unchanged"}
    assert statuses(pinyon("ingest", "docs", file, "--again", "--json")) == {"a.txt": "read"}
    assert stored(data)["a.txt#0"]["text"] == "two"


def test_a_file_that_was_just_written_is_compared_by_its_content(pinyon: Program, data: Path, tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("one")
    pinyon("ingest", "docs", file)
    before = file.stat()
    file.write_text("two")
    os.utime(file, ns=(before.st_mtime_ns, before.st_mtime_ns))
    assert statuses(pinyon("ingest", "docs", file, "--json")) == {"a.txt": "read"}
    aged(file)
    assert statuses(pinyon("ingest", "docs", file, "--json")) == {"a.txt": "unchanged"}


@pytest.mark.parametrize("change", ["chunk", "field", "memory", "size"])
def test_what_is_known_of_a_file_is_believed_only_while_everything_fits(
    pinyon: Program, data: Path, tmp_path: Path, change: str
) -> None:
    file = tmp_path / "a.txt"
    file.write_text(sentences("rain", 12))
    aged(file)
    pinyon("ingest", "docs", file)
    before = stored(data)
    more: list[object] = []
    if change == "chunk":
        pinyon("rm", "docs", "--id", "a.txt#1", "--yes")
    elif change == "size":
        more = ["--chunk-size", 200]
    else:
        with Database(data) as database:
            if change == "field":
                database.index("docs").update("", "a.txt#1", set_metadata={"digest": "other"})
            else:
                forget(database, tmp_path)
    answer = pinyon("ingest", "docs", file, *more, "--json")
    assert statuses(answer) == {"a.txt": "read"}
    assert (stored(data) == before) == (change != "size")
    assert counts(answer)[0] == {"chunk": 1, "field": 0, "memory": 0, "size": counts(answer)[0]}[change]
    assert statuses(pinyon("ingest", "docs", file, *more, "--json")) == {"a.txt": "unchanged"}


def forget(database: Database, root: Path) -> None:
    path = database.index("docs").path
    assert path is not None
    assert database.registry.remove(KIND, orjson.dumps([path.stem, "", ascii(str(root.resolve()))]).decode())


def test_what_a_user_added_to_a_chunk_stays_while_the_file_does(pinyon: Program, data: Path, tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("one")
    pinyon("ingest", "docs", file)
    with Database(data) as database:
        database.index("docs").update("", "a.txt#0", set_metadata={"checked": True})
    pinyon("ingest", "docs", file, "--again")
    assert stored(data)["a.txt#0"]["checked"] is True


# -- dry run and chunks -----------------------------------------------------------------------------------------------


def test_a_dry_run_tells_all_and_changes_nothing(pinyon: Program, data: Path, handbook: Path) -> None:
    answer = pinyon("ingest", "docs", handbook, "--dry-run", "--json")
    assert counts(answer) == (5, 0, 0, 0)
    assert answer.json["dry_run"] is True
    assert not data.exists()
    pinyon("ingest", "docs", handbook)
    (handbook / "rain.txt").unlink()
    (handbook / "new.txt").write_text("new words")
    before = stored(data)
    text = pinyon("ingest", "docs", handbook, "--dry-run").out
    assert text.startswith("4 files: 1 to embed, 4 unchanged, 1 to remove")
    assert stored(data) == before
    assert counts(pinyon("ingest", "docs", handbook, "--json")) == (1, 0, 4, 1)


def test_chunks_are_shown_with_their_offsets_and_nothing_is_stored(pinyon: Program, data: Path, tmp_path: Path) -> None:
    (tmp_path / "a.pptx").write_bytes(pptx_file([("One", ["first"]), ("Two", ["second"])], notes={0: "a\u200bb"}))
    answer = pinyon("chunks", tmp_path / "a.pptx")
    assert answer.out.splitlines()[:4] == ["a.pptx#0  7-23, page 1  One", "first", "", "Notes: ab"]
    assert "note: a.pptx: invisible characters left out: 1 zero-width" in answer.err
    found = pinyon("chunks", tmp_path / "a.pptx", "--json").json
    assert [found["text"][chunk["start"] : chunk["end"]] for chunk in found["chunks"]] == [
        "first\n\nNotes: ab",
        "second",
    ]
    assert (found["pages"], found["hidden"]) == ([0, 25], {"zero-width": 1})
    assert pinyon("chunks", tmp_path / "a.pptx", "--text").out == found["text"] + "\n"
    assert not data.exists()
    (tmp_path / "b.txt").write_bytes(b"\0\1\2")
    assert "(binary)" in pinyon("chunks", tmp_path / "b.txt", code=1).err


def test_tables_and_json_lines_are_documents_when_asked(pinyon: Program, data: Path, tmp_path: Path) -> None:
    (tmp_path / "faq.csv").write_text("question,answer\nwhy,because\n")
    (tmp_path / "log.jsonl").write_text('{"text": "a line"}\n')
    assert counts(pinyon("ingest", "docs", tmp_path, "--documents", "--json")) == (2, 0, 0, 0)
    assert stored(data)["faq.csv#0"]["text"] == "| question | answer |\n| why | because |"
    assert counts(pinyon("ingest", "docs", tmp_path / "log.jsonl", "--documents", "--json")) == (0, 0, 1, 0)


# -- interruptions ----------------------------------------------------------------------------------------------------


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["Ctrl-C", "kill"])
def test_after_an_interruption_every_file_is_there_as_a_whole_or_not_at_all_and_the_next_run_goes_on(
    pinyon: Program, spawn: Callable[..., subprocess.Popen[str]], data: Path, tmp_path: Path, number: signal.Signals
) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    for each in range(30):
        (folder / f"n{each:02}.txt").write_text(sentences(f"rain {each}", 90))
    with spawn("ingest", "docs", folder, "--json") as process:
        wait_for_records(data, process)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    after = whole_files(data)
    if number == signal.SIGINT:
        assert process.returncode == 130, err
        assert json.loads(out)["embedded"] == sum(after.values())
    assert len(set(after.values())) == 1
    last = pinyon("ingest", "docs", folder, "--json").json
    assert last["unchanged"] == sum(after.values())
    done = whole_files(data)
    assert len(done) == 30
    assert set(done.values()) == set(after.values())


def whole_files(data: Path) -> dict[str, int]:
    """Source -> how many of its chunks are stored."""
    found: dict[str, int] = {}
    for chunk in stored(data).values():
        found[chunk["source"]] = found.get(chunk["source"], 0) + 1
    return found


def test_a_large_file_is_written_in_one_transaction(pinyon: Program, data: Path, tmp_path: Path) -> None:
    (tmp_path / "small.txt").write_text("small")
    (tmp_path / "large.txt").write_text(sentences("rain", 3_000))
    answer = pinyon("ingest", "docs", tmp_path, "--json")
    assert counts(answer)[0] > 500
    with Database(data) as database:
        assert database.index("docs").lsn("") <= 2
