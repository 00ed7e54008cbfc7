"""Captions are read from files beside pictures and from lists; what cannot be used is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinyon.errors import InvalidRequestError, NotFoundError
from pinyon.pictures import Caption, ManifestRow, RefusedRow, read_manifest, sidecar_caption


def beside(folder: Path, **files: str | bytes) -> Path:
    """The path of cat.jpg, with files beside it by suffix."""
    for suffix, content in files.items():
        data = content.encode() if isinstance(content, str) else content
        (folder / f"cat.{suffix}").write_bytes(data)
    return folder / "cat.jpg"


def test_a_picture_without_files_beside_it_has_no_caption(tmp_path: Path) -> None:
    (tmp_path / "dog.txt").write_text("a dog")
    assert sidecar_caption(tmp_path / "cat.jpg") == Caption()


@pytest.mark.parametrize("suffix", ["txt", "caption"])
def test_a_text_beside_a_picture_is_its_caption(tmp_path: Path, suffix: str) -> None:
    path = beside(tmp_path, **{suffix: "\ufeff  상자 안의\n고양이 \n"})
    assert sidecar_caption(path) == Caption("상자 안의 고양이")


def test_a_json_object_beside_a_picture_has_caption_tags_and_facts(tmp_path: Path) -> None:
    said = {"caption": "a cat", "tags": ["pet", " grey  cat ", "pet", ""], "seed": 7, "by": "me", "x": None}
    found = sidecar_caption(beside(tmp_path, json=json.dumps(said)))
    assert found == Caption("a cat", ("pet", "grey cat"), {"seed": 7, "by": "me"})
    assert sidecar_caption(beside(tmp_path, json='{"tags": "pet, grey cat,pet"}')).tags == ("pet", "grey cat")


def test_facts_that_a_record_cannot_have_are_named(tmp_path: Path) -> None:
    said = {"text": "a cat", "exif": {"lens": 3}, "sizes": [1, 2], "colours": ["grey"], "nothing": None}
    found = sidecar_caption(beside(tmp_path, json=json.dumps(said)))
    assert found == Caption("a cat", (), {"colours": ["grey"]}, ("exif", "sizes"))


def test_all_that_is_said_is_kept_and_nothing_twice(tmp_path: Path) -> None:
    path = beside(tmp_path, caption="a cat", txt="grey, pet", json='{"caption": "a cat", "text": "one more"}')
    assert sidecar_caption(path).text == "a cat\ngrey, pet\none more"


def test_decomposed_korean_is_composed(tmp_path: Path) -> None:
    assert sidecar_caption(beside(tmp_path, txt="\u1100\u1169")).text == "고"
    assert sidecar_caption(beside(tmp_path, json='{"caption": "\u1100\u1169", "tags": "\u1100\u1169"}')) == Caption(
        "고", ("고",)
    )


@pytest.mark.parametrize(
    ("suffix", "content", "reason"),
    [
        ("txt", "고양이".encode("cp949"), "not UTF-8"),
        ("json", "고양이".encode("cp949"), "not UTF-8"),
        ("json", "{", "not JSON"),
        ("json", '["a cat"]', "a list, not a JSON object"),
        ("json", '{"caption": 3}', "caption is 3"),
        ("json", '{"tags": [1]}', r"tags is \[1\]"),
        ("json", '{"tags": 7}', "tags is 7"),
        ("caption", "x" * 1_000_001, "over 1,000,000 bytes"),
    ],
)
def test_a_file_that_says_nothing_sensible_is_refused_by_name(
    tmp_path: Path, suffix: str, content: str | bytes, reason: str
) -> None:
    with pytest.raises(InvalidRequestError, match=rf"cat\.{suffix}.*{reason}"):
        sidecar_caption(beside(tmp_path, **{suffix: content}))


def listed(folder: Path, *rows: Any, name: str = "list.jsonl", **options: Any) -> list[ManifestRow | RefusedRow]:
    lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    (folder / name).write_text("\n".join(lines), "utf-8")
    return list(read_manifest(folder / name, **options))


def test_every_line_of_a_list_is_a_picture_with_its_facts(tmp_path: Path) -> None:
    where = str(tmp_path / "list.jsonl")
    assert listed(
        tmp_path,
        "\ufeff" + json.dumps({"path": "a/cat.jpg", "caption": "a cat", "year": 2024}),
        "",
        {"file_name": "고양이.png", "id": 7, "tags": ["pet"]},
        {"file": "b.png", "text": "b", "id": "x", "deep": {}},
    ) == [
        ManifestRow(tmp_path / "a/cat.jpg", "a/cat.jpg", f"{where}:1", Caption("a cat", (), {"year": 2024})),
        ManifestRow(tmp_path / "고양이.png", "고양이.png", f"{where}:3", Caption("", ("pet",)), "7"),
        ManifestRow(tmp_path / "b.png", "b.png", f"{where}:4", Caption("b", (), {}, ("deep",)), "x"),
    ]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("{", "not JSON"),
        ("[1]", "a list, not a JSON object"),
        ({"caption": "x"}, "no 'path'"),
        ({"path": 3}, "path is 3"),
        ({"path": " "}, "path is ' '"),
        ({"path": "a\0b"}, "path is"),
        ({"path": "x.png", "id": [1]}, "id is [1]"),
        ({"path": "x.png", "id": True}, "id is True"),
        ({"path": "x.png", "caption": []}, "caption is []"),
        ({"path": "../x.png"}, "'../x.png' is not below"),
        ({"path": "/etc/passwd"}, "'/etc/passwd' is not below"),
        ({"path": "C:\\x.png"}, "is not below"),
        ({"path": "https://example.com/x.png"}, "is an address, and nothing is downloaded"),
        ({"path": "x.png", "text": "y" * 1_000_000}, "bytes, over 1,000,000"),
    ],
)
def test_a_line_that_cannot_be_used_is_told_and_the_rest_goes_on(tmp_path: Path, row: Any, reason: str) -> None:
    first, refused, last = listed(tmp_path, {"path": "1.png"}, row, {"path": "3.png"})
    assert isinstance(first, ManifestRow)
    assert isinstance(last, ManifestRow)
    assert isinstance(refused, RefusedRow)
    assert refused.where == f"{tmp_path / 'list.jsonl'}:2"
    assert refused.where not in refused.reason
    assert reason in refused.reason


def test_a_picture_that_is_listed_twice_is_told(tmp_path: Path) -> None:
    _, again, other = listed(tmp_path, {"path": "a.png"}, {"path": "x/../a.png"}, {"path": "b.png"})
    assert again == RefusedRow(f"{tmp_path / 'list.jsonl'}:2", "'x/../a.png' is listed in line 1 already")
    assert isinstance(other, ManifestRow)


def test_a_link_that_leads_out_is_refused(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "secret.png").write_bytes(b"")
    (inside / "link.png").symlink_to(tmp_path / "secret.png")
    [row] = listed(inside, {"path": "link.png"})
    assert isinstance(row, RefusedRow)
    [row] = listed(inside, {"path": "inside/link.png"}, root=tmp_path)
    assert isinstance(row, ManifestRow)
    assert row.path == tmp_path / "secret.png"


def test_absolute_paths_below_the_root_are_taken(tmp_path: Path) -> None:
    [row] = listed(tmp_path, {"path": str(tmp_path / "a.png")})
    assert isinstance(row, ManifestRow)
    assert row.path == tmp_path / "a.png"


def test_a_list_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"no-list\.jsonl"):
        list(read_manifest(tmp_path / "no-list.jsonl"))


@given(line=st.binary(max_size=60))
def test_lines_of_any_bytes_are_rows_or_refused(line: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("any")
    (folder / "list.jsonl").write_bytes(line.replace(b"\n", b"") + b'\n{"path": "last.png"}\n')
    *_, last = read_manifest(folder / "list.jsonl")
    assert isinstance(last, ManifestRow)
