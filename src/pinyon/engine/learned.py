"""What the recall meter of a namespace learned, kept beside its other caches, so that the next process begins with it.

One arrays file of kind "meter", which the truth lists like every cache; a namespace has one at most. It is a few
kilobytes, written in the background and at the end. When several processes use an index, the last one to write wins:
what another learned is forgotten. Whatever is wrong with the file, the answer is to start anew.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray

from pinyon.engine.caching import publish_trusted
from pinyon.engine.contract import BANDS, Outcome, Standing
from pinyon.engine.snapshot import Base
from pinyon.errors import CorruptionError, StorageError
from pinyon.index.rerank import MOST_RAISED
from pinyon.storage.cache import CacheDirectory, CacheFile
from pinyon.storage.reading import View
from pinyon.storage.truth import Truth

KIND: Final = "meter"
_VERSION: Final = 1

_log = logging.getLogger("pinyon")


@dataclass(frozen=True, slots=True)
class Learned:
    """What searches of one kind of base turned out to need, and the outcomes that show it.

    settings: the line of settings for which it was learned. kind, measured: of the base, and what its build measured
    (``measured_of``). effort, estimate: as in ``Meter``. outcomes, standing: of its contract.
    """

    settings: str
    kind: str
    measured: str
    effort: float
    estimate: float | None
    outcomes: tuple[Outcome, ...]
    standing: Standing


def measured_of(base: Base) -> str:
    """How hard searches of the base look, as text: outcomes tell of searches that look just so hard."""
    return orjson.dumps({"depth": base.depth, "breadth": base.breadth}).decode()


class MeterCache:
    """Reads and writes what was learned of one index's namespaces. Thread-safe."""

    def __init__(self, truth: Truth, directory: CacheDirectory) -> None:
        self._truth = truth
        self._directory = directory

    @property
    def enabled(self) -> bool:
        """Whether anything is ever written: not by a memory database, nor by one that was opened read-only."""
        return self._directory.enabled and not self._truth.connections.read_only

    def save(self, ns_id: int, lsn: int, learned: Learned) -> bool:
        """False when somebody else writes caches of the namespace right now. Raises StorageError, ReadOnlyError."""
        if not self.enabled:
            return False
        with self._directory.lease(ns_id) as mine:
            if mine:
                publish_trusted(self._truth, self._directory, ns_id, KIND, lsn, *_packed(learned))
            return mine

    def load(self, view: View, ns_id: int) -> Learned | None:
        """What was kept of a namespace, where the truth vouches for it."""
        listed = view.cache(KIND, ns_id)
        if listed is None:
            return None
        try:
            file = self._directory.open(ns_id, KIND, *listed)
            if file is None:
                return None
            with file:
                file.verify_all()
                return _unpacked(file)
        except (CorruptionError, StorageError, KeyError, TypeError, ValueError) as error:
            _log.warning("recall that was learned of namespace %d of %s is forgotten: %s", ns_id, view.label, error)
            return None


def _packed(learned: Learned) -> tuple[dict[str, NDArray[Any]], dict[str, str | int | float]]:
    notes = {
        "version": _VERSION,
        "settings": learned.settings,
        "kind": learned.kind,
        "measured": learned.measured,
        "effort": learned.effort,
        "estimate": learned.estimate,
        "standing": learned.standing,
    }
    arrays: dict[str, NDArray[Any]] = {
        "recalls": np.array([one.recall for one in learned.outcomes], np.float64),
        "bands": np.array([one.band for one in learned.outcomes], np.uint8),
        "exact": np.array([one.exact for one in learned.outcomes], np.bool_),
    }
    return arrays, {"learned": orjson.dumps(notes).decode()}


def _unpacked(file: CacheFile) -> Learned | None:
    """None for one of another release. Raises KeyError, TypeError, ValueError for one that makes no sense."""
    notes = orjson.loads(str(file.meta["learned"]))
    if notes["version"] != _VERSION:
        return None
    recalls, bands, exact = (file.array(name).tolist() for name in ("recalls", "bands", "exact"))
    effort, estimate = float(notes["effort"]), notes["estimate"]
    if not 1.0 <= effort <= 2.0 * MOST_RAISED or not all(0.0 <= recall <= 1.0 for recall in recalls):
        raise ValueError(f"an effort of {effort:g}, or recalls beyond 0 and 1")
    if max(bands, default=0) >= len(BANDS):
        raise ValueError(f"band {max(bands)} of {len(BANDS)}")
    return Learned(
        str(notes["settings"]),
        str(notes["kind"]),
        str(notes["measured"]),
        effort,
        None if estimate is None else float(estimate),
        tuple(map(Outcome, recalls, bands, exact)),
        Standing(**notes["standing"]),
    )
