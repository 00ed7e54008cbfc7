"""Who takes part: one entry each, as data. Versions are those of ``pins/<environment>.txt``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class Contender:
    """name: as on the command line. adapter: module under ``adapters``. environment: None for the one that runs this.
    package: what ``--here`` looks for.

    library: no database (no records, no writes that last). indexed: searches less than everything. large: claims a
    million vectors. options: for the adapter. steps: those that it is worth running, () meaning all.
    """

    name: str
    title: str
    adapter: str
    environment: str | None
    package: str
    library: bool = False
    indexed: bool = True
    large: bool = True
    options: Mapping[str, Any] = field(default_factory=dict)
    steps: tuple[str, ...] = ()

    def runs(self, step: str) -> bool:
        return not self.steps or step in self.steps

    def variant(self, name: str, title: str, options: Mapping[str, Any], *steps: str) -> Contender:
        """The same with other settings, where these make a difference."""
        return replace(self, name=name, title=title, options={**self.options, **options}, steps=steps)


SEARCHING = ("ingest", "reopen", "query", "filter")
WRITING = ("ingest", "change", "concurrency")

_ZVEC = Contender("zvec", "zvec (m 16, ef_construction 200)", "zvec", "zvec", "zvec")
_EDGE = Contender("qdrant_edge", "qdrant-edge-py", "qdrant_edge", "qdrant_edge", "qdrant_edge")
_FAISS = Contender("faiss", "raw faiss HNSW (M 16)", "faiss", "faiss", "faiss", library=True)
_SMALL: dict[str, Any] = {"large": False}
_EXACT: dict[str, Any] = {"large": False, "indexed": False}

_ALL = (
    Contender("pinyon", "pinyon", "pinyon", None, "pinyon"),
    Contender("needledb", "needledb", "needledb", "needledb", "needledb"),
    _ZVEC,
    _ZVEC.variant("zvec_int8", "zvec (the same, INT8 and refiner)", {"int8": True}, *SEARCHING),
    _ZVEC.variant("zvec_synced", "zvec (the same, synced writes)", {"sync": True}, *WRITING),
    _EDGE,
    _EDGE.variant("qdrant_edge_int8", "qdrant-edge-py (INT8, rescored)", {"int8": True}, *SEARCHING),
    _EDGE.variant("qdrant_edge_synced", "qdrant-edge-py (synced writes)", {"sync": True}, *WRITING),
    Contender("chromadb", "chromadb", "chromadb", "chromadb", "chromadb", **_SMALL),
    Contender("lancedb", "lancedb (IVF_HNSW_SQ)", "lancedb", "lancedb", "lancedb"),
    Contender("milvus_lite", "milvus-lite", "milvus_lite", "milvus_lite", "milvus_lite", **_SMALL),
    Contender("sqlite_vec", "sqlite-vec", "sqlite_vec", "sqlite_vec", "sqlite_vec", **_EXACT),
    Contender("txtai", "txtai", "txtai", "txtai", "txtai", **_EXACT),
    Contender("qdrant_local", "qdrant-client local", "qdrant_local", "qdrant_local", "qdrant_client", **_EXACT),
    _FAISS,
    _FAISS.variant("faiss_m32", "raw faiss HNSW (M 32)", {"m": 32}, *SEARCHING),
    Contender("usearch", "raw usearch (bf16)", "usearch", "usearch", "usearch", library=True),
)
CONTENDERS: Mapping[str, Contender] = {one.name: one for one in _ALL}
