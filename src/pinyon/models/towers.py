"""What embedders of pictures and texts in one space have in common, whichever library runs their two towers."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any, Literal, Protocol, TypeVar

import numpy as np

from pinyon.errors import InvalidRequestError
from pinyon.models.descriptions import ModelInfo
from pinyon.models.pictures import checked_pictures
from pinyon.models.sentence import quiet
from pinyon.models.texts import check_input_type, checked_texts, checked_vectors, unit_rows
from pinyon.models.threads import capped
from pinyon.types import Floats, Metric, Picture

__all__ = ["TowerEmbedder", "Towers"]

log = logging.getLogger("pinyon.models")
T = TypeVar("T")


class Towers(Protocol):
    """A loaded model. max_tokens: tokens of a text that count. logit_scale: what cosines are multiplied by before a
    softmax, as the model learned it."""

    max_tokens: int
    logit_scale: float

    def token_counts(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, with those that begin and end it, however many count."""
        ...

    def text_vectors(self, texts: Sequence[str]) -> Floats:
        """(n,) texts, at least one and at most a batch -> (n, d) float32."""
        ...

    def picture_vectors(self, pictures: Sequence[Picture]) -> Floats:
        """(n,) pictures, at least one and at most a batch -> (n, d) float32."""
        ...


class TowerEmbedder(ABC):
    """Satisfies ``pinyon.types.PictureEmbedder``. Calls run one by one.

    threads: those of PyTorch, whose setting is one for the process. cut_texts: texts so far that had more tokens than
    count; every call that cuts some also says so in the log ``pinyon.models``.
    """

    def __init__(self, info: ModelInfo) -> None:
        self._info = info
        self._settings: Any = info.settings
        self.name: str = info.name
        self.metric: Metric = info.metrics[0]
        self.threads = capped(self._settings.threads)
        self.cut_texts = 0
        self._lock = threading.Lock()
        self._loaded: Towers | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r}, threads={self.threads})"

    @abstractmethod
    def _open(self) -> Towers:
        """Reads the files. Raises NotFoundError, InvalidRequestError, MissingExtraError."""

    @property
    @abstractmethod
    def identity(self) -> str: ...

    @cached_property
    def dimension(self) -> int:
        """As described, else as the model says, which loads it."""
        return self._info.dimension or self._measured[0]

    @property
    def max_tokens(self) -> int:
        """Tokens of a text that count. Loads the model."""
        return self._load().max_tokens

    @property
    def logit_scale(self) -> float:
        """What cosines are multiplied by before a softmax, as the model learned it. Loads the model."""
        return self._load().logit_scale

    def embed(self, texts: Sequence[str], *, input_type: Literal["query", "passage"] = "passage") -> Floats:
        """(n,) texts -> (n, dimension) float32, of unit length unless the description says otherwise.

        Raises InvalidRequestError for what is no text, NotFoundError without the files, MissingExtraError.
        """
        check_input_type(input_type)
        given = checked_texts(texts)
        towers = self._load()
        self._report(given, towers)
        return self._vectors(given, towers.text_vectors)

    def embed_pictures(self, pictures: Sequence[Picture]) -> Floats:
        """(n,) pictures -> (n, dimension) float32, of unit length unless the description says otherwise.

        Raises InvalidRequestError for what is no picture, NotFoundError without the files, MissingExtraError.
        """
        given = checked_pictures(pictures)
        return self._vectors(given, self._load().picture_vectors)

    def _load(self) -> Towers:
        with self._lock:
            if self._loaded is None:
                with quiet():
                    self._loaded = self._open()
            return self._loaded

    @cached_property
    def _measured(self) -> tuple[int, int]:
        """Numbers of a text's vector and of a picture's."""
        towers = self._load()
        white = Picture(np.full((8, 8, 3), 255, np.uint8))
        with self._lock, quiet():
            return towers.text_vectors(["a"]).shape[1], towers.picture_vectors([white]).shape[1]

    def _vectors(self, given: Sequence[T], make: Callable[[Sequence[T]], Floats]) -> Floats:
        texts, pictures = self._measured
        if texts != pictures:
            raise InvalidRequestError(
                f"model {self.name!r} gives {texts} numbers for a text and {pictures} for a picture: these are two "
                "spaces. Choose a text model that was trained for the model of the pictures"
            )
        if not given:
            return np.empty((0, self.dimension), np.float32)
        with self._lock, quiet():
            found = np.concatenate([make(batch) for batch in _batches(given, self._settings.batch_size)])
        vectors = checked_vectors(self.name, found, self._info.dimension)
        return unit_rows(vectors) if self._settings.normalize else np.ascontiguousarray(vectors, dtype=np.float32)

    def _report(self, texts: Sequence[str], towers: Towers) -> None:
        with self._lock, quiet():
            counts = towers.token_counts(texts)
            cut = [count for count in counts if count > towers.max_tokens]
            self.cut_texts += len(cut)
        if cut:
            log.warning(
                "model %s takes %d tokens of a text, and %d of %d texts had more, up to %d: what came after did not "
                "count. The first of them begins %r",
                self.name, towers.max_tokens, len(cut), len(texts), max(cut), texts[counts.index(cut[0])][:80],
            )  # fmt: skip


def _batches(given: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(given), size):
        yield given[start : start + size]
