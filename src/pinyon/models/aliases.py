"""Names of Pinecone's hosted models, and the local models that answer to them, as data.

None of these is the named model: an alias lets code that asks for one run, with the dimension that it expects.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from pinyon.errors import NotFoundError
from pinyon.models.descriptions import ModelInfo

__all__ = ["ALIASES", "Alias"]


@dataclass(frozen=True, slots=True)
class Alias:
    """targets: dimension -> local model, the default first; the dimension is 0 for sparse models and rerankers.

    rank_fields: how many fields of a document the hosted reranker of this name judges at once.
    """

    name: str
    targets: Mapping[int, str]
    rank_fields: int = 1

    @property
    def default(self) -> str:
        return next(iter(self.targets.values()))

    def target(self, dimension: int | None) -> str:
        """The local model for a dimension, None meaning the default. Raises NotFoundError where there is none."""
        if dimension is None:
            return self.default
        found = self.targets.get(dimension)
        if found is None:
            raise NotFoundError(
                f"Model {self.name} with dimension {dimension} not found: no local model has that dimension. "
                f"This name is served with dimension {' or '.join(map(str, self.targets))} ({self.default}). "
                "Choose one of these, or bring vectors of your own."
            )
        return found

    def describe(self, target: ModelInfo) -> ModelInfo:
        """What is known of the local model, under the alias."""
        return replace(
            target,
            name=self.name,
            dimensions=tuple(filter(None, self.targets)),
            rank_fields=min(self.rank_fields, target.rank_fields),
            short_description=f"Not the hosted model of this name: it stands for {target.name}. "
            + target.short_description,
        )


def _named(aliases: Iterable[Alias]) -> dict[str, Alias]:
    return {alias.name: alias for alias in aliases}


_RERANKER = {0: "use-multilingual-reranker"}
_SPARSE = {0: "lexical-sparse"}

ALIASES: dict[str, Alias] = _named(
    (
        Alias("bge-reranker-v2-m3", _RERANKER),
        Alias("cohere-rerank-3.5", _RERANKER, rank_fields=16),
        Alias(
            "llama-text-embed-v2",  # offers 384 too, for which there is no local model
            {
                1_024: "use-multilingual-1024",
                512: "use-multilingual",
                768: "use-multilingual-768",
                2_048: "use-multilingual-2048",
            },
        ),
        Alias("multilingual-e5-large", {1_024: "use-multilingual-1024"}),
        Alias("pinecone-rerank-v0", _RERANKER),
        Alias("pinecone-sparse-english-v0", _SPARSE),
        Alias("pinecone-sparse-multilingual-v0", _SPARSE),
    )
)
