"""Where the vectors of a study come from: a generated set, files, an index, or arrays of the caller."""

from __future__ import annotations

import hashlib
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pinyon.distance import prepare
from pinyon.engine import Database
from pinyon.errors import FailedPreconditionError, InvalidRequestError, NotFoundError
from pinyon.studies import files
from pinyon.studies.words import SOURCES, say
from pinyon.types import METRICS, Floats, Ints, Metric

QUERIES = 1_000
"""Queries asked by default: the first of a file, or so many rows held out, but no more than a tenth."""
_FEWEST_ROWS = 20
_CENTRES_SEED = 1
_CHUNK = 65_536
_GRID = 64.0
_SPREAD = 1.3  # with it, graphs and clusters find what they find among sentence embeddings
_DIGEST_BYTES = 16
_DIGEST_ROWS = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A description of vectors that can be read again, as the results keep it. Give one of generate, file and index.

    generate: (rows, dimension) of a clustered low-rank set, drawn with ``seed``. file: base vectors, and with .hdf5 the
    queries and their truth as well. index: of the data directory ``database``, with ``namespace``.
    queries: a file of query vectors; without one, rows drawn with ``seed`` are held out. query_count: at most so many.
    truth: a file of row numbers, (q, at least top_k), for all rows of ``file``. rows: the first rows only.
    metric: by default that of the index or of the .hdf5 file, euclidean for .fvecs and .bvecs, else cosine.
    """

    generate: tuple[int, int] | None = None
    file: str | None = None
    database: str | None = None
    index: str | None = None
    namespace: str = ""
    queries: str | None = None
    truth: str | None = None
    metric: Metric | None = None
    rows: int | None = None
    query_count: int | None = None
    seed: int = 0

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, found: Any) -> Source:
        """Raises InvalidRequestError when it is no description."""
        try:
            given = dict(found)
            if given.get("generate") is not None:
                rows, dimension = given["generate"]
                given["generate"] = (int(rows), int(dimension))
            return cls(**given)
        except (TypeError, ValueError) as error:
            raise InvalidRequestError(f"{str(found)[:80]!r} does not describe vectors ({error})") from None

    def __str__(self) -> str:
        return source_line(self, "en")


def source_line(source: Source | None, language: str) -> str:
    """Where vectors come from, in a few words; None for arrays of the caller."""
    if source is None:
        return say(SOURCES, "arrays", language)
    if source.generate is not None:
        return say(SOURCES, "generate", language, seed=source.seed)
    if source.index is not None:
        key = "namespace" if source.namespace else "index"
        return say(SOURCES, key, language, index=source.index, namespace=source.namespace)
    return say(SOURCES, "arrays" if source.file is None else "file", language, file=Path(source.file or "").name)


@dataclass(frozen=True, slots=True)
class Data:
    """Vectors that are ready to be measured on.

    base: (n, d) float32 prepared for the metric, as are queries: (q, d). neighbours: (q, r) true rows, best first, from
    a file, or None. digest: of the vectors as they were read. source: None for arrays of the caller.
    """

    base: Floats
    queries: Floats
    metric: Metric
    digest: str
    source: Source | None = None
    neighbours: Ints | None = None

    @property
    def n(self) -> int:
        return len(self.base)

    @property
    def d(self) -> int:
        return int(self.base.shape[1])

    @classmethod
    def of(
        cls,
        base: ArrayLike,
        queries: ArrayLike | None = None,
        *,
        metric: Metric = "cosine",
        query_count: int | None = None,
        seed: int = 0,
    ) -> Data:
        """Data of (n, d) numbers; without ``queries`` (q, d), rows drawn with ``seed`` are held out.

        Raises InvalidRequestError for NaN, infinity, rows without direction under cosine, and shapes that do not fit.
        """
        return _finished(np.asarray(base), None if queries is None else np.asarray(queries), metric, query_count, seed)


@dataclass(frozen=True, slots=True)
class _Read:
    base: NDArray[Any]
    queries: NDArray[Any] | None
    metric: Metric
    neighbours: NDArray[Any] | None = field(default=None)


def load(source: Source) -> Data:
    """The vectors that ``source`` describes. Raises NotFoundError, InvalidRequestError, MissingExtraError."""
    _check(source)
    if source.generate is not None:
        read = _generated(source)
    elif source.index is not None:
        read = _stored(source)
    else:
        read = _from_file(source)
    queries = read.queries
    if source.queries is not None:
        queries, read = files.read_matrix(Path(source.queries)), _without_truth(read)
    neighbours = read.neighbours
    if source.truth is not None:
        neighbours = files.read_matrix(Path(source.truth))
    if queries is None and neighbours is not None:
        raise InvalidRequestError("a truth belongs to queries: give the file of the queries too")
    metric = source.metric or read.metric
    data = _finished(read.base, queries, metric, source.query_count, source.seed, prepared=source.index is not None)
    if neighbours is None or source.rows is not None:  # the true rows of a part are others
        return Data(data.base, data.queries, data.metric, data.digest, source)
    return Data(
        data.base, data.queries, data.metric, data.digest, source, _neighbours(neighbours, data.n, len(data.queries))
    )


def _check(source: Source) -> None:
    given = [name for name in ("generate", "file", "index") if getattr(source, name) is not None]
    if len(given) != 1:
        raise InvalidRequestError(
            f"vectors come from one place, and here from {' and '.join(given) or 'none'}: give a file, an index, or "
            "the size of a set to generate"
        )
    if source.index is not None and source.database is None:
        raise InvalidRequestError(f"index {source.index!r} lies in a data directory: give that too")
    if source.truth is not None and source.file is None:
        raise InvalidRequestError("a truth holds the row numbers of a file: give the file of the base vectors too")
    for name in ("rows", "query_count"):
        value = getattr(source, name)
        if value is not None and value < 1:
            raise InvalidRequestError(f"{name} is {value}: it must be 1 or more")
    if not isinstance(source.seed, int) or source.seed < 0:
        raise InvalidRequestError(f"seed {source.seed!r} is not a number of 0 or more")
    if source.metric is not None and source.metric not in METRICS:
        raise InvalidRequestError(f"{source.metric!r} is no metric: choose from {', '.join(METRICS)}")


def _without_truth(read: _Read) -> _Read:
    return _Read(read.base, read.queries, read.metric)


def _generated(source: Source) -> _Read:
    assert source.generate is not None
    rows, d = source.generate
    if rows < _FEWEST_ROWS or d < 1:
        raise InvalidRequestError(f"a set of {rows} x {d} is too small: generate at least {_FEWEST_ROWS} x 1")
    count = _query_count(source.query_count, rows)
    made = generate(rows + count, d, source.seed)
    return _Read(made[: min(rows, source.rows or rows)], made[rows:], source.metric or "cosine")


def generate(n: int, d: int, seed: int) -> Floats:
    """(n, d) float32 in clusters near a space of at most 32 dimensions, as embeddings are, in random order.

    Every step is exact in float32, so that each machine draws the same bits from a seed.
    """
    rank = min(d, 32)
    shape = np.random.default_rng([seed, _CENTRES_SEED])
    centres = np.round(shape.standard_normal((max(2, round(n**0.5)), rank)) * _GRID)
    basis = shape.integers(-8, 9, (rank, d)).astype(np.float32)
    made = np.empty((n, d), np.float32)
    rng = np.random.default_rng(seed)
    for start in range(0, n, _CHUNK):
        m = min(_CHUNK, n - start)
        near = centres[rng.integers(0, len(centres), m)] + np.round(rng.standard_normal((m, rank)) * (_SPREAD * _GRID))
        # Integers below 2**24: no sum is rounded, whatever its order.
        made[start : start + m] = near.astype(np.float32) @ basis + np.round(rng.standard_normal((m, d)) * _GRID)
    made /= np.float32(_GRID)
    return made


def _stored(source: Source) -> _Read:
    assert source.index is not None
    assert source.database is not None
    folder = Path(source.database)
    if not folder.is_dir():
        raise NotFoundError(f"there is no data directory {str(folder)!r}: check the spelling")
    with Database(folder, read_only=not os.access(folder, os.W_OK)) as database:
        index = database.index(source.index)
        if index.spec.dimension is None:
            raise InvalidRequestError(f"index {source.index!r} holds sparse vectors: dense ones can be studied")
        memory = index.memory

        def rows(view: Any) -> Floats | None:
            opened = memory.snapshot(view, source.namespace)
            if opened is None or opened[1].vectors is None:
                return None
            return opened[1].vectors.take(np.flatnonzero(opened[1].alive))

        base = index.read(rows)
        if base is None:
            raise memory.unknown_namespace(source.namespace)
        if source.metric not in (None, index.spec.metric):
            raise InvalidRequestError(
                f"index {source.index!r} compares by {index.spec.metric}, not {source.metric}: leave the metric out"
            )
        return _Read(base[: source.rows], None, index.spec.metric)


def _from_file(source: Source) -> _Read:
    assert source.file is not None
    path = Path(source.file)
    if files.is_set(path):
        found = files.read_set(path, source.rows)
        return _Read(found.base, found.queries, found.metric, found.neighbours)
    metric: Metric = "euclidean" if path.suffix.lower() in (".fvecs", ".bvecs") else "cosine"
    return _Read(files.read_matrix(path, source.rows), None, metric)


def _finished(
    base: NDArray[Any],
    queries: NDArray[Any] | None,
    metric: Metric,
    query_count: int | None,
    seed: int,
    *,
    prepared: bool = False,
) -> Data:
    """prepared: the rows of ``base`` are as ``prepare`` gives them, and would not be the same bits the second time."""
    held_out = queries is None
    if base.ndim != 2 or len(base) < _FEWEST_ROWS:
        raise InvalidRequestError(
            f"vectors of shape {base.shape}: a study needs rows of numbers, (n, d), and at least {_FEWEST_ROWS} of them"
        )
    count = _query_count(query_count, len(base) if queries is None else None)
    if queries is None:
        held = np.sort(np.random.default_rng(seed).choice(len(base), count, replace=False))
        queries, base = base[held], np.delete(base, held, axis=0)
    queries = queries[:count]
    if queries.ndim != 2 or not len(queries) or queries.shape[1] != base.shape[1]:
        raise InvalidRequestError(f"queries of shape {queries.shape} do not fit vectors of dimension {base.shape[1]}")
    base, queries = _checked(base, "row", metric), _checked(queries, "query", metric)
    rows = base if prepared else prepare(base, metric)
    asked = queries if prepared and held_out else prepare(queries, metric)
    return Data(rows, asked, metric, digest(base, queries, metric))


def _query_count(wanted: int | None, held_out_of: int | None) -> int:
    if held_out_of is None:
        return QUERIES if wanted is None else wanted
    if wanted is None:
        return max(1, min(QUERIES, held_out_of // 10))
    if wanted > held_out_of // 2:
        raise InvalidRequestError(f"{wanted} queries of {held_out_of} rows: at most half of the rows can be held out")
    return wanted


def _checked(found: NDArray[Any], what: str, metric: Metric) -> Floats:
    rows = np.ascontiguousarray(found, dtype=np.float32)
    bad = np.flatnonzero(~np.isfinite(rows).all(axis=1))
    if bad.size:
        raise InvalidRequestError(
            f"{what} {bad[0]} holds a value that is not a finite 32-bit number ({bad.size} such in all): leave it out"
        )
    if metric == "cosine":
        empty = np.flatnonzero(~rows.any(axis=1))
        if empty.size:
            raise InvalidRequestError(
                f"{what} {empty[0]} is all zeros, which have no direction ({empty.size} such in all): leave it out, or "
                "choose another metric"
            )
    return rows


def _neighbours(found: NDArray[Any], n: int, queries: int) -> Ints:
    rows = np.ascontiguousarray(found[:queries]).astype(np.int64)
    if found.dtype.kind not in "iu" or len(rows) < queries or rows.min(initial=0) < 0 or rows.max(initial=0) >= n:
        raise InvalidRequestError(
            f"a truth of {found.dtype} with shape {found.shape} does not fit: it needs a line of row numbers below {n} "
            f"for each of {queries} queries"
        )
    return rows


def digest(base: Floats, queries: Floats, metric: Metric) -> str:
    """32 hex digits that change with any bit of the vectors."""
    found = hashlib.blake2b(digest_size=_DIGEST_BYTES)
    found.update(f"{metric} {base.shape} {queries.shape}".encode())
    for rows in (base, queries):
        for start in range(0, len(rows), _DIGEST_ROWS):
            found.update(np.ascontiguousarray(rows[start : start + _DIGEST_ROWS], dtype="<f4").data)
    return found.hexdigest()


def same(data: Data, recorded: str) -> None:
    """Raises FailedPreconditionError unless the vectors are those that were recorded."""
    if data.digest != recorded:
        raise FailedPreconditionError(
            f"the vectors of {data.source} are not those of the recorded study (digest {data.digest}, recorded "
            f"{recorded}): they have changed since. Begin a new study"
        )
