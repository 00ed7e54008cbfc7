"""Picture files as entries: pixels for the model, and what is known of them as metadata."""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import orjson

from pinyon.app import PICTURE_SIDE
from pinyon.app.ingestor import RESERVED, Entry
from pinyon.errors import InvalidRequestError, MissingExtraError
from pinyon.pictures import (
    SUFFIXES,
    Caption,
    RefusedRow,
    perceptual_hash,
    read_manifest,
    read_picture,
    read_with_info,
    sidecar_caption,
    thumbnail,
)
from pinyon.rag.documents import digest_of
from pinyon.rag.files import FoundFile, Skipped, find
from pinyon.types import EmbedSpec, Match, Picture, Record

__all__ = [
    "PICTURE_READER",
    "PICTURE_SUFFIXES",
    "PictureReader",
    "found_pictures",
    "is_list",
    "is_picture",
    "listed",
    "thumbnail_in",
    "without_captions",
]

PICTURE_READER: Final = 1
"""Revision of how pictures become entries. Raise it whenever a change alters any: files are then read again."""

PICTURE_SUFFIXES: Final = frozenset({*SUFFIXES, ".svg"})
"""SVG too, so that why it is not read is told."""
BESIDE: Final = (".caption", ".txt", ".json")
"""Suffixes of the files beside a picture that describe it."""
MAXIMUM_FILE: Final = 512 * 1024**2
SMALL: Final = "data:image/webp;base64,"
"""What the small copy of a picture begins with, in its record's metadata."""


def is_picture(path: Path) -> bool:
    """By the suffix alone."""
    return path.suffix.lower() in PICTURE_SUFFIXES


def found_pictures(paths: Sequence[Path]) -> Iterator[FoundFile | Skipped]:
    """The pictures at or under the paths, each once, in a stable order; what is passed over comes with the reason.

    Other files of a directory are left out silently. Raises NotFoundError.
    """
    for found in find(paths, also=PICTURE_SUFFIXES):
        if isinstance(found, FoundFile):
            if found.named or is_picture(found.path):
                yield found
        elif is_picture(found.path) or found.path.is_dir():
            yield found


def without_captions(files: Sequence[FoundFile | Skipped]) -> list[FoundFile | Skipped]:
    """The files without those that only describe a picture beside them."""
    beside = {
        caption
        for file in files
        if isinstance(file, FoundFile) and is_picture(file.path)
        for caption in map(file.path.with_suffix, BESIDE)
    }
    return [file for file in files if file.path not in beside or (isinstance(file, FoundFile) and file.named)]


def listed(lists: Sequence[Path]) -> tuple[list[FoundFile | Skipped], dict[Path, Caption]]:
    """The pictures that lists (jsonl of ``path`` and what is known) name, and what they say of each.

    Raises what ``read_manifest`` raises.
    """
    files: list[FoundFile | Skipped] = []
    captions: dict[Path, Caption] = {}
    for manifest in lists:
        root = manifest.parent.resolve()
        for row in read_manifest(manifest):
            if isinstance(row, RefusedRow):
                files.append(Skipped(Path(row.where), row.reason))
            else:
                path = row.path.parent.resolve() / row.path.name
                captions[path] = row.caption
                files.append(FoundFile(path, root, row.source, True))
    return files, captions


def is_list(path: Path) -> bool:
    """Whether a file of JSON lines is a list of pictures: its first line names one."""
    if path.suffix.lower() not in (".jsonl", ".ndjson"):
        return False
    first = next(iter(read_manifest(path)), None)
    return first is not None and not isinstance(first, RefusedRow) and is_picture(first.path)


class PictureReader:
    """Reads pictures for an index.

    embed: of the index: a caption is kept in its text field, so that it is found by its words too, and the digest of
    the file in its image field, which says that the vector is the picture's. captions: of lists, which count more than
    what files beside a picture say. with_captions: the vector of a picture that has a caption is that of both.
    """

    def __init__(self, embed: EmbedSpec, captions: Mapping[Path, Caption], *, with_captions: bool = False) -> None:
        self._text_field = embed.field_map.get("text", "text")
        self._image_field = embed.field_map.get("image", "image")
        self._captions = captions
        self._with_captions = with_captions

    def beside(self, path: Path) -> list[str]:
        """What is said of a picture in the files beside it, as texts: another caption makes another entry."""
        try:
            caption = self._caption(path)
        except InvalidRequestError as error:  # told when the picture is read
            return [error.message]
        told = [caption.text, *caption.tags, orjson.dumps(caption.metadata).decode()]
        return [*told, "in the vector"] if self._embedded(caption) else told

    def entry(self, path: Path, id: str, source: str, root: str) -> tuple[Entry, str, tuple[str, ...]] | Skipped:
        """The entry of a file, the digest of its bytes, and what is worth knowing; or why it cannot be read."""
        try:
            size = path.stat().st_size
            if size > MAXIMUM_FILE:
                return Skipped(path, f"{size:,} bytes, over {MAXIMUM_FILE:,}: make a smaller copy of the picture")
            data = path.read_bytes()
            caption = self._caption(path)
            picture, facts = read_with_info(data, name=source, longest=PICTURE_SIDE)
        except OSError as error:
            return Skipped(path, f"cannot be read: {error.strerror or error}")
        except MissingExtraError as error:
            return Skipped(path, error.message)
        except InvalidRequestError as error:
            return Skipped(path, error.message, lasting=True)
        digest = digest_of(data)
        embedded = self._embedded(caption)
        metadata: dict[str, Any] = {
            "source": source,
            "root": root,
            "modality": ["image", "text"] if embedded else "image",
            "width": facts.width,
            "height": facts.height,
            "format": facts.format,
            "taken": facts.taken or None,
            "camera": facts.camera or None,
            "likeness": f"{perceptual_hash(picture):016x}",
            "thumbnail": SMALL + b64encode(thumbnail(picture)).decode("ascii"),
            "digest": digest,
            self._image_field: picture.digest,
            **self._said(caption),
        }
        warnings = (f"{facts.frames} frames: only the first is looked at",) if facts.frames > 1 else ()
        return Entry(id, metadata, text=embedded, picture=picture), digest, warnings

    def _embedded(self, caption: Caption) -> str | None:
        """What of a caption goes into the vector."""
        return caption.text if self._with_captions and caption.text.strip() else None

    def _caption(self, path: Path) -> Caption:
        listed, beside = self._captions.get(path), sidecar_caption(path)
        if listed is None:
            return beside
        known = {**beside.metadata, **listed.metadata}
        return Caption(listed.text or beside.text, listed.tags or beside.tags, known)

    def _said(self, caption: Caption) -> dict[str, Any]:
        taken = {*RESERVED, self._text_field, self._image_field}
        own = {name: value for name, value in caption.metadata.items() if name not in taken}
        return {**own, self._text_field: caption.text or None, "tags": list(caption.tags) or None}


def thumbnail_in(record: Match | Record) -> Picture | None:
    """The small copy that the record of a picture carries; None where it has none that can be read."""
    told = (record.metadata or {}).get("thumbnail")
    if not isinstance(told, str) or not told.startswith(SMALL):
        return None
    try:
        return read_picture(b64decode(told.removeprefix(SMALL), validate=True), name=record.id)
    except (Base64Error, InvalidRequestError):
        return None
