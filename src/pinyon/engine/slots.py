"""Which field of a document is which part of a record.

A document is a record. Its dense vector field is the record's vector, its sparse vector field the sparse values, and
everything else is metadata; full-text fields are metadata that can be searched by their words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from pinyon.filters import Searched
from pinyon.index.analysis import AUTO, Ngram, TextSettings
from pinyon.types import IndexSpec, Metric

DENSE_FIELD: Final = "_values"
SPARSE_FIELD: Final = "_sparse_values"
SEARCH_KEYS: Final = ("full_text_search", "embed", "sparse_embed")
"""What makes a string field one that is searched."""


@dataclass(frozen=True, slots=True)
class Slots:
    """Which field of a document is which part of a record. Fields that are not named here are plain metadata.

    text_fields: full-text fields and how their text becomes terms. embed_field, sparse_embed_field: whose text becomes
    the dense vector or the sparse values. unstored: fields whose text is embedded and then dropped. declared: metadata
    fields with a type.
    """

    dense_field: str | None = None
    dimension: int | None = None
    metric: Metric = "dotproduct"
    sparse_field: str | None = None
    text_fields: Mapping[str, TextSettings] = field(default_factory=dict)
    embed_field: str | None = None
    sparse_embed_field: str | None = None
    unstored: frozenset[str] = frozenset()
    declared: Mapping[str, str] = field(default_factory=dict)

    @property
    def searched(self) -> frozenset[str]:
        """Every field that a search can score by."""
        named = (self.dense_field, self.sparse_field, self.embed_field, self.sparse_embed_field)
        return frozenset(name for name in named if name is not None) | self.text_fields.keys()

    @property
    def required(self) -> tuple[str, ...]:
        """Fields that every document has."""
        return tuple(name for name in (self.dense_field, self.embed_field) if name is not None)

    @property
    def filtering(self) -> Searched:
        """What a filter may ask of the fields."""
        return Searched(frozenset(self.text_fields), self.searched)


def slots(spec: IndexSpec) -> Slots:
    """The slots of an index. An index of vectors has the fields ``_values`` and ``_sparse_values``."""
    if spec.schema is None:
        dense = None if spec.dimension is None else DENSE_FIELD
        return Slots(dense, spec.dimension, spec.metric, SPARSE_FIELD)
    found = slots_of(spec.schema)
    if found.embed_field is not None:
        found = replace(found, dimension=spec.dimension, metric=spec.metric)
    return found


def text_settings(spec: IndexSpec) -> Mapping[str, TextSettings]:
    """The fields that a search by words looks at, and how their text is read. Without a schema, the text that the
    model of the index embeds."""
    if spec.schema is not None:
        return slots_of(spec.schema).text_fields
    return {} if spec.embed is None else {spec.embed.field_map["text"]: AUTO}


def slots_of(fields: Mapping[str, Any]) -> Slots:
    dense = sparse = embed = sparse_embed = None
    dimension: int | None = None
    metric: Metric = "dotproduct"
    texts: dict[str, TextSettings] = {}
    unstored: set[str] = set()
    declared: dict[str, str] = {}
    for name, definition in fields.items():
        kind = definition["type"]
        if kind == "dense_vector":
            dense, dimension, metric = name, definition["dimension"], definition["metric"]
        elif kind == "sparse_vector":
            sparse = name
        elif kind == "string" and not definition.keys().isdisjoint(SEARCH_KEYS):
            if "full_text_search" in definition:
                texts[name] = _settings(definition["full_text_search"])
            embed = name if "embed" in definition else embed
            sparse_embed = name if "sparse_embed" in definition else sparse_embed
            if definition["store_text"] is False:
                unstored.add(name)
        else:
            declared[name] = kind
    return Slots(dense, dimension, metric, sparse, texts, embed, sparse_embed, frozenset(unstored), declared)


def _settings(search: Mapping[str, Any]) -> TextSettings:
    ngram = search.get("ngram")
    return TextSettings(
        search["language"],
        search["stemming"],
        search["stop_words"],
        None if ngram is None else Ngram(ngram["min_gram"], ngram["max_gram"], ngram["prefix_only"]),
    )
