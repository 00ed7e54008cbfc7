"""Encoders in ONNX with a tokenizer in one file, run on the CPU by onnxruntime."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np

from pinyon.errors import InvalidRequestError
from pinyon.models.descriptions import ModelInfo
from pinyon.models.settings import OnnxSettings
from pinyon.models.texts import check_input_type, checked_texts, checked_vectors, unit_rows
from pinyon.models.threads import capped
from pinyon.models.weights import digest, resolve
from pinyon.types import Floats, Metric

__all__ = ["OnnxEmbedder"]

MAX_TOKENS = 512


class OnnxEmbedder:
    """Embeds texts as (dimension,) float32 rows, of unit length unless the description says otherwise. Satisfies
    ``pinyon.types.Embedder``. Any number of threads may call it at once.

    The model takes ``input_ids`` and ``attention_mask`` (and ``token_type_ids``), (n, t) int64, and gives the vectors
    of the tokens, (n, t, d) float32, first; they are pooled here. Tokens beyond ``max_tokens`` do not count. A text
    embedded in different company may differ by float rounding, about 1e-6.
    """

    def __init__(self, info: ModelInfo) -> None:
        self._info = info
        self._settings: OnnxSettings = info.settings
        self.name: str = info.name
        self.metric: Metric = info.metrics[0]
        self.threads = capped(self._settings.threads)
        self._max_tokens = info.max_tokens or MAX_TOKENS
        self._lock = threading.Lock()
        self._loaded: tuple[Any, Any] | None = None

    def __repr__(self) -> str:
        return f"OnnxEmbedder({self.name!r}, threads={self.threads})"

    @property
    def dimension(self) -> int:
        return self._info.dimension or self._found_dimension

    @cached_property
    def _found_dimension(self) -> int:
        size = self._load()[0].get_outputs()[0].shape[-1]
        return size if isinstance(size, int) else self.embed([""]).shape[1]

    @cached_property
    def identity(self) -> str:
        """Digest of weights and tokenizer, and all that changes a vector. Reads the files once."""
        model, tokenizer = self._paths
        chosen = self._settings
        parts = [f"onnx {digest(model, tokenizer)} {chosen.pooling} {self._max_tokens} tokens"]
        parts += ["unit"] if chosen.normalize else []
        parts += [f"query {chosen.query_prefix!r}"] if chosen.query_prefix else []
        parts += [f"passage {chosen.passage_prefix!r}"] if chosen.passage_prefix else []
        return ", ".join(parts)

    def embed(self, texts: Sequence[str], *, input_type: Literal["query", "passage"] = "passage") -> Floats:
        """(n,) texts -> (n, dimension) float32.

        Raises InvalidRequestError for what is no text, NotFoundError without the files, MissingExtraError.
        """
        check_input_type(input_type)
        settings = self._settings
        prefix = settings.query_prefix if input_type == "query" else settings.passage_prefix
        given = [prefix + text for text in checked_texts(texts)]
        session, tokenizer = self._load()
        if not given:
            return np.empty((0, self._info.dimension or self._found_dimension), np.float32)
        encodings = tokenizer.encode_batch(given)
        # Texts of about the same length go together: what is padding in a batch is computed for nothing.
        order = sorted(range(len(given)), key=lambda row: len(encodings[row].ids))
        out: Floats | None = None
        for start in range(0, len(order), settings.batch_size):
            rows = order[start : start + settings.batch_size]
            pooled = self._run(session, [encodings[row] for row in rows])
            if out is None:
                out = np.empty((len(given), pooled.shape[1]), np.float32)
            out[rows] = pooled
        assert out is not None, "there is at least one text"
        checked_vectors(self.name, out, self._info.dimension)
        return unit_rows(out) if settings.normalize else out

    def _run(self, session: Any, encodings: Sequence[Any]) -> Floats:
        """(b,) encodings -> (b, d) pooled float32."""
        width = max(len(one.ids) for one in encodings) or 1
        ids = np.zeros((len(encodings), width), np.int64)
        mask = np.zeros_like(ids)
        for row, one in enumerate(encodings):
            ids[row, : len(one.ids)] = one.ids
            mask[row, : len(one.ids)] = one.attention_mask
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        wanted = [one.name for one in session.get_inputs()]
        hidden = session.run([session.get_outputs()[0].name], {name: given[name] for name in wanted})[0]
        if self._settings.pooling == "cls":
            return np.asarray(hidden[:, 0], np.float32)
        weights = mask[:, :, None].astype(np.float32)
        return np.asarray((hidden * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), 1.0), np.float32)

    @cached_property
    def _paths(self) -> tuple[Path, Path]:
        """(the .onnx file, tokenizer.json)."""
        path = resolve(self.name, self._settings.path)
        model = path
        if path.is_dir():
            inside = [path / "model.onnx", path / "onnx" / "model.onnx"]
            model = next((one for one in inside if one.is_file()), inside[0])
        folder = path if path.is_dir() else path.parent
        tokenizer = self._settings.tokenizer or str(folder / "tokenizer.json")
        return resolve(self.name, str(model)), resolve(self.name, tokenizer)

    def _load(self) -> tuple[Any, Any]:
        with self._lock:
            if self._loaded is None:
                model, words = self._paths
                import onnxruntime
                from tokenizers import Tokenizer

                options = onnxruntime.SessionOptions()
                options.intra_op_num_threads = self.threads
                options.inter_op_num_threads = 1
                options.log_severity_level = 3
                session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
                unknown = {one.name for one in session.get_inputs()} - {"input_ids", "attention_mask", "token_type_ids"}
                if unknown or len(session.get_outputs()[0].shape) != 3:
                    raise InvalidRequestError(
                        f"model {self.name!r}: {str(model)!r} is no encoder that gives vectors of tokens: "
                        f"inputs {sorted(one.name for one in session.get_inputs())}, "
                        f"first output {session.get_outputs()[0].shape}"
                    )
                tokenizer = Tokenizer.from_file(str(words))
                tokenizer.no_padding()
                tokenizer.enable_truncation(self._max_tokens)
                self._loaded = session, tokenizer
            return self._loaded
