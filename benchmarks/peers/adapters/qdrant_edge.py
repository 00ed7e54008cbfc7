"""qdrant-edge-py: one shard of Qdrant in the process; HNSW, payload indexes. Ids are numbers."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from benchmarks.peers.contract import INDEXED, Adapter, Batch, Conditions, Floats, Setting
from qdrant_edge import (
    CountRequest,
    Distance,
    EdgeConfig,
    EdgeShard,
    EdgeVectorParams,
    FieldCondition,
    Filter,
    HnswIndexConfig,
    MatchValue,
    PayloadSchemaType,
    Point,
    QuantizationSearchParams,
    Query,
    QueryRequest,
    RangeFloat,
    ScalarQuantizationConfig,
    ScalarType,
    SearchParams,
    UpdateOperation,
)

SCHEMA = {str: PayloadSchemaType.Keyword, int: PayloadSchemaType.Integer, float: PayloadSchemaType.Float}
SYNCED = "synced (flush() after each upsert)"
RANGES = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}


class Peer(Adapter):
    namespaces = "one shard each, opened when it is used"
    sweep = tuple({"hnsw_ef": ef} for ef in (16, 24, 32, 48, 64, 96, 128, 200, 300, 400, 600))

    @property
    def promise(self) -> str:
        return SYNCED if self.options.get("sync") else "no sync call (write-ahead log in the page cache)"

    @property
    def version(self) -> str:
        return version("qdrant-edge-py")

    def open(self, *, create: bool) -> None:
        self.use({})
        self._open(str(self.folder), create=create)
        if create:
            for name, kind in INDEXED.items():
                self.shard.update(UpdateOperation.create_field_index(name, SCHEMA[kind]))

    def _open(self, path: str, *, create: bool) -> None:
        if not create:
            self.shard = EdgeShard.load(path)
            return
        int8 = ScalarQuantizationConfig(ScalarType.Int8, always_ram=True) if self.options.get("int8") else None
        config = EdgeConfig(
            vectors=EdgeVectorParams(size=self.dimension, distance=Distance.Cosine),
            hnsw_config=HnswIndexConfig(m=16, ef_construct=100, full_scan_threshold=10_000),  # Qdrant's defaults
            quantization_config=int8,
        )
        self.shard = EdgeShard.create(path, config)

    def close(self) -> None:
        self.shard.close()

    def upsert(self, batch: Batch) -> None:
        points = [
            Point(row, vector, payload)
            for row, vector, payload in zip(batch.rows, batch.vectors.tolist(), batch.metadata, strict=True)
        ]
        self.shard.update(UpdateOperation.upsert_points(points))
        if self.options.get("sync"):
            self.shard.flush()

    def finish(self) -> None:
        self.shard.optimize()
        self.shard.flush()

    def use(self, setting: Setting) -> None:
        rescore = QuantizationSearchParams(rescore=True) if self.options.get("int8") else None
        self.effort = SearchParams(hnsw_ef=setting.get("hnsw_ef"), quantization=rescore)

    def filter(self, conditions: Conditions) -> Any:
        return Filter(
            must=[
                FieldCondition(field, match=MatchValue(value))
                if op == "=="
                else FieldCondition(field, range=RangeFloat(**{RANGES[op]: value}))
                for field, op, value in conditions
            ]
        )

    def query(self, vector: Floats, k: int, where: Any = None) -> list[int]:
        nearest = Query.Nearest(vector.tolist())
        request = QueryRequest(limit=k, query=nearest, filter=where, params=self.effort, with_payload=True)
        return [point.id for point in self.shard.query(request) if point.payload is not None]

    def delete(self, ids: Batch) -> None:
        self.shard.update(UpdateOperation.delete_points(ids.rows))

    def count(self) -> int:
        return int(self.shard.count(CountRequest(exact=True)))

    def open_namespaces(self, *, create: bool) -> None:
        self.use({})

    def add_namespace(self, name: str, batch: Batch) -> None:
        (self.folder / name).mkdir()
        self._open(str(self.folder / name), create=True)
        self.upsert(batch)
        self.shard.flush()
        self.close()

    def query_namespace(self, name: str, vector: Floats, k: int) -> list[int]:
        self._open(str(self.folder / name), create=False)
        found = self.query(vector, k)
        self.close()
        return found

    def close_namespaces(self) -> None:
        """Each was closed after its use."""
