"""lancedb: columnar tables; IVF_HNSW_SQ for vectors, B-trees and a bitmap for metadata."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import lancedb
import pyarrow as pa
from benchmarks.peers.contract import INDEXED, OTHERS, Adapter, Batch, Conditions, Floats, conjunction
from lancedb.index import Bitmap, BTree, HnswSq

NAME = "race"
TYPES = {str: pa.string(), int: pa.int64(), float: pa.float64(), list: pa.list_(pa.string())}
INDEX_FROM = 1_000
"""Its vector index needs some rows to train on."""


class Peer(Adapter):
    namespaces = "one table each"
    sweep = (
        {},
        *({"ef": ef, "refine": refine} for ef in (50, 100, 200, 400) for refine in (1, 2, 4)),
    )

    db: Any
    table: Any

    @property
    def promise(self) -> str:
        return "no sync call (files in the page cache)"

    @property
    def version(self) -> str:
        return version("lancedb")

    def _schema(self) -> pa.Schema:
        fields = {**INDEXED, **OTHERS}
        vector = pa.field("vector", pa.list_(pa.float32(), self.dimension))
        return pa.schema([pa.field("id", pa.string()), vector, *(pa.field(n, TYPES[t]) for n, t in fields.items())])

    def open(self, *, create: bool) -> None:
        self.open_namespaces(create=create)
        self.table = self.db.create_table(NAME, schema=self._schema()) if create else self.db.open_table(NAME)

    def close(self) -> None:
        self.table = self.db = None

    def _rows(self, batch: Batch) -> pa.Table:
        columns: dict[str, Any] = {"id": batch.ids}
        columns["vector"] = pa.FixedSizeListArray.from_arrays(pa.array(batch.vectors.ravel()), self.dimension)
        columns |= {name: [row[name] for row in batch.metadata] for name in (*INDEXED, *OTHERS)}
        return pa.table(columns, schema=self._schema())

    def insert(self, batch: Batch) -> None:
        self.table.add(self._rows(batch))

    def upsert(self, batch: Batch) -> None:
        merge = self.table.merge_insert("id").when_matched_update_all().when_not_matched_insert_all()
        merge.execute(self._rows(batch))

    def finish(self) -> None:
        if self.table.list_indices():
            return
        for name, kind in INDEXED.items():
            self.table.create_index(name, config=Bitmap() if kind is str else BTree())
        self.table.create_index("id", config=BTree())
        if self.table.count_rows() >= INDEX_FROM:
            self.table.create_index("vector", config=HnswSq(distance_type="cosine", m=20, ef_construction=300))
        self.table.wait_for_index([index.name for index in self.table.list_indices()])

    def filter(self, conditions: Conditions) -> Any:
        return conjunction(conditions)

    def query(self, vector: Floats, k: int, where: Any = None) -> list[int]:
        return self._query(self.table, vector, k, where)

    def _query(self, table: Any, vector: Floats, k: int, where: Any) -> list[int]:
        search = table.search(vector, vector_column_name="vector").distance_type("cosine").limit(k)
        search = search.select(["id", *INDEXED, *OTHERS, "_distance"])
        if self.effort:
            search = search.ef(self.effort["ef"])
            search = search.refine_factor(self.effort["refine"]) if self.effort["refine"] > 1 else search
        if where is not None:
            search = search.where(where, prefilter=True)
        return [int(row["id"]) for row in search.to_list()]

    def delete(self, ids: Batch) -> None:
        names = ", ".join(f"'{name}'" for name in ids.ids)
        self.table.delete(f"id IN ({names})")

    def count(self) -> int:
        return int(self.table.count_rows())

    def compact(self) -> None:
        self.table.optimize()

    def open_namespaces(self, *, create: bool) -> None:
        self.db = lancedb.connect(str(self.folder))

    def add_namespace(self, name: str, batch: Batch) -> None:
        self.db.create_table(name, self._rows(batch))

    def query_namespace(self, name: str, vector: Floats, k: int) -> list[int]:
        return self._query(self.db.open_table(name), vector, k, None)

    def close_namespaces(self) -> None:
        self.db = None
