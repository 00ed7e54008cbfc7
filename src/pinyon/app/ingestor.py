"""Compares entries with what an index holds, and writes the difference in batches."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from pinyon.app.known import NOTHING, Known
from pinyon.engine import Index
from pinyon.engine.pictures import of_both
from pinyon.errors import FailedPreconditionError, InvalidRequestError, ModelMismatchError
from pinyon.rag.files import FoundFile, Skipped
from pinyon.types import Embedder, EmbedSpec, Floats, IndexSpec, Picture, PictureEmbedder, Record

__all__ = [
    "BATCH",
    "Entry",
    "FileReport",
    "Group",
    "Ingestor",
    "Summary",
    "check_model",
    "fetched",
    "ids_below",
    "is_gone",
    "no_model",
    "root_label",
    "unicode_name",
]

BATCH = 256
"""Records from which on a transaction begins, and texts that are embedded between two looks at whether to stop."""

PICTURES = 32
"""The same of pictures, whose pixels are held until they are embedded."""

FETCH = 500

RESERVED = (
    *("source", "root", "chunk", "digest", "heading", "title"),
    *("start", "end", "page", "page_starts", "section_start", "section_end"),
    *("modality", "width", "height", "format", "taken", "camera", "tags", "likeness", "thumbnail"),
)
"""Metadata fields of a document's chunks and of pictures, beside the text itself."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A record to bring in: with ``values`` as given, or with a ``text``, a ``picture`` or both to embed."""

    id: str
    metadata: Mapping[str, Any]
    text: str | None = None
    values: Any = None
    sparse: Any = None
    where: str = ""
    picture: Picture | None = None

    @property
    def embeds(self) -> bool:
        return self.text is not None or self.picture is not None


@dataclass(frozen=True, slots=True)
class Group:
    """Entries that are compared with what is stored in one go, and written in one transaction.

    prefix: stored ids that begin with it and are not among the entries are removed; None removes nothing.
    root: the name of the directory that a document came from. done: units of progress up to here.
    file, known: the document, and what to remember of it once the entries are stored.
    """

    entries: Sequence[Entry]
    done: int
    prefix: str | None = None
    root: str = ""
    file: FoundFile | None = None
    known: Known = NOTHING


@dataclass(frozen=True, slots=True)
class FileReport:
    """What became of one document. status: ``read``, ``unchanged`` or ``skipped``, the last with a reason.

    encoding: of a text file that was read. warnings: what is worth knowing about the text that was taken from it.
    """

    path: Path
    status: str
    chunks: int = 0
    encoding: str = ""
    warnings: tuple[str, ...] = ()
    reason: str = ""


@dataclass(slots=True)
class Summary:
    """What a run did.

    embedded: vectors computed and stored. stored: records written with given, or with unchanged, vectors. bytes: of
    the documents that were read. reports: a line for each document, in order. seconds: per stage: read (files, and
    comparing with what is stored), embed, write. interrupted: stopped early; all that was counted is committed.
    """

    files: int = 0
    embedded: int = 0
    stored: int = 0
    unchanged: int = 0
    removed: int = 0
    bytes: int = 0
    skipped: list[Skipped] = field(default_factory=list)
    reports: list[FileReport] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=lambda: {"read": 0.0, "embed": 0.0, "write": 0.0})
    interrupted: bool = False

    def skip(self, skipped: Skipped) -> None:
        """Notes a document that was not read."""
        self.skipped.append(skipped)
        self.reports.append(FileReport(skipped.path, "skipped", reason=skipped.reason))


@dataclass(frozen=True, slots=True)
class _Pending:
    """With the entry that is to be embedded, or the values."""

    id: str
    metadata: Mapping[str, Any]
    of: Entry | None
    values: Any
    sparse: Any


class Ingestor:
    """Compares groups of entries with what an index holds, and writes the difference in batches of whole groups.

    embedder: needed for entries with text; must be the one that the index was created for.
    progress: called with (units done, records embedded or stored so far) after each group and each batch of texts.
    stop: asked before each batch of texts and each transaction; True ends the run, with what was committed kept.
    committed: called with the groups of a transaction after it. dry: counts what would be done, and does nothing.
    Raises FailedPreconditionError, ModelMismatchError when text cannot be embedded for the index.
    """

    def __init__(
        self,
        index: Index,
        *,
        namespace: str = "",
        embedder: Embedder | None = None,
        batch: int = BATCH,
        progress: Callable[[int, int], None] = lambda done, written: None,
        stop: Callable[[], bool] = lambda: False,
        committed: Callable[[Sequence[Group]], None] = lambda groups: None,
        summary: Summary | None = None,
        dry: bool = False,
    ) -> None:
        self.summary = summary if summary is not None else Summary()
        self._index = index
        self._namespace = namespace
        self._embedder = embedder
        self._generation = None if embedder is None else index.memory.generation
        """Of the vectors of this model: what is embedded here may not meet those of another one."""
        self._text_field = _text_field(index, embedder) if embedder is not None else "text"
        self._batch = batch
        self._progress = progress
        self._stop = stop
        self._committed = committed
        self._dry = dry
        self._done = 0
        self._groups: list[Group] = []
        self._pending: list[_Pending] = []
        self._stale: list[str] = []

    def run(self, groups: Iterable[Group]) -> Summary:
        """Brings all groups in. An error leaves what was committed before it, and can be followed by another run."""
        started = perf_counter()
        for group in groups:
            self._compare(group)
            self._timed("read", started)
            if (
                len(self._pending) >= self._batch
                or sum(isinstance(one.of, Picture) for one in self._pending) >= PICTURES
            ):
                self._commit()
            if self._stop():
                self.summary.interrupted = True
            if self.summary.interrupted:
                return self.summary
            self._done = group.done
            self._progress(group.done, self._written)
            started = perf_counter()
        self._timed("read", started)
        self._commit()
        return self.summary

    def remove(self, prefix: str, root: str) -> None:
        """Removes the records whose ids begin with a prefix and that came from a directory of that name."""
        records = fetched(self._index, self._namespace, list(ids_below(self._index, self._namespace, prefix)))
        self._remove([id_ for id_, record in records.items() if (record.metadata or {}).get("root") == root])

    def prune(self, roots: Iterable[Path]) -> Summary:
        """Removes the chunks of files that no longer exist below the roots (directories)."""
        for root in roots:
            gone: dict[str, bool] = {}
            stale: list[str] = []
            for record in self._index.iterate(
                self._namespace, filter={"root": {"$eq": root_label(root)}}, include_values=False
            ):
                source = str((record.metadata or {}).get("source", ""))
                if source and gone.setdefault(source, is_gone(root, source)):
                    stale.append(record.id)
            self._remove(stale)
        return self.summary

    # -- comparing ----------------------------------------------------------------------------------------------------

    def _compare(self, group: Group) -> None:
        entries = {entry.id: entry for entry in group.entries}
        have = list(ids_below(self._index, self._namespace, group.prefix)) if group.prefix is not None else []
        # With given vectors the stored ones are compared too.
        given = any(not entry.embeds for entry in entries.values())
        stored = fetched(self._index, self._namespace, list(dict.fromkeys([*entries, *have])), values=given)
        changed: list[tuple[Entry, dict[str, Any]]] = []
        for entry in entries.values():
            if entry.embeds and self._embedder is None:
                raise FailedPreconditionError(no_model(self._index.name, entry))
            wanted, found = self._metadata(entry), stored.get(entry.id)
            _check_owner(found, group, entry)
            if found is not None and _same(found, entry, wanted, group):
                self.summary.unchanged += 1
            else:
                changed.append((entry, wanted))
        vectors = self._stored_vectors({entry.text for entry, _ in changed if entry.picture is None}, stored)
        for entry, wanted in changed:
            like = vectors.get(entry.text) if entry.text is not None and entry.picture is None else None
            if like is not None:
                self._pending.append(_Pending(entry.id, wanted, None, like.values, like.sparse_values))
            else:
                of = entry if entry.embeds else None
                self._pending.append(_Pending(entry.id, wanted, of, entry.values, entry.sparse))
        self._stale.extend(id_ for id_ in have if id_ not in entries)
        self._groups.append(group)

    def _metadata(self, entry: Entry) -> dict[str, Any]:
        kept = {key: value for key, value in entry.metadata.items() if value is not None}
        return kept if entry.text is None else {self._text_field: entry.text} | kept

    def _stored_vectors(self, wanted: Set[str | None], stored: Mapping[str, Record]) -> dict[str, Record]:
        """Text -> a stored record of that text: moved to another id, or with other metadata, it keeps its vector."""
        known = {id_: record.metadata or {} for id_, record in stored.items()}
        # Not of pictures, whose vectors are not those of their captions.
        texts = {id_: told.get(self._text_field) for id_, told in known.items() if "thumbnail" not in told}
        by_text = {text: id_ for id_, text in texts.items() if isinstance(text, str) and text in wanted}
        records = fetched(self._index, self._namespace, list(by_text.values()), values=True)
        found = {text: records[id_] for text, id_ in by_text.items() if id_ in records}
        return {text: record for text, record in found.items() if record.values is not None}

    # -- writing ------------------------------------------------------------------------------------------------------

    @property
    def _written(self) -> int:
        return self.summary.embedded + self.summary.stored

    def _commit(self) -> None:
        """Writes the groups so far in one transaction, or nothing when the run is to stop."""
        rows, stale = self._pending, self._stale
        if not (rows or stale):
            self._settle(0)
            return
        values = self._embedded(rows)
        if values is None or self._stop():
            self.summary.interrupted = True
            return
        started = perf_counter()
        if not self._dry:
            sparse = [row.sparse for row in rows]
            with self._index.batch(generation=self._generation) as batch:
                if rows:
                    batch.upsert(
                        self._namespace,
                        [row.id for row in rows],
                        _matrix(values),
                        sparse=sparse if any(item is not None for item in sparse) else None,
                        metadata=[row.metadata for row in rows],
                    )
                if stale:
                    batch.delete(self._namespace, stale)
        self._timed("write", started)
        self._settle(sum(row.of is not None for row in rows))

    def _settle(self, embedded: int) -> None:
        """Counts what was committed."""
        self.summary.embedded += embedded
        self.summary.stored += len(self._pending) - embedded
        self.summary.removed += len(self._stale)
        if not self._dry:
            self._committed(self._groups)
        self._groups, self._pending, self._stale = [], [], []

    def _embedded(self, rows: Sequence[_Pending]) -> list[Any] | None:
        """The vectors of the rows, those with a text or a picture embedded; None when the run is to stop."""
        vectors = [row.values for row in rows]
        texts = [at for at, row in enumerate(rows) if row.of is not None and row.of.picture is None]
        pictures = [at for at, row in enumerate(rows) if row.of is not None and row.of.picture is not None]
        started, done = perf_counter(), 0
        for places, size in ((texts, self._batch), (pictures, PICTURES)):
            for start in range(0, len(places), size):
                if self._stop():
                    return None
                part = places[start : start + size]
                if not self._dry:
                    for at, vector in zip(part, self._vectors([of for at in part if (of := rows[at].of)]), strict=True):
                        vectors[at] = vector
                done += len(part)
                started = self._timed("embed", started)
                self._progress(self._done, self._written + done)
        return vectors

    def _vectors(self, part: Sequence[Entry]) -> Floats:
        """Of entries that are all texts, or all pictures with or without one."""
        assert self._embedder is not None
        pictures = [one.picture for one in part if one.picture is not None]
        if not pictures:
            return self._embedder.embed([one.text or "" for one in part])
        assert isinstance(self._embedder, PictureEmbedder), "pictures are read for models that see only"
        vectors = np.array(self._embedder.embed_pictures(pictures))
        written = [at for at, one in enumerate(part) if one.text is not None]
        if written:
            vectors[written] = of_both(self._embedder.embed([part[at].text or "" for at in written]), vectors[written])
        return vectors

    def _remove(self, ids: Sequence[str]) -> None:
        started = perf_counter()
        for start in range(0, len(ids), FETCH):
            part = ids[start : start + FETCH]
            self.summary.removed += len(part) if self._dry else self._index.delete(self._namespace, part).count
        self._timed("write", started)

    def _timed(self, stage: str, started: float) -> float:
        now = perf_counter()
        self.summary.seconds[stage] += now - started
        return now


def _text_field(index: Index, embedder: Embedder) -> str:
    embed = check_model(index.spec, embedder)
    return embed.field_map.get("text", "text")


def check_model(spec: IndexSpec, embedder: Embedder) -> EmbedSpec:
    """What the index says of its model, which must be this one. Raises FailedPreconditionError, ModelMismatchError."""
    if spec.embed is None:
        raise FailedPreconditionError(no_model(spec.name, None))
    if spec.embed.identity != embedder.identity:
        raise ModelMismatchError(
            f"index {spec.name!r} holds vectors of {spec.embed.identity}, and the installed model is "
            f"{embedder.identity}: their vectors cannot be compared. Install that version, or "
            f"re-embed the index: pinyon reembed {spec.name} --model {spec.embed.model}"
        )
    return spec.embed


def no_model(index: str, entry: Entry | None) -> str:
    what = f"record {entry.id!r} has text and no values" if entry is not None else "texts are to be embedded"
    return (
        f"{what}, but index {index!r} has no embedding model: create an index with one "
        "(pinyon create NAME --model use-multilingual), or give values"
    )


def _check_owner(found: Record | None, group: Group, entry: Entry) -> None:
    owner = (found.metadata or {}).get("root") if found is not None else None
    if group.prefix is not None and owner is not None and owner != group.root:
        raise InvalidRequestError(
            f"{entry.id!r} of the directory {group.root!r} would replace that of the directory {owner!r}: "
            "ingest it into another --namespace, or ingest both with --root set to a directory above them"
        )


def _same(found: Record, entry: Entry, wanted: Mapping[str, Any], group: Group) -> bool:
    metadata = found.metadata or {}
    if group.file is not None:
        # What a user added to the chunks of a document is left alone.
        return _has(found, wanted) and {*metadata} & {*RESERVED} <= {*wanted}
    if metadata != wanted:
        return False
    if entry.text is not None:
        return True
    return _same_values(found.values, entry.values) and _same_sparse(found, entry)


def _has(found: Record, wanted: Mapping[str, Any]) -> bool:
    metadata = found.metadata or {}
    return all(metadata.get(key) == value for key, value in wanted.items())


def _same_values(stored: Floats | None, given: Any) -> bool:
    if stored is None or given is None:
        return stored is None and given is None
    try:
        return np.array_equal(stored, np.asarray(given, dtype=np.float32))
    except (TypeError, ValueError):
        return False


def _same_sparse(found: Record, entry: Entry) -> bool:
    stored, given = found.sparse_values, entry.sparse
    if stored is None or given is None:
        return stored is None and given is None
    if not isinstance(given, Mapping):
        return False
    pairs = dict(zip(given.get("indices") or (), given.get("values") or (), strict=False))
    ordered = sorted(pairs)
    return stored.indices.tolist() == ordered and _same_values(stored.values, [pairs[index] for index in ordered])


def _matrix(values: Sequence[Any]) -> Any:
    if all(value is None for value in values):
        return None
    if all(isinstance(value, np.ndarray) and value.shape == values[0].shape for value in values):
        return np.stack(values)
    return list(values)


# -- what is stored ---------------------------------------------------------------------------------------------------


def ids_below(index: Index, namespace: str, prefix: str) -> Iterator[str]:
    """Every id that begins with a prefix."""
    after: str | None = None
    while True:
        page, after = index.list_ids(namespace, prefix=prefix, after=after)
        yield from page
        if after is None:
            return


def fetched(index: Index, namespace: str, ids: Sequence[str], *, values: bool = False) -> dict[str, Record]:
    """The records of any number of ids."""
    found: dict[str, Record] = {}
    for start in range(0, len(ids), FETCH):
        found |= index.fetch(namespace, ids[start : start + FETCH], include_values=values)
    return found


# -- names ------------------------------------------------------------------------------------------------------------


def root_label(root: Path) -> str:
    """The name of a root in the metadata: not its whole path, so that a copy on another machine counts as the same."""
    return unicode_name(unicodedata.normalize("NFC", root.resolve().name)) or "/"


def unicode_name(name: str) -> str:
    """A file name as valid Unicode: names on Linux are bytes and need not be UTF-8."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def is_gone(root: Path, source: str) -> bool:
    """Whether there is no file of that source below a directory, whichever way its name is composed."""
    return not any(os.path.lexists(root / unicodedata.normalize(form, source)) for form in ("NFC", "NFD"))
