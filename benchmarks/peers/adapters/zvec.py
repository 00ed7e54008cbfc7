"""zvec: HNSW over segments with a write-ahead log; one collection for each directory."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import zvec
from benchmarks.peers.contract import INDEXED, OTHERS, Adapter, Batch, Conditions, Floats, Setting, conjunction
from zvec import (
    CollectionSchema,
    DataType,
    Doc,
    FieldSchema,
    HnswIndexParam,
    HnswQueryParam,
    InvertIndexParam,
    MetricType,
    QuantizeType,
    Query,
    VectorSchema,
)

TYPES = {str: DataType.STRING, int: DataType.INT64, float: DataType.DOUBLE, list: DataType.ARRAY_STRING}
LARGEST_BATCH = 1_024
SYNCED = "synced (flush() after each upsert)"


class Peer(Adapter):
    namespaces = "one collection each, opened when it is used"
    sweep = tuple({"ef": ef} for ef in (20, 32, 50, 64, 100, 128, 160, 200, 300, 400, 600))

    def __init__(self, folder: Path, dimension: int, options: Mapping[str, Any]) -> None:
        super().__init__(folder, dimension, options)
        # With more, a query over several segments waits for itself forever when the machine is busy (0.8.0, two cores).
        zvec.init(query_threads=1, log_level=zvec.LogLevel.ERROR)

    @property
    def promise(self) -> str:
        return SYNCED if self.options.get("sync") else "no sync call (write-ahead log in the page cache)"

    @property
    def version(self) -> str:
        return version("zvec")

    def _schema(self) -> CollectionSchema:
        index = HnswIndexParam(
            MetricType.COSINE,
            m=self.options.get("m", 16),
            ef_construction=self.options.get("ef_construction", 200),
            quantize_type=QuantizeType.INT8 if self.options.get("int8") else QuantizeType.UNDEFINED,
            use_contiguous_memory=True,
        )
        inverted = [
            FieldSchema(name, TYPES[kind], index_param=InvertIndexParam(enable_range_optimization=kind is not str))
            for name, kind in INDEXED.items()
        ]
        plain = [FieldSchema(name, TYPES[kind]) for name, kind in OTHERS.items()]
        vector = VectorSchema("vector", DataType.VECTOR_FP32, self.dimension, index)
        return CollectionSchema("race", fields=[*inverted, *plain], vectors=[vector])

    def open(self, *, create: bool) -> None:
        self.use({})
        self._open(str(self.folder / "collection"), create=create)

    def _open(self, path: str, *, create: bool) -> None:
        self.collection = zvec.create_and_open(path, self._schema()) if create else zvec.open(path)

    def close(self) -> None:
        self.collection.close()

    def upsert(self, batch: Batch) -> None:
        docs = [
            Doc(id=name, vectors={"vector": vector}, fields=fields)
            for name, vector, fields in zip(batch.ids, batch.vectors, batch.metadata, strict=True)
        ]
        for start in range(0, len(docs), LARGEST_BATCH):
            _check(self.collection.upsert(docs[start : start + LARGEST_BATCH]))
        if self.options.get("sync"):
            self.collection.flush()

    def finish(self) -> None:
        self.collection.optimize()
        self.collection.flush()

    def use(self, setting: Setting) -> None:
        options = dict(setting)
        if self.options.get("int8"):
            options["is_using_refiner"] = True
        self.effort = HnswQueryParam(**options)

    def filter(self, conditions: Conditions) -> Any:
        return conjunction(conditions)

    def query(self, vector: Floats, k: int, where: Any = None) -> list[int]:
        found = self.collection.query(Query("vector", vector=vector, param=self.effort), topk=k, filter=where)
        return [int(doc.id) for doc in found]

    def delete(self, ids: Batch) -> None:
        for start in range(0, len(ids), LARGEST_BATCH):
            _check(self.collection.delete(ids.ids[start : start + LARGEST_BATCH]))

    def count(self) -> int:
        return int(self.collection.stats.doc_count)

    def open_namespaces(self, *, create: bool) -> None:
        self.use({})
        if create:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.mkdir()

    def add_namespace(self, name: str, batch: Batch) -> None:
        self._open(str(self.folder / name), create=True)
        self.upsert(batch)
        self.close()

    def query_namespace(self, name: str, vector: Floats, k: int) -> list[int]:
        self._open(str(self.folder / name), create=False)
        found = self.query(vector, k)
        self.close()
        return found

    def close_namespaces(self) -> None:
        """Each was closed after its use."""


def _check(answers: Any) -> None:
    bad = [answer for answer in answers if not answer.ok()]
    if bad:
        raise RuntimeError(f"zvec refused {len(bad)} of {len(answers)} records: {bad[0]}")
