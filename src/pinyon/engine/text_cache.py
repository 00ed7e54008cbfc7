"""The words of a namespace's texts, kept beside its other caches, so that reopening reads no text again.

One arrays file of kind "texts", which the truth lists like every cache. It is read when somebody first searches by
words: who never does pays nothing for it. Records that were written since are read from the truth, and the rows are
those of whatever snapshot asks. Whatever is wrong with the file, the answer is to read all texts.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np

from pinyon.engine.caching import publish_trusted
from pinyon.engine.snapshot import Snapshot
from pinyon.engine.texts import Texts, rules_of
from pinyon.errors import CorruptionError, StorageError
from pinyon.index.analysis import TextSettings
from pinyon.storage.cache import CacheDirectory
from pinyon.storage.reading import View
from pinyon.storage.truth import Truth
from pinyon.types import Ints

KIND: Final = "texts"
LEAST_ROWS: Final = 64
"""Changed rows from which the words are worth writing: fewer are read in no time."""
CHANGED_SHARE: Final = 0.05
"""...and the share of all rows."""
READ_ROWS: Final = 8_192
"""Rows whose texts are read at a time."""

_log = logging.getLogger("pinyon")


class TextCache:
    """Reads and writes the words of one index's namespaces. Thread-safe."""

    def __init__(self, truth: Truth, directory: CacheDirectory) -> None:
        self._truth = truth
        self._directory = directory
        self._saved: dict[int, tuple[int, int]] = {}
        """ns_id -> (lineage, edits) of the snapshot whose words the file holds, as far as this process knows."""

    def due(self, snapshot: Snapshot) -> bool:
        """Whether the file lacks so many rows that it is worth to write it."""
        if snapshot.texts is None or not self._directory.enabled or self._truth.connections.read_only:
            return False
        lineage, edits = self._saved.get(snapshot.ns_id, (0, 0))
        lacking = snapshot.edits - edits if lineage == snapshot.lineage else snapshot.n
        return lacking >= max(LEAST_ROWS, int(CHANGED_SHARE * snapshot.n))

    def save(self, snapshot: Snapshot) -> bool:
        """False when somebody else writes caches of the namespace right now. Raises StorageError, ReadOnlyError."""
        assert snapshot.texts is not None, "there are words to save"
        with self._directory.lease(snapshot.ns_id) as mine:
            if mine:
                arrays = {"ords": snapshot.ords, **snapshot.texts.to_arrays()}
                meta: dict[str, str | int | float] = {"lsn": snapshot.lsn, "rules": snapshot.texts.rules}
                publish_trusted(self._truth, self._directory, snapshot.ns_id, KIND, snapshot.lsn, arrays, meta)
                self._saved[snapshot.ns_id] = snapshot.lineage, snapshot.edits
        return mine

    def texts(self, view: View, snapshot: Snapshot, settings: Mapping[str, TextSettings]) -> Texts:
        """The words of a snapshot, which is at the LSN of ``view``: from the file as far as it serves."""
        kept = self._load(view, snapshot, settings)
        if kept is None:
            texts = Texts(settings)
            for _, metadata in _metadata(view, snapshot, np.arange(snapshot.n)):
                texts = texts.append(metadata)
            return texts
        texts, ords, lsn = kept
        rows = _rows_of(ords, snapshot.ords)
        fresh = np.ones(snapshot.n, np.bool_)
        fresh[rows[rows >= 0]] = False
        changed = _rows_of(np.array(view.ords_since(snapshot.ns_id, lsn), np.int64), snapshot.ords)
        fresh[changed[changed >= 0]] = True
        texts = texts.renumbered(rows, snapshot.n)
        for part, metadata in _metadata(view, snapshot, np.flatnonzero(fresh)):
            texts = texts.replace(part, metadata)
        self._saved[snapshot.ns_id] = snapshot.lineage, snapshot.edits - int(np.count_nonzero(fresh))
        return texts

    def _load(
        self, view: View, snapshot: Snapshot, settings: Mapping[str, TextSettings]
    ) -> tuple[Texts, Ints, int] | None:
        """(words, the ords of their rows, the LSN at which they were so); None without a file that serves."""
        listed = view.cache(KIND, snapshot.ns_id)
        if listed is None:
            return None
        try:
            file = self._directory.open(snapshot.ns_id, KIND, *listed)
            if file is None:
                return None
            with file:
                if file.meta["rules"] != rules_of(settings):
                    return None  # read by another release, or with and without an analyser that is there now
                file.verify_all()
                arrays = {name: file.array(name) for name in file.names}
                return Texts.from_arrays(arrays, settings), arrays["ords"], int(file.meta["lsn"])
        except (CorruptionError, StorageError, KeyError, TypeError, ValueError) as error:
            _log.warning("words of namespace %d of %s are read anew: %s", snapshot.ns_id, view.label, error)
            return None

    def close(self) -> None:
        self._saved.clear()


def _metadata(view: View, snapshot: Snapshot, rows: Ints) -> Iterator[tuple[Ints, list[bytes | None]]]:
    """(rows, their metadata as it is in the truth), so many at a time; None for a damaged row."""
    for start in range(0, len(rows), READ_ROWS):
        part = rows[start : start + READ_ROWS]
        ords = snapshot.ords[part].tolist()
        stored, _ = view.readable_rows(ords, values=False)
        yield part, [stored[ord_].metadata if ord_ in stored else None for ord_ in ords]


def _rows_of(wanted: Ints, ords: Ints) -> Ints:
    """(m,) ords -> the (m,) rows of them among the (n,) distinct ``ords``; -1 where there is none."""
    if not len(ords):
        return np.full(len(wanted), -1, np.int64)
    order = np.argsort(ords, kind="stable")
    places = np.minimum(np.searchsorted(ords, wanted, sorter=order), len(ords) - 1)
    rows: Ints = np.where(ords[order[places]] == wanted, order[places], -1)
    return rows
