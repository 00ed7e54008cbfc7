"""chromadb, persistent client: hnswlib over SQLite."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import chromadb
from benchmarks.peers.contract import Adapter, Batch, Conditions, Floats, Setting, pinecone_filter
from chromadb.config import Settings

NAME = "race"
HNSW = {"space": "cosine", "ef_construction": 200, "max_neighbors": 16, "ef_search": 100}


class Peer(Adapter):
    namespaces = "one collection each"
    sweep = tuple({"ef_search": ef} for ef in (40, 60, 100, 150, 200, 300, 400, 600))

    @property
    def promise(self) -> str:
        return "synced (SQLite)"

    @property
    def version(self) -> str:
        return version("chromadb")

    def open(self, *, create: bool) -> None:
        self.open_namespaces(create=create)
        if create:
            self._create(NAME)
        self.collection = self.client.get_collection(NAME, embedding_function=None)

    def _create(self, name: str) -> Any:
        return self.client.create_collection(name, configuration={"hnsw": HNSW}, embedding_function=None)

    def close(self) -> None:
        self.client.close()

    def upsert(self, batch: Batch) -> None:
        self.collection.upsert(ids=batch.ids, embeddings=batch.vectors, metadatas=batch.metadata)

    def finish(self) -> None:
        """Nothing waits: the graph grows inside upsert, and what it lacks is searched exactly."""

    def use(self, setting: Setting) -> None:
        if setting:
            self.collection.modify(configuration={"hnsw": setting})
            self.close()  # an open client goes on with the effort that it began with
            self.open(create=False)

    def filter(self, conditions: Conditions) -> Any:
        parts = [{field: value} for field, value in pinecone_filter(conditions).items()]
        return parts[0] if len(parts) == 1 else {"$and": parts}

    def query(self, vector: Floats, k: int, where: Any = None) -> list[int]:
        found = self.collection.query(
            query_embeddings=[vector], n_results=k, where=where, include=["metadatas", "distances"]
        )
        return [int(name) for name in found["ids"][0]]

    def delete(self, ids: Batch) -> None:
        for start in range(0, len(ids), 5_000):
            self.collection.delete(ids=ids.ids[start : start + 5_000])

    def count(self) -> int:
        return int(self.collection.count())

    def open_namespaces(self, *, create: bool) -> None:
        self.client = chromadb.PersistentClient(str(self.folder), Settings(anonymized_telemetry=False))

    def add_namespace(self, name: str, batch: Batch) -> None:
        made = self._create(name)
        made.upsert(ids=batch.ids, embeddings=batch.vectors, metadatas=batch.metadata)

    def query_namespace(self, name: str, vector: Floats, k: int) -> list[int]:
        space = self.client.get_collection(name, embedding_function=None)
        found = space.query(query_embeddings=[vector], n_results=k, include=["metadatas", "distances"])
        return [int(name) for name in found["ids"][0]]
