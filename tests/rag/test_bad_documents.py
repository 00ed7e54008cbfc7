"""Files made to do harm, and files that are merely damaged: refused with the reason, in little time and memory."""

from __future__ import annotations

import io
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pinyon.rag.chunking import split
from pinyon.rag.documents import MAXIMUM_CHARACTERS, MAXIMUM_FILE, load, parse
from pinyon.rag.files import FoundFile, Skipped, find
from pinyon.rag.parsed import UnreadableError
from pinyon.rag.parsers.archive import MAXIMUM_DEPTH, MAXIMUM_ENTRIES

sys.path.append(str(Path(__file__).resolve().parents[2]))

from benchmarks._office import (
    compound_file,
    docx_file,
    hwp_file,
    hwp_paragraph,
    hwp_record,
    hwp_table,
    hwpx_file,
    hwpx_paragraph,
    hwpx_table,
    notebook_file,
    pdf_file,
    pptx_file,
    word_paragraph,
    word_table,
    zipped,
)

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    + "]><d>&i;</d>"
)


def refused(data: bytes, suffix: str) -> str:
    with pytest.raises(UnreadableError) as caught:
        parse(data, "file" + suffix, suffix=suffix)
    return caught.value.message


# -- bombs ------------------------------------------------------------------------------------------------------------


def test_a_part_that_unpacks_to_a_thousand_times_its_size_is_not_unpacked() -> None:
    huge = f"<w:document {W}><w:body>{' ' * 80_000_000}</w:body></w:document>"
    data = zipped({"word/document.xml": huge})
    assert len(data) < 100_000
    assert "looks like a zip bomb: the part 'word/document.xml'" in refused(data, ".docx")


def test_the_size_that_a_zip_file_states_is_not_believed() -> None:
    data = bytearray(zipped({"word/document.xml": f"<w:document {W}><w:body>{' ' * 8_000_000}</w:body></w:document>"}))
    central = data.rindex(b"PK\1\2")
    data[central + 24 : central + 28] = struct.pack("<I", 100)
    told = refused(bytes(data), ".docx")
    assert "zip bomb" in told or "cannot be unpacked" in told or "no XML" in told


def test_too_many_entries_are_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("word/document.xml", "<x/>")
        for number in range(MAXIMUM_ENTRIES):
            file.writestr(f"{number}", "")
    assert f"over {MAXIMUM_ENTRIES:,}" in refused(out.getvalue(), ".docx")


@pytest.mark.parametrize(
    ("name", "suffix", "more"),
    [
        ("word/document.xml", ".docx", {}),
        ("ppt/presentation.xml", ".pptx", {}),
        ("Contents/section0.xml", ".hwpx", {"Contents/header.xml": "<head/>"}),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_never_expanded(name: str, suffix: str, more: dict[str, str | bytes], encoding: str) -> None:
    assert "declares a document type" in refused(zipped({name: LAUGHS.encode(encoding), **more}), suffix)


def test_an_entity_that_names_a_file_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    part = f'<!DOCTYPE d [<!ENTITY x SYSTEM "{(tmp_path / "secret").as_uri()}">]><d>&x;</d>'
    assert "declares a document type" in refused(zipped({"word/document.xml": part}), ".docx")


def test_elements_nested_without_end_are_refused() -> None:
    deep = MAXIMUM_DEPTH * 20
    part = f"<w:document {W}>" + "<w:sdt>" * deep + "</w:sdt>" * deep + "</w:document>"
    assert "nested more than" in refused(zipped({"word/document.xml": part}), ".docx")


def test_a_packed_hangul_stream_is_unpacked_to_a_limit() -> None:
    pytest.importorskip("olefile")
    packer = zlib.compressobj(9, wbits=-15)
    bomb = b"".join(packer.compress(bytes(1_000_000)) for _ in range(70)) + packer.flush()
    header = b"HWP Document File".ljust(32, b"\0") + struct.pack("<II", 0x05000300, 1) + bytes(216)
    data = compound_file({"FileHeader": header, "DocInfo": bomb, "BodyText/Section0": b""})
    assert "looks like a bomb" in refused(data, ".hwp")


def test_records_nested_without_end_are_refused() -> None:
    pytest.importorskip("olefile")
    records = b"".join(hwp_record(66, level, b"") for level in range(1_000))
    assert "nested more than" in refused(hwp_file(records), ".hwp")


def test_a_page_of_nested_elements_without_end_is_read() -> None:
    page = "<div>" * 200_000 + "text" + "</div>" * 200_000
    assert parse(page.encode(), "a.html", suffix=".html").text == "text"


def test_a_notebook_nested_without_end_is_refused() -> None:
    assert "a broken notebook" in refused(b'{"cells":' + b"[" * 200_000 + b"]" * 200_000 + b"}", ".ipynb")


SLOW = {
    "dots.txt": "." * 300_000,
    "dots and spaces.txt": ". " * 150_000,
    "fences.md": "~" * 300_000,
    "comments.md": "<!--" * 75_000,
    "tags.md": "<a " * 100_000,
    "tags.html": "<a " * 100_000,
    "comments.html": "<!--" * 75_000,
    "instructions.html": "<?" * 150_000,
    "quotes.html": '<a x="' * 50_000 + ">",
    "statutes.txt": "제1조(" * 75_000,
    "parentheses.c": "int f(\n" * 40_000,
    "pipes.md": "|" * 300_000,
}


@pytest.mark.parametrize(("name", "text"), SLOW.items(), ids=SLOW)
def test_no_pattern_takes_time_by_the_square(name: str, text: str) -> None:
    """Each of these took minutes with a pattern that begins anew at every character, and takes moments now."""
    found = parse(text.encode(), name, suffix=name[name.index(".") :])
    split(found.text, style=found.style)


# -- large ones -------------------------------------------------------------------------------------------------------


def test_a_document_of_too_many_characters_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    told = refused(b"a" * (MAXIMUM_CHARACTERS + 1), ".txt")
    assert told.startswith(f"{MAXIMUM_CHARACTERS + 1:,} characters of text, over {MAXIMUM_CHARACTERS:,}")


def test_a_file_of_many_megabytes_is_not_even_opened(tmp_path: Path) -> None:
    path = tmp_path / "dump.txt"
    with path.open("wb") as file:
        file.truncate(MAXIMUM_FILE + 1)  # takes no room on the disk
    [found] = find([path])
    assert isinstance(found, FoundFile)
    skipped = load(found)
    assert isinstance(skipped, Skipped)
    assert "over 536,870,912: split it" in skipped.reason


def test_a_200_mb_file_in_a_directory_is_passed_over(tmp_path: Path) -> None:
    for name in ("a.log", "b.pdf"):
        with (tmp_path / name).open("wb") as file:
            file.truncate(200_000_000)
    reasons = [found.reason for found in find([tmp_path]) if isinstance(found, Skipped)]
    assert reasons == [
        "200,000,000 bytes, over 20,971,520: name the file itself to read it",
        "200,000,000 bytes, over 104,857,600: name the file itself to read it",
    ]


# -- damage -----------------------------------------------------------------------------------------------------------

SAMPLES: dict[str, Callable[[], bytes]] = {
    ".pdf": lambda: pdf_file([["휴가는 사무실에", "two"], ["three"]], title="t", outline=[("two", 0)]),
    ".docx": lambda: docx_file(word_paragraph("one", style="1") + word_table([["a", "b"], ["1", "2"]]), title="t"),
    ".pptx": lambda: pptx_file([("One", ["a", "b"])], notes={0: "n"}, tables={0: [["a"], ["1"]]}),
    ".hwpx": lambda: hwpx_file(hwpx_paragraph("하나", style=1) + hwpx_table([["가", "나"], ["1", "2"]])),
    ".hwp": lambda: hwp_file(hwp_paragraph("하나", style=1) + hwp_table([["가", "나"], ["1", "2"]]), flags=0),
    ".ipynb": lambda: notebook_file([("markdown", "# a", ""), ("code", "print(1)", "1\n")]),
    ".html": lambda: b"<h1>A</h1><table><tr><td>1<td>2</table><ul><li>x</ul><!-- c --><p style='display:none'>y</p>z",
    ".csv": lambda: b'a,b\n1,"two, three"\n',
    ".md": lambda: "# 가\n\n| a | b |\n| 1 | 2 |\n\n```\ncode\n```\n<!-- x -->".encode(),
}


NEEDED = {".pdf": "pypdfium2", ".hwp": "olefile"}


@pytest.mark.parametrize("suffix", SAMPLES)
@settings(max_examples=150)
@given(cut=st.floats(0, 1), changes=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=12))
def test_a_damaged_file_is_read_or_refused_and_nothing_else(
    suffix: str, cut: float, changes: list[tuple[float, int]]
) -> None:
    if suffix in NEEDED:
        pytest.importorskip(NEEDED[suffix])
    read_or_refuse(damaged(SAMPLES[suffix](), cut, changes), suffix)


@pytest.mark.parametrize("suffix", [".docx", ".pptx", ".hwpx"])
@settings(max_examples=150)
@given(
    part=st.integers(0, 8),
    cut=st.floats(0, 1),
    changes=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=4),
)
def test_a_damaged_part_within_a_good_zip_file_is_read_or_refused(
    suffix: str, part: int, cut: float, changes: list[tuple[float, int]]
) -> None:
    with zipfile.ZipFile(io.BytesIO(SAMPLES[suffix]())) as file:
        parts: dict[str, str | bytes] = {name: file.read(name) for name in file.namelist()}
    name = [*parts][part % len(parts)]
    content = parts[name]
    assert isinstance(content, bytes)
    parts[name] = damaged(content, cut, changes)
    read_or_refuse(zipped(parts), suffix)


def damaged(data: bytes, cut: float, changes: list[tuple[float, int]]) -> bytes:
    out = bytearray(data)
    for place, value in changes:
        out[int(place * (len(out) - 1))] = value
    return bytes(out[: len(out) if cut > 0.7 else int(cut * len(out))])


def read_or_refuse(data: bytes, suffix: str) -> None:
    try:
        found = parse(data, "file" + suffix, suffix=suffix)
    except UnreadableError:
        return
    split(found.text, style=found.style, pages=found.pages)


@given(st.binary(max_size=400), st.sampled_from([*SAMPLES, ".txt", ".py", ".jsonl", ""]))
def test_any_bytes_are_read_or_refused(data: bytes, suffix: str) -> None:
    try:
        found = parse(data, "file" + suffix, suffix=suffix)
    except UnreadableError:
        return
    found.text.encode("utf-8")
