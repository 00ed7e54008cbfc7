"""qdrant-client's local mode: numpy in memory over SQLite, exact search. Ids are numbers."""

from __future__ import annotations

import warnings
from importlib.metadata import version
from typing import Any

from benchmarks.peers.contract import Adapter, Batch, Conditions, Floats
from qdrant_client import QdrantClient, models

NAME = "race"
RANGES = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}


class Peer(Adapter):
    namespaces = "one collection each"

    @property
    def promise(self) -> str:
        return "synced, record by record (SQLite)"

    @property
    def version(self) -> str:
        return version("qdrant-client")

    def open(self, *, create: bool) -> None:
        self.open_namespaces(create=create)
        if create:
            self._create(NAME)

    def _create(self, name: str) -> None:
        space = models.VectorParams(size=self.dimension, distance=models.Distance.COSINE)
        self.client.create_collection(name, vectors_config=space)

    def close(self) -> None:
        self.client.close()

    def upsert(self, batch: Batch) -> None:
        self._upsert(NAME, batch)

    def _upsert(self, name: str, batch: Batch) -> None:
        points = models.Batch(ids=batch.rows, vectors=batch.vectors.tolist(), payloads=batch.metadata)
        self.client.upsert(name, points)

    def finish(self) -> None:
        """Nothing waits: every search is exact."""

    def filter(self, conditions: Conditions) -> Any:
        return models.Filter(
            must=[
                models.FieldCondition(key=field, match=models.MatchValue(value=value))
                if op == "=="
                else models.FieldCondition(key=field, range=models.Range(**{RANGES[op]: value}))
                for field, op, value in conditions
            ]
        )

    def query(self, vector: Floats, k: int, where: Any = None) -> list[int]:
        return self._query(NAME, vector, k, where)

    def _query(self, name: str, vector: Floats, k: int, where: Any = None) -> list[int]:
        found = self.client.query_points(name, query=vector, limit=k, query_filter=where, with_payload=True)
        return [int(point.id) for point in found.points]

    def delete(self, ids: Batch) -> None:
        self.client.delete(NAME, points_selector=models.PointIdsList(points=ids.rows))

    def count(self) -> int:
        return int(self.client.count(NAME, exact=True).count)

    def open_namespaces(self, *, create: bool) -> None:
        warnings.simplefilter("ignore")  # it warns above 20,000 points, once for each call
        self.client = QdrantClient(path=str(self.folder))

    def add_namespace(self, name: str, batch: Batch) -> None:
        self._create(name)
        self._upsert(name, batch)

    def query_namespace(self, name: str, vector: Floats, k: int) -> list[int]:
        return self._query(name, vector, k)
