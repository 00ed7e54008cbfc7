"""needledb: SQLite for the records, faiss HNSW (m 32) in memory, built in the background."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from benchmarks.peers.contract import Adapter, Batch, Conditions, Floats, pinecone_filter
from needledb import NeedleDBLocal

NAME = "race"


class Peer(Adapter):
    namespaces = "namespaces of one index"
    sweep = tuple({"ef_search": ef} for ef in (16, 24, 32, 48, 64, 96, 128, 200, 300, 400, 600))

    @property
    def promise(self) -> str:
        return "no sync for each write (SQLite WAL, synchronous NORMAL; no other setting offered)"

    @property
    def version(self) -> str:
        return version("needledb")

    def open(self, *, create: bool) -> None:
        self.client = NeedleDBLocal(self.folder)
        if create:
            self.client.create_index(NAME, dimension=self.dimension, metric="cosine")
        self.index = self.client.Index(NAME)

    def close(self) -> None:
        self.client.close()

    def upsert(self, batch: Batch) -> None:
        self.index.upsert_arrays(batch.ids, batch.vectors, batch.metadata)

    def finish(self) -> None:
        self.index.wait_for_index()

    def filter(self, conditions: Conditions) -> Any:
        return pinecone_filter(conditions)

    def query(self, vector: Floats, k: int, where: Any = None) -> list[int]:
        found = self.index.query(vector, top_k=k, filter=where, include_metadata=True, **self.effort)
        return [int(match.id) for match in found.matches]

    def delete(self, ids: Batch) -> None:
        self.index.delete(ids.ids)

    def count(self) -> int:
        return int(self.index.describe_index_stats().total_vector_count)

    def open_namespaces(self, *, create: bool) -> None:
        self.open(create=create)

    def add_namespace(self, name: str, batch: Batch) -> None:
        self.index.upsert_arrays(batch.ids, batch.vectors, batch.metadata, namespace=name)

    def query_namespace(self, name: str, vector: Floats, k: int) -> list[int]:
        found = self.index.query(vector, top_k=k, include_metadata=True, namespace=name)
        return [int(match.id) for match in found.matches]
