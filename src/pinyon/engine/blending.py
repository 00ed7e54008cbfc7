"""Hybrid search: what the words of a query add to dense scores, so that both together decide.

The dense part of a record is how many standard deviations (of the whole namespace) its score lies above the mean, over
ten; the lexical part is its BM25 score as a share of what a text of average length scores that has every word of the
query once. Both are about 0..1 and mean the same for every query, which ranks do not: a text that has all words of a
question is found by them, and a question in another language than the texts is left to the vectors.

score = (1 - w) dense + w lexical, with w / (1 - w) = 2.8 c^1.5, c the share of the best record. So the weight of the
words follows how much of the query they cover: 0 where no record has any of them, 0.74 where one has all. A convex
combination of scores beats reciprocal ranks where scores can be compared (Bruch, Gai & Ingber (2023), "An analysis of
fusion functions for hybrid retrieval"); benchmarks/retrieval.py prints both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from pinyon.distance import scores
from pinyon.engine.checks import refuse, shown
from pinyon.engine.snapshot import Snapshot
from pinyon.index.fusion import SIGNS
from pinyon.types import Floats, Fusion, IndexSpec, Ints, Query, SearchMode

TRUST: Final = 2.8
"""How much more the words count than the vector, where a record has all of them..."""
CAUTION: Final = 1.5
"""...and the power by which that falls with what they cover."""
DEVIATIONS: Final = 10.0
"""Standard deviations above the mean that count as much as all words: about the best that dense scores get."""
_SAMPLE: Final = 1_024
"""Rows whose dense scores tell their mean and deviation."""
_USUAL_DEVIATION: Final = 0.08
"""...in cosine, of texts of many topics: what is taken for granted, with the weight of so many rows:"""
_USUAL_ROWS: Final = 32
_MEAN_ROWS: Final = 2
"""...with the weight of so many rows, the mean is that of directions that have nothing in common: this moves all scores
of a query alike, and changes no order."""
_MOST_WEIGHT: Final = 1.0 - 1e-6
"""Words alone leave records without any of them in no order."""
MODES: Final[tuple[SearchMode, ...]] = ("dense", "lexical", "hybrid")
METHODS: Final = ("adaptive", "weighted", "rrf")
_CONSTANT: Final = (0.0, 10_000.0)
_DEPTH: Final = (1, 10_000)


@dataclass(frozen=True, slots=True)
class Blend:
    """What the words of one query are worth.

    weight: of the words, 0..1. coverage: the share of the best record. mean, deviation: of the dense scores.
    lift: (n,) float32, what the words add to a dense score for which higher is better.
    """

    weight: float
    coverage: float
    mean: float
    deviation: float
    lift: Floats

    def scores(self, totals: Floats) -> Floats:
        """(m,) dense scores and what was added -> (1 - w) dense + w lexical."""
        dense = (totals.astype(np.float64) - self.mean) / (DEVIATIONS * self.deviation)
        blended: Floats = ((1.0 - self.weight) * dense).astype(np.float32)
        return blended


def blend(snapshot: Snapshot, query: Floats, rows: Ints, found: Floats, most: float, fusion: Fusion) -> Blend:
    """query: (d,) prepared. rows, found: (m,) records that may be returned and hold a word, and their BM25 scores.
    most: what a text of average length scores that has every word once."""
    mean, deviation = _spread(snapshot, query)
    covered = found.astype(np.float64) / most if most > 0.0 else np.zeros(len(found))
    coverage = float(covered.max(initial=0.0))
    if fusion.method == "weighted":
        weight = min(fusion.weight, _MOST_WEIGHT)
    else:
        trust = TRUST * coverage**CAUTION
        weight = trust / (1.0 + trust)
    lift = np.zeros(snapshot.n, np.float32)
    lift[rows] = covered * (weight / (1.0 - weight) * DEVIATIONS * deviation)
    return Blend(weight, coverage, mean, deviation, lift)


def _spread(snapshot: Snapshot, query: Floats) -> tuple[float, float]:
    """Mean and standard deviation of the dense scores of a namespace, of which higher is better, from a sample.

    Few records tell little about either, so the usual ones count as well: a record alone would be as good as the mean.
    """
    vectors = snapshot.vectors
    assert vectors is not None, "a dense query goes to a dense index"
    alive = np.flatnonzero(snapshot.alive)
    sample = alive[np.linspace(0, len(alive) - 1, min(len(alive), _SAMPLE)).astype(np.int64)]
    taken = vectors.take(sample)
    values = SIGNS[snapshot.metric] * scores(taken, query, snapshot.metric).astype(np.float64)
    asked = float(np.square(query, dtype=np.float64).sum())
    stored = float(np.square(taken, dtype=np.float64).sum()) / len(sample)
    usual_mean, usual = 0.0, _USUAL_DEVIATION * np.sqrt(asked * stored)
    if snapshot.metric == "euclidean":  # |q - x|² = |q|² + |x|² - 2 |q| |x| cosine
        usual_mean, usual = -(asked + stored), 2.0 * usual
    squares = float(np.square(values - values.mean()).sum()) + _USUAL_ROWS * usual**2
    deviation = float(np.sqrt(squares / (len(sample) + _USUAL_ROWS)))
    mean = (float(values.sum()) + _MEAN_ROWS * usual_mean) / (len(sample) + _MEAN_ROWS)
    return mean, deviation or 1.0


# -- settings ---------------------------------------------------------------------------------------------------------


def check_joined(query: Query, spec: IndexSpec) -> None:
    """Raises InvalidRequestError where a query with a fusion lacks a part, or the index has none to join."""
    assert query.fusion is not None, "there is something to join"
    check_fusion(query.fusion)
    if spec.vector_type == "sparse":
        refuse(
            f"Index {spec.name!r} has sparse vectors, and a hybrid search by words joins words and dense vectors. "
            "Search by words or by vectors alone."
        )
    if not query.text or query.vector is None or query.sparse is not None or query.id is not None:
        refuse("A hybrid search by words needs a text and a vector, and neither sparse values nor an id.")


def check_fusion(fusion: Fusion) -> Fusion:
    """Raises InvalidRequestError for a method that is not known, and for a number out of range."""
    if fusion.method not in METHODS:
        refuse(f"fusion method {shown(fusion.method)} is not one of {', '.join(METHODS)}.")
    _check_number("constant", fusion.constant, *_CONSTANT)
    _check_number("weight", fusion.weight, 0.0, 1.0)
    _check_number("depth", fusion.depth, *_DEPTH)
    if int(fusion.depth) != fusion.depth:
        refuse(f"depth of fusion must be a whole number: got {shown(fusion.depth)}.")
    return fusion


def _check_number(name: str, value: Any, least: float, most: float) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not least <= value <= most:
        refuse(f"{name} of fusion must be a number from {least:g} to {most:g}: got {shown(value)}.")


def check_mode(mode: Any) -> SearchMode:
    """Raises InvalidRequestError for a mode that is not known."""
    for known in MODES:
        if mode == known:
            return known
    refuse(f"mode {shown(mode)} is not one of {', '.join(MODES)}.")


def read_fusion(given: Any) -> Fusion:
    """A fusion as it is written: a method, or ``{"method", "constant", "weight", "depth"}``, of which all may be left
    out. Raises InvalidRequestError."""
    if isinstance(given, Fusion):
        return check_fusion(given)
    if isinstance(given, str):
        given = {"method": given}
    if not isinstance(given, Mapping):
        refuse(f"fusion must be a method ({', '.join(METHODS)}) or an object with one: got {shown(given)}.")
    unknown = sorted(map(str, given.keys() - {"method", "constant", "weight", "depth"}))
    if unknown:
        refuse(
            f"fusion has the unknown key(s) {', '.join(unknown)[:200]}; it takes method, constant, weight and depth."
        )
    settings = {key: value for key, value in given.items() if value is not None}
    if "method" not in settings and "weight" in settings:
        settings["method"] = "weighted"
    return check_fusion(Fusion(**settings))
