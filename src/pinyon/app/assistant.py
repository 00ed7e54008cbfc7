"""An assistant over an index: its passages, its embedder, and a model that writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pinyon.app import default_models
from pinyon.engine import Index
from pinyon.engine.embedding import embedder_for
from pinyon.engine.records import find_records
from pinyon.engine.slots import text_settings
from pinyon.errors import FailedPreconditionError
from pinyon.models.registry import ModelRegistry
from pinyon.pinecone import Index as Handle
from pinyon.rag import Answer, Assistant, Citation, Context, Passage, Settings, Source
from pinyon.types import Metadata, ModelDescription, Models, RecordQuery, SearchMode

__all__ = [
    "DEFAULT_GENERATOR",
    "IndexRetriever",
    "answer_json",
    "assistant",
    "context_json",
    "usual_settings",
    "writes_badly",
]

DEFAULT_GENERATOR = "smollm2"


class IndexRetriever:
    """The records of an index with a model, by meaning and by words. Satisfies ``rag.NeighbourRetriever``.

    Raises FailedPreconditionError for an index without a model.
    """

    def __init__(self, index: Index, models: Models, namespace: str = "") -> None:
        spec = index.spec
        if spec.embed is None:
            raise FailedPreconditionError(
                f"index {spec.name!r} has no embedding model, so no text in it can be found by a question: bring the "
                "documents into an index that has one (pinyon ingest NAME DIR makes it)"
            )
        self._index, self._models, self._namespace = index, models, namespace
        self._field = spec.embed.field_map["text"]
        # An index that says itself how it is searched is searched so; None leaves it that.
        both = spec.vector_type == "dense" and bool(text_settings(spec)) and "mode" not in spec.embed.read_parameters
        self._mode: SearchMode | None = "hybrid" if both else None

    def retrieve(self, query: str, top_k: int, filter: Mapping[str, Any] | None = None) -> list[Passage]:
        """Raises InvalidRequestError for a wrong filter or ``top_k``, ModelMismatchError."""
        wanted = RecordQuery(top_k, text=query, filter=filter, mode=self._mode)
        found = find_records(self._index, self._models, self._namespace, wanted)
        passages = (self._passage(match.id, match.score, match.metadata) for match in found.matches)
        return [passage for passage in passages if passage is not None]

    def neighbours(self, passage: Passage, around: int = 1) -> list[Passage]:
        """So many chunks of the same file before and behind, as far as they are in the same section."""
        prefix, _, number = passage.id.rpartition("#")
        if not number.isdecimal() or passage.metadata.get("chunk") != int(number):
            return []
        at = int(number)
        ids = [f"{prefix}#{one}" for one in range(max(0, at - around), at + around + 1) if one != at]
        records = self._index.fetch(self._namespace, ids, include_values=False)
        found = [self._passage(id_, 0.0, record.metadata) for id_, record in records.items()]
        return [one for one in found if one is not None and _same_section(one, passage)]

    def _passage(self, id_: str, score: float, metadata: Metadata | None) -> Passage | None:
        rest = dict(metadata or {})
        text = rest.pop(self._field, None)
        return Passage(id_, text, score, rest) if isinstance(text, str) else None


def _same_section(one: Passage, other: Passage) -> bool:
    keys = ("source", "root", "section_start", "section_end")
    return all(one.metadata.get(key) == other.metadata.get(key) for key in keys) and "section_start" in one.metadata


def assistant(
    index: Index | Handle,
    *,
    model: str | None = DEFAULT_GENERATOR,
    namespace: str = "",
    reranker: str | None = None,
    models: ModelRegistry | None = None,
    data: Path | None = None,
    settings: Settings | None = None,
) -> Assistant:
    """An assistant over a namespace of an index.

    model: that writes, None for one that only finds. reranker: that puts the passages in order. models: where those are
    looked up, by default those of the data directory ``data``. settings: without them, the usual ones for the model.

    Raises FailedPreconditionError for an index without a model, NotFoundError for an unknown model, MissingExtraError,
    ModelMismatchError.
    """
    opened = index._index if isinstance(index, Handle) else index
    registry = default_models(data) if models is None else models
    retriever = IndexRetriever(opened, registry, namespace)
    embed = opened.spec.embed
    dense = embed is not None and embed.vector_type == "dense"
    chosen = settings
    if chosen is None and model is not None:
        chosen = usual_settings(registry.describe(model, "generate"))
    return Assistant(
        retriever,
        None if model is None else registry.generator(model),
        embedder=embedder_for(registry, opened.spec, "ask") if dense else None,
        reranker=None if reranker is None else registry.reranker(reranker),
        settings=chosen,
    )


def usual_settings(model: ModelDescription) -> Settings:
    """For a model that writes: how small it is, and whether it learned Korean, as far as its description tells."""
    languages = getattr(model, "languages", ())
    return Settings(brief=getattr(model, "brief", False), writes_korean=not languages or "ko" in languages)


def writes_badly(models: ModelRegistry, model: str, language: str) -> bool:
    """Whether a model is known not to have learned a language (an ISO 639-1 code)."""
    known = models.describe(model, "generate").languages
    return bool(known) and language not in known


# -- as JSON ----------------------------------------------------------------------------------------------------------


def answer_json(answer: Answer) -> dict[str, Any]:
    """An answer with everything that is known of how it came about."""
    usage = answer.usage
    return {
        "question": answer.question,
        "answer": answer.text,
        "outcome": answer.outcome,
        "refused": answer.refused,
        "reason": answer.reason,
        "citations": [_citation_json(one) for one in answer.citations],
        "sentences": [
            {
                "text": one.text,
                "supported": one.supported,
                "quoted": one.quoted,
                "citations": [_citation_json(each) for each in one.citations],
            }
            for one in answer.sentences
        ],
        "evidence": _evidence_json(answer.context),
        "sources": [_source_json(source) for source in answer.sources],
        "corrections": asdict(answer.corrections),
        "model": answer.model,
        "usage": None if usage is None else asdict(usage),
        "finish_reason": answer.finish_reason,
        "milliseconds": dict(answer.milliseconds),
    }


def context_json(context: Context) -> dict[str, Any]:
    """The sources of an answer, with their text."""
    return {
        "question": context.question,
        "query": context.query,
        "evidence": _evidence_json(context),
        "sources": [_source_json(source) | {"text": source.text} for source in context.sources],
        "milliseconds": dict(context.milliseconds),
    }


def _evidence_json(context: Context) -> dict[str, Any]:
    return asdict(context.evidence) | {"enough": context.evidence.enough}


def _citation_json(citation: Citation) -> dict[str, Any]:
    return asdict(citation)


def _source_json(source: Source) -> dict[str, Any]:
    segments: Sequence[dict[str, int]] = [{"start": one.start, "end": one.end} for one in source.segments]
    return {
        "number": source.number,
        "id": source.passage.id,
        "source": source.name,
        "page": source.page,
        "heading": source.heading,
        "score": source.passage.score,
        "segments": segments,
    }
