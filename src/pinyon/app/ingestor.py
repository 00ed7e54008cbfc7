"""Compares entries with what an index holds, and writes the difference in batches."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from pinyon.app.loaders import Skipped
from pinyon.engine import Index
from pinyon.errors import FailedPreconditionError, InvalidRequestError, ModelMismatchError
from pinyon.types import Embedder, EmbedSpec, Floats, IndexSpec, Record

__all__ = ["BATCH", "Entry", "Group", "Ingestor", "Summary", "check_model", "no_model", "root_label", "unicode_name"]

BATCH = 256
"""Records of one transaction. What is committed stays when a run is interrupted."""

FETCH = 500


@dataclass(frozen=True, slots=True)
class Entry:
    """A record to bring in: with ``values`` as given, or with a ``text`` to embed."""

    id: str
    metadata: Mapping[str, Any]
    text: str | None = None
    values: Any = None
    sparse: Any = None
    where: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Entries that are compared with what is stored in one go.

    prefix: stored ids that begin with it and are not among the entries are removed; None removes nothing.
    root: the name of the directory that a document came from. done: units of progress up to here.
    """

    entries: Sequence[Entry]
    done: int
    prefix: str | None = None
    root: str = ""


@dataclass(slots=True)
class Summary:
    """What a run did.

    embedded: vectors computed and stored. stored: records written with given, or with unchanged, vectors.
    seconds: per stage: read (files, and comparing with what is stored), embed, write. interrupted: stopped early; all
    that was counted is committed.
    """

    files: int = 0
    embedded: int = 0
    stored: int = 0
    unchanged: int = 0
    removed: int = 0
    skipped: list[Skipped] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=lambda: {"read": 0.0, "embed": 0.0, "write": 0.0})
    interrupted: bool = False


@dataclass(frozen=True, slots=True)
class _Pending:
    id: str
    metadata: Mapping[str, Any]
    text: str | None
    values: Any
    sparse: Any


class Ingestor:
    """Compares groups of entries with what an index holds, and writes the difference in batches.

    embedder: needed for entries with text; must be the one that the index was created for.
    progress: called with (units done, records embedded or stored so far) after each group.
    stop: asked before each batch; True ends the run, with what was committed kept.
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
        summary: Summary | None = None,
    ) -> None:
        self.summary = summary if summary is not None else Summary()
        self._index = index
        self._namespace = namespace
        self._embedder = embedder
        self._text_field = _text_field(index, embedder) if embedder is not None else "text"
        self._batch = batch
        self._progress = progress
        self._stop = stop
        self._pending: list[_Pending] = []
        self._stale: list[str] = []

    def run(self, groups: Iterable[Group]) -> Summary:
        """Brings all groups in. An error leaves what was committed before it, and can be followed by another run."""
        started = perf_counter()
        for group in groups:
            self._compare(group)
            self._timed("read", started)
            while len(self._pending) >= self._batch and not self.summary.interrupted:
                self._commit(self._pending[: self._batch])
            self._progress(group.done, self.summary.embedded + self.summary.stored)
            if self.summary.interrupted:
                return self.summary
            started = perf_counter()
        self._timed("read", started)
        if self._pending or self._stale:
            self._commit(self._pending[:])
        return self.summary

    def prune(self, roots: Iterable[Path]) -> Summary:
        """Removes the chunks of files that no longer exist below the roots (directories)."""
        for root in roots:
            gone: dict[str, bool] = {}
            stale: list[str] = []
            for record in self._index.iterate(
                self._namespace, filter={"root": {"$eq": root_label(root)}}, include_values=False
            ):
                source = str((record.metadata or {}).get("source", ""))
                if source and gone.setdefault(source, _is_gone(root, source)):
                    stale.append(record.id)
            for start in range(0, len(stale), FETCH):
                self._remove(stale[start : start + FETCH])
        return self.summary

    # -- comparing ----------------------------------------------------------------------------------------------------

    def _compare(self, group: Group) -> None:
        entries = {entry.id: entry for entry in group.entries}
        have = list(self._ids_below(group.prefix)) if group.prefix is not None else []
        # With given vectors the stored ones are compared too.
        stored = self._fetch([*entries], values=any(entry.text is None for entry in entries.values()))
        changed_only = []
        for entry in entries.values():
            if entry.text is not None and self._embedder is None:
                raise FailedPreconditionError(no_model(self._index.name, entry))
            wanted = self._metadata(entry)
            found = stored.get(entry.id)
            _check_owner(found, group, entry)
            if found is not None and _same(found, entry, wanted):
                self.summary.unchanged += 1
            elif entry.text is not None and _same_text(found, entry, wanted, self._text_field):
                changed_only.append((entry, wanted))
            else:
                self._pending.append(_Pending(entry.id, wanted, entry.text, entry.values, entry.sparse))
        self._keep_vectors(changed_only)
        self._stale.extend(id_ for id_ in have if id_ not in entries)

    def _metadata(self, entry: Entry) -> dict[str, Any]:
        kept = {key: value for key, value in entry.metadata.items() if value is not None}
        return kept if entry.text is None else {self._text_field: entry.text} | kept

    def _keep_vectors(self, changed: Sequence[tuple[Entry, Mapping[str, Any]]]) -> None:
        """Only their metadata changed: the stored vectors are used again."""
        stored = self._fetch([entry.id for entry, _ in changed], values=True)
        for entry, wanted in changed:
            found = stored.get(entry.id)
            values, sparse = (None, None) if found is None else (found.values, found.sparse_values)
            text = entry.text if values is None else None
            self._pending.append(_Pending(entry.id, wanted, text, values, sparse))

    def _fetch(self, ids: Sequence[str], *, values: bool) -> dict[str, Record]:
        found: dict[str, Record] = {}
        for start in range(0, len(ids), FETCH):
            found |= self._index.fetch(self._namespace, ids[start : start + FETCH], include_values=values)
        return found

    def _ids_below(self, prefix: str) -> Iterator[str]:
        after: str | None = None
        while True:
            page, after = self._index.list_ids(self._namespace, prefix=prefix, after=after)
            yield from page
            if after is None:
                return

    # -- writing ------------------------------------------------------------------------------------------------------

    def _commit(self, rows: Sequence[_Pending]) -> None:
        if self._stop():
            self.summary.interrupted = True
            return
        texts = [row.text for row in rows if row.text is not None]
        started = perf_counter()
        vectors: Iterator[Any] = iter(())
        if texts and self._embedder is not None:
            vectors = iter(self._embedder.embed(texts))
        started = self._timed("embed", started)
        values = [next(vectors) if row.text is not None else row.values for row in rows]
        sparse = [row.sparse for row in rows]
        with self._index.batch() as batch:
            if rows:
                batch.upsert(
                    self._namespace,
                    [row.id for row in rows],
                    _matrix(values),
                    sparse=sparse if any(item is not None for item in sparse) else None,
                    metadata=[row.metadata for row in rows],
                )
            if self._stale:
                batch.delete(self._namespace, self._stale)
        self._timed("write", started)
        self.summary.embedded += len(texts)
        self.summary.stored += len(rows) - len(texts)
        self.summary.removed += len(self._stale)
        self._stale.clear()
        del self._pending[: len(rows)]

    def _remove(self, ids: Sequence[str]) -> None:
        started = perf_counter()
        self.summary.removed += self._index.delete(self._namespace, ids).count
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
            f"{embedder.identity}: their vectors cannot be compared. Install that version, or start a new index."
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


def _same(found: Record, entry: Entry, wanted: Mapping[str, Any]) -> bool:
    metadata = found.metadata or {}
    if "digest" in entry.metadata:
        return bool(metadata.get("digest") == entry.metadata["digest"])
    if metadata != wanted:
        return False
    if entry.text is not None:
        return True
    return _same_values(found.values, entry.values) and _same_sparse(found, entry)


def _same_text(found: Record | None, entry: Entry, wanted: Mapping[str, Any], text_field: str) -> bool:
    if found is None or "digest" in entry.metadata:
        return False
    return bool((found.metadata or {}).get(text_field) == wanted[text_field])


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


# -- names ------------------------------------------------------------------------------------------------------------


def root_label(root: Path) -> str:
    """The name of a root in the metadata: not its whole path, so that a copy on another machine counts as the same."""
    return unicode_name(unicodedata.normalize("NFC", root.resolve().name)) or "/"


def unicode_name(name: str) -> str:
    """A file name as valid Unicode: names on Linux are bytes and need not be UTF-8."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _is_gone(root: Path, source: str) -> bool:
    return not any(os.path.lexists(root / unicodedata.normalize(form, source)) for form in ("NFC", "NFD"))
