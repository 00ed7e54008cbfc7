"""Pinyon through its public face, with default settings: kind auto, and the recall that is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

from benchmarks.peers.contract import Adapter, Batch, Conditions, Floats, Setting, pinecone_filter

import pinyon

NAME = "race"


class Peer(Adapter):
    namespaces = "namespaces of one index"

    @property
    def promise(self) -> str:
        return "synced (SQLite WAL, synchronous FULL)"

    @property
    def version(self) -> str:
        extra = f", rabitqlib {version('rabitqlib')}" if find_spec("rabitqlib") else ", without rabitqlib"
        return pinyon.__version__ + extra

    def open(self, *, create: bool) -> None:
        self.client = pinyon.Pinecone(path=str(self.folder))
        if create:
            self.client.create_index(NAME, dimension=self.dimension, metric="cosine", index={"recall": 0.99})
        self.index = self.client.Index(NAME)

    def close(self) -> None:
        self.client.close()

    def upsert(self, batch: Batch) -> None:
        self.index.upsert(vectors=batch.vectors, ids=batch.ids, metadata=batch.metadata)

    def searchable(self) -> None:
        self.index.ready(graphs=False)

    def finish(self) -> None:
        self.index.ready()

    def settings(self, target: float) -> Sequence[Setting]:
        return ({"recall": target},)

    def use(self, setting: Setting) -> None:
        if setting:
            self.client.configure_index(NAME, index=setting)
            self.index.ready()

    def filter(self, conditions: Conditions) -> Any:
        return pinecone_filter(conditions)

    def query(self, vector: Floats, k: int, where: Any = None) -> list[int]:
        found = self.index.query(vector=vector, top_k=k, filter=where, include_metadata=True)
        return [int(match.id) for match in found.matches]

    def delete(self, ids: Batch) -> None:
        for start in range(0, len(ids), 1_000):
            self.index.delete(ids=ids.ids[start : start + 1_000])

    def count(self) -> int:
        return int(self.index.describe_index_stats().total_vector_count)

    def open_namespaces(self, *, create: bool) -> None:
        self.open(create=create)

    def add_namespace(self, name: str, batch: Batch) -> None:
        self.index.upsert(vectors=batch.vectors, ids=batch.ids, metadata=batch.metadata, namespace=name)

    def query_namespace(self, name: str, vector: Floats, k: int) -> list[int]:
        found = self.index.query(vector=vector, top_k=k, include_metadata=True, namespace=name)
        return [int(match.id) for match in found.matches]
