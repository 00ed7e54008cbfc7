"""What people wrote of their pictures: in files beside them, and in lists."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, Final

import orjson

from pinyon.errors import InvalidRequestError, NotFoundError
from pinyon.types import Metadata

__all__ = ["Caption", "ManifestRow", "RefusedRow", "read_manifest", "sidecar_caption"]

MAXIMUM_SIDECAR: Final = 1_000_000
"""Bytes of a file beside a picture."""
MAXIMUM_ROW: Final = 1_000_000
"""Bytes of a line of a list."""
_TEXTS: Final = (".caption", ".txt")
_CAPTION_KEYS: Final = ("caption", "text")
_PATH_KEYS: Final = ("path", "file_name", "file")
_TAG_KEY: Final = "tags"


@dataclass(frozen=True, slots=True)
class Caption:
    """text: the caption, or "". tags: in order, each once. metadata: other facts, of kinds that a record can have.
    left_out: names of facts that a record cannot have, such as nested ones, to be told."""

    text: str = ""
    tags: tuple[str, ...] = ()
    metadata: Metadata = field(default_factory=dict)
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ManifestRow:
    """A picture of a list. path: where it is. source: the path as the list has it. id: as the list has it, or "".
    where: ``list.jsonl:12``, for messages."""

    path: Path
    source: str
    where: str
    caption: Caption
    id: str = ""


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A line of a list that names no picture, and why."""

    where: str
    reason: str


def sidecar_caption(picture: Path) -> Caption:
    """What the files beside ``cat.jpg`` say: ``cat.caption`` and ``cat.txt`` (text, of one caption), and ``cat.json``.

    The JSON object may have ``caption`` or ``text``, and ``tags`` (a list, or words between commas); the rest is
    metadata. Texts that differ are joined, a line each, in that order. Without such files the caption is empty.
    Raises InvalidRequestError, naming the file, where one is not UTF-8, not JSON or over a megabyte.
    """
    texts = [_plain(_content(file)) for suffix in _TEXTS if (file := picture.with_suffix(suffix)).is_file()]
    beside = picture.with_suffix(".json")
    if not beside.is_file():
        return Caption(_joined(texts))
    said = _caption(_object(_content(beside).encode(), str(beside)), str(beside))
    return Caption(_joined([*texts, said.text]), said.tags, said.metadata, said.left_out)


def read_manifest(manifest: Path, *, root: Path | None = None) -> Iterator[ManifestRow | RefusedRow]:
    """The pictures of a list in JSON lines, in order, in constant memory but for their paths.

    Every line is an object with ``path`` (or ``file_name`` or ``file``), ``id`` if there is one, and what a sidecar's
    JSON may have. Paths are relative to ``root``, by default the list's folder, and must lead below it: a list that
    comes with pictures should not name other files of this machine. A picture that is listed twice is refused the
    second time. Whether the files are there is not looked at. Raises NotFoundError.
    """
    if not manifest.is_file():
        raise NotFoundError(f"no file {str(manifest)!r}: check the spelling and the working directory")
    base = (root if root is not None else manifest.parent).resolve()
    listed: dict[Path, int] = {}
    with manifest.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            where = f"{manifest}:{number}"
            try:
                row = _row(line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line, base, where)
            except InvalidRequestError as error:
                yield RefusedRow(where, error.message.removeprefix(f"{where}: "))
                continue
            first = listed.setdefault(row.path, number)
            yield row if first == number else RefusedRow(where, f"{row.source!r} is listed in line {first} already")


def _row(line: bytes, base: Path, where: str) -> ManifestRow:
    if len(line) > MAXIMUM_ROW:
        raise InvalidRequestError(f"{where}: {len(line):,} bytes, over {MAXIMUM_ROW:,}")
    found = _object(line, where)
    key = next((key for key in _PATH_KEYS if key in found), None)
    if key is None:
        raise InvalidRequestError(f"{where}: no {_PATH_KEYS[0]!r}: each line must name a picture's file")
    source, id = found.pop(key), found.pop("id", "")
    if not isinstance(source, str) or not source.strip() or "\0" in source:
        raise InvalidRequestError(f"{where}: {key} is {source!r}: give the name of a file")
    if not isinstance(id, str | int) or isinstance(id, bool):
        raise InvalidRequestError(f"{where}: id is {id!r}: give a string")
    return ManifestRow(_below(source, base, where), source, where, _caption(found, where), str(id))


def _below(source: str, base: Path, where: str) -> Path:
    if "://" in source:
        raise InvalidRequestError(f"{where}: {source!r} is an address, and nothing is downloaded: give a file")
    absolute = PurePosixPath(source).is_absolute() or PureWindowsPath(source).drive
    # Links are followed before the path is compared, so that none leads out.
    path = (base / source).resolve()
    if (absolute and not Path(source).is_absolute()) or not path.is_relative_to(base):
        raise InvalidRequestError(
            f"{where}: {source!r} is not below {str(base)!r}: move it there, or give another root"
        )
    return path


def _caption(found: dict[str, Any], where: str) -> Caption:
    texts = []
    for key in _CAPTION_KEYS:
        text = found.pop(key, None)
        if text is not None and not isinstance(text, str):
            raise InvalidRequestError(f"{where}: {key} is {text!r}: give a string")
        texts.append(_plain(text or ""))
    tags = _tags(found.pop(_TAG_KEY, None), where)
    kept = {key: value for key, value in found.items() if _storable(value)}
    left_out = tuple(key for key, value in found.items() if key not in kept and value is not None)
    return Caption(_joined(texts), tags, kept, left_out)


def _tags(value: object, where: str) -> tuple[str, ...]:
    tags = value.split(",") if isinstance(value, str) else value
    if tags is None:
        return ()
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise InvalidRequestError(f"{where}: tags is {value!r}: give a list of strings, or one with commas")
    return tuple(dict.fromkeys(tag for tag in map(_plain, tags) if tag))


def _storable(value: object) -> bool:
    return isinstance(value, str | bool | int | float) or (
        isinstance(value, list) and all(isinstance(item, str) for item in value)
    )


def _joined(texts: list[str]) -> str:
    """A line each, none empty, none twice."""
    return "\n".join(dict.fromkeys(line for text in texts for line in text.split("\n") if line))


def _plain(text: str) -> str:
    """In one line. Apple's tools write Korean decomposed."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def _object(content: bytes, where: str) -> dict[str, Any]:
    try:
        found = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise InvalidRequestError(f"{where}: not JSON ({error}): give one object in UTF-8") from None
    if not isinstance(found, dict):
        raise InvalidRequestError(f"{where}: a {type(found).__name__}, not a JSON object")
    return found


def _content(file: Path) -> str:
    try:
        if file.stat().st_size > MAXIMUM_SIDECAR:
            raise InvalidRequestError(f"{str(file)!r} has over {MAXIMUM_SIDECAR:,} bytes: no caption is as long")
        return file.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidRequestError(f"{str(file)!r} is not UTF-8 text: save it as UTF-8") from None
    except OSError as error:
        raise InvalidRequestError(f"{str(file)!r} cannot be read: {error.strerror or error}") from None
