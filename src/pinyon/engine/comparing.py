"""Two models on the same records: how often each finds what a question is about, and how sure the difference is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pinyon.distance import prepare
from pinyon.engine.index import Index
from pinyon.errors import FailedPreconditionError, InvalidRequestError
from pinyon.filters import decode_metadata
from pinyon.storage import switching
from pinyon.storage.reading import View
from pinyon.types import Bools, Embedder, Floats, Ints, Metric

RESAMPLES: Final = 2_000
MEASURES: Final = ("recall@1", "recall@10", "mrr")
_LEAST_WORDS: Final = 3
_LEAST_CHARACTERS: Final = 12
_SENTENCE: Final = re.compile(r"(?<=[.!?。！？…])\s+|\n+")
_SEED: Final = 0
_TIE: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Question:
    """A query and the ids of the records that answer it."""

    text: str
    relevant: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """New minus former, with a 95 % interval: percentiles of the mean over questions drawn again and again (paired
    bootstrap, Efron 1979)."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Exact searches with both models for the same questions, in one namespace.

    former, new: ``MEASURES`` by name, means over the questions. recall@k is the share of a question's relevant records
    among the first k, of at most k; mrr is the mean of 1 / rank of the best one. former and differences are None when
    the former model is not installed. of_records: the questions are sentences of stored records, which flatters.
    """

    namespace: str
    questions: int
    of_records: bool
    new: Mapping[str, float]
    former: Mapping[str, float] | None = None
    differences: Mapping[str, Difference] | None = None


# -- questions --------------------------------------------------------------------------------------------------------


def sampled(index: Index, namespace: str, field: str, count: int) -> list[Question]:
    """A sentence each of up to ``count`` records, chosen at random, the same ones every time.

    Raises FailedPreconditionError when no record has a sentence of three words.
    """
    rng = np.random.default_rng(_SEED)

    def choose(view: View) -> list[Question]:
        position = view.position(namespace)
        found: list[Question] = []
        if position is None:
            return found
        rows = view.connection.execute("SELECT ord FROM record WHERE ns_id = ? ORDER BY ord", (position[0],))
        ords = np.fromiter((row[0] for row in rows), np.int64)
        for ord_ in rng.permutation(ords).tolist():
            for row in view.rows([ord_], values=False).values():
                text = (decode_metadata(row.metadata) or {}).get(field)
                sentence = _sentence(text, rng) if isinstance(text, str) else None
                if sentence is not None:
                    found.append(Question(sentence, (row.id,)))
            if len(found) == count:
                break
        return found

    questions = index.read(choose)
    if not questions:
        raise FailedPreconditionError(
            f"No record of namespace {namespace!r} has a sentence of {_LEAST_WORDS} words to ask for. Give queries, or "
            "switch without a comparison (--sample 0)."
        )
    return questions


def _sentence(text: str, rng: np.random.Generator) -> str | None:
    """One sentence of several; of a single one half of its words, so that the question is not the whole text."""
    sentences = [part.strip() for part in _SENTENCE.split(text) if _long_enough(part)]
    if len(sentences) > 1:
        return sentences[int(rng.integers(len(sentences)))]
    if not _long_enough(text):
        return None
    words = text.split()
    pieces, glue = (words, " ") if len(words) >= _LEAST_WORDS else (list(text.strip()), "")
    size = max(_LEAST_WORDS, len(pieces) // 2)
    start = int(rng.integers(len(pieces) - size + 1))
    return glue.join(pieces[start : start + size])


def _long_enough(text: str) -> bool:
    """By characters where words have no spaces between them."""
    return len(text.split()) >= _LEAST_WORDS or len(text.strip()) >= _LEAST_CHARACTERS


def check_questions(index: Index, namespace: str, questions: Sequence[Question]) -> None:
    """Raises InvalidRequestError for a question without text, or without a relevant record in the namespace."""
    if not questions:
        raise InvalidRequestError("There is no query to compare the models by. Give at least one, or none at all.")
    ids = sorted({id_ for question in questions for id_ in question.relevant})

    def known(view: View) -> set[str]:
        position = view.position(namespace)
        return set() if position is None else {row.id for row in view.rows_by_id(position[0], ids, values=False)}

    there = index.read(known)
    for number, question in enumerate(questions, 1):
        if not question.text.strip():
            raise InvalidRequestError(f"Query {number} is empty.")
        if there.isdisjoint(question.relevant):
            shown = ", ".join(map(repr, question.relevant[:5])) or "none"
            raise InvalidRequestError(
                f"Query {number} ({question.text!r:.60}): of its relevant records ({shown}) there is none in namespace "
                f"{namespace!r} of index {index.name!r}. Give ids of records, and the namespace that holds them."
            )


# -- measuring --------------------------------------------------------------------------------------------------------


def compared(
    index: Index,
    namespace: str,
    questions: Sequence[Question],
    former: Embedder | None,
    new: Embedder,
    *,
    of_records: bool,
) -> Comparison:
    """Both at one LSN. former: None when it is not installed. Raises CorruptionError."""
    texts = [question.text for question in questions]
    embedded = [
        (other, model.embed(texts, input_type="query"), model.dimension)
        for other, model in ((False, former), (True, new))
        if model is not None
    ]

    def measure(view: View) -> dict[bool, dict[str, NDArray[np.float64]]]:
        position = view.position(namespace)
        if position is None:
            raise index.memory.unknown_namespace(namespace)
        targets = _targets(view, position[0], questions)
        return {
            other: _measured(_ranks(view, position[0], dimension, index.spec.metric, vectors, targets, other=other))
            for other, vectors, dimension in embedded
        }

    found = index.read(measure)
    ours = found[True]
    means = {name: float(values.mean()) for name, values in ours.items()}
    if former is None:
        return Comparison(namespace, len(questions), of_records, means)
    theirs = found[False]
    differences = {name: _difference(ours[name] - theirs[name]) for name in MEASURES}
    before = {name: float(values.mean()) for name, values in theirs.items()}
    return Comparison(namespace, len(questions), of_records, means, before, differences)


def _targets(view: View, ns_id: int, questions: Sequence[Question]) -> list[list[int]]:
    """Ords of the relevant records of each question; those that are gone by now are left out."""
    return [view.ords_of(ns_id, dict.fromkeys(question.relevant)) for question in questions]


def _ranks(
    view: View,
    ns_id: int,
    dimension: int,
    metric: Metric,
    vectors: Floats,
    targets: Sequence[Sequence[int]],
    *,
    other: bool,
) -> list[Ints]:
    """Ranks, from 1, of each question's relevant records among all of the namespace; ties by ord.

    vectors: (q, d). Two passes over the vectors: the scores of the relevant ones, then how many score better.
    """
    queries = prepare(vectors, metric)
    pairs = [(at, ord_) for at, ords in enumerate(targets) for ord_ in ords]
    asked = np.array([at for at, _ in pairs], np.int64)
    wanted = np.array([ord_ for _, ord_ in pairs], np.int64)
    bounds = np.full(len(pairs), np.nan)
    for ords, scores in _scored(view, ns_id, dimension, metric, queries, other=other):
        here = np.flatnonzero(np.isin(wanted, ords))
        order = np.argsort(ords)
        rows = order[np.searchsorted(ords, wanted[here], sorter=order)]
        bounds[here] = scores[rows, asked[here]]
    better = np.zeros(len(pairs), np.int64)
    slack = _TIE * np.maximum(1.0, np.abs(bounds))
    for ords, scores in _scored(view, ns_id, dimension, metric, queries, other=other):
        distance = scores[:, asked] - bounds
        before: Bools = (distance > slack) | ((np.abs(distance) <= slack) & (ords[:, None] < wanted))
        better += np.count_nonzero(before & (ords[:, None] != wanted), axis=0)
    ranks = np.where(np.isnan(bounds), np.iinfo(np.int64).max, better + 1)
    return [ranks[asked == at] for at in range(len(targets))]


def _scored(
    view: View, ns_id: int, dimension: int, metric: Metric, queries: Floats, *, other: bool
) -> Iterator[tuple[Ints, NDArray[np.float64]]]:
    """Blocks of (m,) ords and their (m, q) scores, higher is better."""
    wide = queries.astype(np.float64)
    for ords, rows in switching.vectors(view, ns_id, dimension, other=other):
        prepared = prepare(rows, metric).astype(np.float64)
        scores = prepared @ wide.T
        if metric == "euclidean":
            scores = 2.0 * scores - np.square(prepared).sum(axis=1)[:, None] - np.square(wide).sum(axis=1)
        yield ords, scores


def _measured(ranks: Sequence[Ints]) -> dict[str, NDArray[np.float64]]:
    """The measures of each question, (q,) each."""
    recalls = {
        f"recall@{k}": np.array([np.count_nonzero(of <= k) / min(k, len(of)) if len(of) else 0.0 for of in ranks])
        for k in (1, 10)
    }
    return recalls | {"mrr": np.array([1.0 / of.min() if len(of) else 0.0 for of in ranks])}


def _difference(values: NDArray[np.float64]) -> Difference:
    rng = np.random.default_rng(_SEED)
    means = [float(values[rng.integers(len(values), size=len(values))].mean()) for _ in range(RESAMPLES)]
    low, high = np.percentile(means, [2.5, 97.5])
    return Difference(float(values.mean()), float(low), float(high))
