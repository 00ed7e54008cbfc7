"""Files become groups of entries, a group a file; those that did not change are recognised without being read.

A document becomes its chunks, a picture one entry."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pinyon.app.ingestor import (
    Entry,
    FileReport,
    Group,
    Summary,
    fetched,
    ids_below,
    is_gone,
    root_label,
    unicode_name,
)
from pinyon.app.known import Known, KnownFiles, settings_digest, state_of, trusted_time
from pinyon.app.picture_files import PICTURE_READER, PictureReader, is_picture
from pinyon.engine import Database, Index
from pinyon.rag.chunking import DEFAULT_OVERLAP, DEFAULT_SIZE, split
from pinyon.rag.documents import READER, Document, digest_of, load
from pinyon.rag.files import FoundFile, Skipped

__all__ = ["Documents", "Reading", "chunk_entries", "chunk_records", "source_id"]

ID_BYTES = 480
"""Of an id, what the path may take; the rest is for the number of the chunk."""

CONTEXT_CHARACTERS = 500
"""Of a heading or title in the metadata."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How files are read: characters of a chunk, shared ones, encoding of files that are not UTF-8. again: read files
    even if their size and time say that they did not change."""

    size: int = DEFAULT_SIZE
    overlap: int = DEFAULT_OVERLAP
    encoding: str | None = None
    again: bool = False


def source_id(file: FoundFile) -> str:
    """The ASCII prefix of the ids of a file's chunks: its percent-encoded path, then ``#``."""
    return _prefix(file.source)


def _prefix(source: str) -> str:
    path = quote(source, safe="/!$&'()*+,;=:@", errors="surrogateescape")
    if len(path) > ID_BYTES:
        digest = hashlib.blake2b(path.encode("ascii"), digest_size=16).hexdigest()
        path = f"{path[: ID_BYTES - 33]}~{digest}"
    return path + "#"


def chunk_entries(document: Document, file: FoundFile, size: int, overlap: int) -> list[Entry]:
    """The records of a document's chunks. ``digest`` is that of a chunk's text."""
    source, root = unicode_name(file.source), root_label(file.root)
    return chunk_records(document, prefix=source_id(file), source=source, root=root, size=size, overlap=overlap)


def chunk_records(
    document: Document,
    *,
    prefix: str,
    source: str,
    root: str,
    size: int = DEFAULT_SIZE,
    overlap: int = DEFAULT_OVERLAP,
) -> list[Entry]:
    """The same for a document that is no file of a directory. prefix: of the ids. source, root: where it came from."""
    entries = []
    found = split(document.text, size=size, overlap=overlap, style=document.style, pages=document.pages)
    for number, chunk in enumerate(found):
        metadata: dict[str, Any] = {"source": source, "root": root, "chunk": number}
        if chunk.heading:
            metadata["heading"] = chunk.heading[:CONTEXT_CHARACTERS]
        if document.title:
            metadata["title"] = document.title[:CONTEXT_CHARACTERS]
        metadata |= {"start": chunk.start, "end": chunk.end}
        if chunk.page is not None:
            metadata["page"] = chunk.page
            turned = [str(start) for start in document.pages if chunk.start < start < chunk.end]
            metadata |= {"page_starts": turned} if turned else {}
        metadata["section_start"], metadata["section_end"] = chunk.section
        metadata["digest"] = digest_of(chunk.text.encode())
        entries.append(Entry(f"{prefix}{number}", metadata, chunk.text))
    return entries


@dataclass(slots=True)
class Documents:
    """The files of one run into a namespace. identity: of the model that embeds them. pictures: reads pictures, where
    the model sees them."""

    database: Database
    index: Index
    namespace: str
    identity: str
    reading: Reading
    summary: Summary
    pictures: PictureReader | None = None
    _memories: dict[Path, KnownFiles] = field(default_factory=dict)

    def groups(self, files: Iterable[FoundFile | Skipped]) -> Iterator[Group]:
        """A group for each file, empty for those that are known to be unchanged, read when its turn comes. Every file
        is reported in ``summary``; of one that cannot be read, what is stored stays."""
        for done, file in enumerate(files, 1):
            read = file if isinstance(file, Skipped) else self._read(file)
            if isinstance(read, Skipped):
                self.summary.skip(read)
            yield self._group(read, done) if isinstance(read, _Read) else Group((), done)

    def remember(self, groups: Iterable[Group]) -> None:
        """Notes the files of groups that were committed."""
        for group in groups:
            if group.file is not None:
                self._memory(group.file.root).put(group.file.source, group.known)

    def save(self) -> None:
        for memory in self._memories.values():
            memory.save()

    def gone(self, roots: Iterable[Path]) -> Iterator[tuple[str, str]]:
        """(prefix of the ids, root label) of files that earlier runs brought in from below the directories and that no
        longer exist. They are forgotten as they are yielded."""
        for root in roots:
            memory = self._memory(root.resolve())
            for source in memory.sources():
                if is_gone(root, source):
                    yield _prefix(source), root_label(root)
                    memory.drop(source)

    # -- one file -----------------------------------------------------------------------------------------------------

    def _read(self, file: FoundFile) -> _Read | Skipped | None:
        """What a file holds, why it cannot be read, or None when it is unchanged."""
        memory = self._memory(file.root)
        try:
            status = file.path.stat()
        except OSError as error:
            return Skipped(file.path, f"cannot be read: {error.strerror or error}")
        settings = self._settings(file)
        known = memory.get(file.source)
        if known is not None and known.settings == settings and self._unchanged(file, known, status):
            memory.put(file.source, replace(known, mtime=trusted_time(status)))
            if known.reason:
                return Skipped(file.path, known.reason, lasting=True)
            self.summary.files += 1
            self.summary.unchanged += known.chunks
            self.summary.reports.append(FileReport(file.path, "unchanged", known.chunks))
            return None
        content = self._content(file)
        if not isinstance(content, Skipped):
            return _Read(file, *content, status, settings)
        if content.lasting:
            memory.put(file.source, Known(status.st_size, trusted_time(status), "", settings, 0, "", content.reason))
        return content

    def _settings(self, file: FoundFile) -> str:
        """One word for all besides its bytes that decides what becomes of a file."""
        if is_picture(file.path):
            beside = self.pictures.beside(file.path) if self.pictures is not None else None
            return settings_digest(PICTURE_READER, beside, self.identity)
        reading = self.reading
        return settings_digest(READER, reading.size, reading.overlap, reading.encoding, self.identity)

    def _content(self, file: FoundFile) -> tuple[list[Entry], str, FileReport] | Skipped:
        """(entries, digest of the bytes, what to report)."""
        source, root = unicode_name(file.source), root_label(file.root)
        if is_picture(file.path):
            if self.pictures is None:
                return Skipped(
                    file.path,
                    "a picture, and the model of this index reads text only: bring it into an index of a model that "
                    "sees, such as --model picture-words",
                )
            found = self.pictures.entry(file.path, source_id(file) + "0", source, root)
            if isinstance(found, Skipped):
                return found
            entry, digest, warnings = found
            return [entry], digest, FileReport(file.path, "read", 1, "", warnings)
        document = load(file, encoding=self.reading.encoding)
        if isinstance(document, Skipped):
            return document
        entries = chunk_entries(document, file, self.reading.size, self.reading.overlap)
        report = FileReport(file.path, "read", len(entries), document.encoding, tuple(document.warnings))
        return entries, document.digest, report

    def _unchanged(self, file: FoundFile, known: Known, status: os.stat_result) -> bool:
        return not self.reading.again and self._holds(file, known, status)

    def _holds(self, file: FoundFile, known: Known, status: os.stat_result) -> bool:
        """Whether a file is as it was, and the index as that run left it."""
        if not known.same_file(status):
            if known.reason or known.size != status.st_size:
                return False
            try:
                if digest_of(file.path.read_bytes()) != known.digest:
                    return False
            except OSError:
                return False
        return bool(known.reason) or self._state(source_id(file)) == known.state

    def _state(self, prefix: str) -> str:
        ids = list(ids_below(self.index, self.namespace, prefix))
        return state_of((id_, record.metadata) for id_, record in fetched(self.index, self.namespace, ids).items())

    def _group(self, read: _Read, done: int) -> Group:
        file, entries, status = read.file, read.entries, read.status
        self.summary.files += 1
        self.summary.bytes += status.st_size
        reason = "" if entries else "holds no text" if status.st_size else "empty"
        if entries:
            self.summary.reports.append(read.report)
        else:
            self.summary.skip(Skipped(file.path, reason, lasting=True))
        state = state_of((entry.id, entry.metadata) for entry in entries)
        known = Known(status.st_size, trusted_time(status), read.digest, read.settings, len(entries), state, reason)
        return Group(entries, done, source_id(file), root_label(file.root), file, known)

    def _memory(self, root: Path) -> KnownFiles:
        if root not in self._memories:
            self._memories[root] = KnownFiles(self.database, self.index, self.namespace, root)
        return self._memories[root]


@dataclass(frozen=True, slots=True)
class _Read:
    file: FoundFile
    entries: list[Entry]
    digest: str
    report: FileReport
    status: os.stat_result
    settings: str
