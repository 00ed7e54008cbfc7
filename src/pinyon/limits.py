"""Every limit in one frozen object. Defaults are Pinecone's, so that what passes here passes there."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes are bytes and times are seconds unless the name says otherwise."""

    index_name_length: int = 45
    id_length: int = 512
    namespace_length: int = 512
    dimension: int = 20_000
    sparse_nonzeros: int = 2_048
    metadata_bytes: int = 40 * 1024
    document_bytes: int = 2 * 1024 * 1024
    """A document of an index with a schema, vectors apart. Its fields that are not searched count as metadata."""
    text_fields: int = 100
    """Full-text fields of one index."""
    text_field_bytes: int = 100 * 1024
    text_field_words: int = 10_000
    schema_fields: int = 1_000
    field_name_bytes: int = 64
    description_bytes: int = 256
    score_clauses: int = 100
    top_k: int = 10_000
    fetch_by_metadata_page: int = 10_000
    list_page: int = 100
    filter_values: int = 10_000
    """Values in one ``$in`` or ``$nin``."""
    filter_nodes: int = 10_000
    filter_depth: int = 100
    tags: int = 20
    tag_key_length: int = 80
    tag_value_length: int = 120

    write_wait: float = 60.0
    """How long a writer queues for the write lock before it gives up."""


DEFAULT = Limits()
