"""Embedders and cross-encoders of sentence-transformers, from safetensors in a folder; nothing is downloaded."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any, Literal

import numpy as np

from pinyon.errors import InvalidRequestError
from pinyon.models.descriptions import ModelInfo
from pinyon.models.settings import CrossSettings, SentenceSettings
from pinyon.models.texts import check_input_type, checked_texts, checked_vectors
from pinyon.models.threads import capped
from pinyon.models.weights import digest, hub_folder
from pinyon.types import Floats, Metric

__all__ = ["CrossReranker", "SentenceEmbedder", "quiet"]


class SentenceEmbedder:
    """Satisfies ``pinyon.types.Embedder``. Tokens of a text beyond ``max_tokens`` do not count. Calls run one by one.

    threads: those of PyTorch, whose setting is one for the process.
    """

    def __init__(self, info: ModelInfo) -> None:
        self._info = info
        self._settings: SentenceSettings = info.settings
        self.name: str = info.name
        self.metric: Metric = info.metrics[0]
        self.threads = capped(self._settings.threads)
        self._lock = threading.Lock()
        self._loaded: Any = None

    def __repr__(self) -> str:
        return f"SentenceEmbedder({self.name!r}, threads={self.threads})"

    @cached_property
    def dimension(self) -> int:
        """As described, else as the model says, which loads it."""
        return self._info.dimension or _dimension(self._load())

    @property
    def max_tokens(self) -> int:
        """Tokens of a text that count. Loads the model."""
        return int(self._load().max_seq_length)

    @cached_property
    def identity(self) -> str:
        """Digest of weights, tokenizer and configuration, and all that changes a vector. Reads the files once."""
        chosen = self._settings
        parts = [f"sentence-transformers {digest(hub_folder(self.name, chosen))}"]
        parts += [f"{self._info.max_tokens} tokens"] if self._info.max_tokens else []
        parts += [f"{chosen.truncate_dim} numbers"] if chosen.truncate_dim else []
        parts += ["unit"] if chosen.normalize else []
        parts += [f"query {chosen.query_prefix!r}"] if chosen.query_prefix is not None else []
        parts += [f"passage {chosen.passage_prefix!r}"] if chosen.passage_prefix is not None else []
        return ", ".join(parts)

    def embed(self, texts: Sequence[str], *, input_type: Literal["query", "passage"] = "passage") -> Floats:
        """(n,) texts -> (n, dimension) float32, of unit length unless the description says otherwise.

        Without prefixes in the description, the prompts that the model itself brings are used. Raises
        InvalidRequestError for what is no text, NotFoundError without the files, MissingExtraError.
        """
        check_input_type(input_type)
        given = checked_texts(texts)
        model, settings = self._load(), self._settings
        if not given:
            return np.empty((0, self.dimension), np.float32)
        prefix = settings.query_prefix if input_type == "query" else settings.passage_prefix
        encode = model.encode if prefix is not None else model.encode_query if input_type == "query" else None
        extra = {"prompt": prefix} if prefix is not None else {}
        with self._lock, quiet():
            found = (encode or model.encode_document)(
                given,
                batch_size=settings.batch_size,
                convert_to_numpy=True,
                normalize_embeddings=settings.normalize,
                show_progress_bar=False,
                **extra,
            )
        vectors: Floats = np.ascontiguousarray(found, dtype=np.float32)
        return checked_vectors(self.name, vectors, self._info.dimension)

    def token_counts(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text without prompts, with those that begin and end it, however many count."""
        tokenizer = self._load().tokenizer
        return [len(ids) for ids in tokenizer(list(texts), verbose=False)["input_ids"]] if texts else []

    def _load(self) -> Any:
        with self._lock:
            if self._loaded is None:
                folder = hub_folder(self.name, self._settings)
                with quiet():
                    import torch
                    from sentence_transformers import SentenceTransformer

                    torch.set_num_threads(self.threads)
                    model = SentenceTransformer(
                        str(folder),
                        device=self._settings.device,
                        local_files_only=True,
                        trust_remote_code=False,
                        truncate_dim=self._settings.truncate_dim or None,
                        model_kwargs={"use_safetensors": True},
                    )
                if self._info.max_tokens:
                    model.max_seq_length = self._info.max_tokens
                self._loaded = model
            return self._loaded


class CrossReranker:
    """Scores pairs of query and document with a cross-encoder. Satisfies ``pinyon.types.Reranker``."""

    def __init__(self, info: ModelInfo) -> None:
        self._info = info
        self._settings: CrossSettings = info.settings
        self.name: str = info.name
        self.threads = capped(self._settings.threads)
        self._lock = threading.Lock()
        self._loaded: Any = None

    def __repr__(self) -> str:
        return f"CrossReranker({self.name!r}, threads={self.threads})"

    @cached_property
    def identity(self) -> str:
        """Digest of weights, tokenizer and configuration."""
        return f"cross-encoder {digest(hub_folder(self.name, self._settings))}"

    def rerank(self, query: str, documents: Sequence[str]) -> Floats:
        """(n,) documents -> (n,) float32 scores in the order given, of the scale that the model has.

        Raises InvalidRequestError for a model with more than one output.
        """
        given = checked_texts(documents)
        checked_texts([query])
        model = self._load()
        if not given:
            return np.empty(0, np.float32)
        with self._lock, quiet():
            scores = model.predict(
                [(query, document) for document in given],
                batch_size=self._settings.batch_size,
                convert_to_numpy=True,
                show_progress_bar=False,
            )
        return np.ascontiguousarray(scores, dtype=np.float32)

    def _load(self) -> Any:
        with self._lock:
            if self._loaded is None:
                folder = hub_folder(self.name, self._settings)
                with quiet():
                    import torch
                    from sentence_transformers import CrossEncoder

                    torch.set_num_threads(self.threads)
                    model = CrossEncoder(
                        str(folder),
                        device=self._settings.device,
                        local_files_only=True,
                        trust_remote_code=False,
                        max_length=self._info.max_tokens,
                        model_kwargs={"use_safetensors": True},
                    )
                if model.num_labels != 1:
                    raise InvalidRequestError(
                        f"model {self.name!r} gives {model.num_labels} numbers for a pair, and a reranker gives one"
                    )
                self._loaded = model
            return self._loaded


def _dimension(model: Any) -> int:
    # The second is what releases before 5.3 call it.
    found = getattr(model, "get_embedding_dimension", None) or model.get_sentence_embedding_dimension
    return int(found())


@contextmanager
def quiet() -> Iterator[None]:
    """Remarks of the libraries about themselves are none of the user's concern."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
