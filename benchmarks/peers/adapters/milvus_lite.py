"""milvus-lite through pymilvus: HNSW for vectors, inverted indexes for metadata."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import version
from typing import Any

from benchmarks.peers.contract import INDEXED, OTHERS, Adapter, Batch, Conditions, Floats, conjunction
from pymilvus import DataType, MilvusClient

NAME = "race"
FIELDS = [*INDEXED, *OTHERS]
TYPES = {int: DataType.INT64, float: DataType.DOUBLE}


class Peer(Adapter):
    namespaces = "one collection each"
    sweep = tuple({"ef": ef} for ef in (32, 64, 96, 128, 200, 256, 400))

    @property
    def promise(self) -> str:
        return "no sync call (write-ahead log in the page cache)"

    @property
    def version(self) -> str:
        return f"{version('milvus-lite')} (pymilvus {version('pymilvus')})"

    def open(self, *, create: bool) -> None:
        self.open_namespaces(create=create)
        if create:
            self._create(NAME, INDEXED)
        else:
            self.client.load_collection(NAME)

    def _create(self, name: str, indexed: Iterable[str] = ()) -> None:
        schema = MilvusClient.create_schema(auto_id=False)
        schema.add_field("id", DataType.VARCHAR, is_primary=True, max_length=64)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=self.dimension)
        for field, kind in {**INDEXED, **OTHERS}.items():
            if kind is list:
                tags = {"element_type": DataType.VARCHAR, "max_capacity": 8, "max_length": 64}
                schema.add_field(field, DataType.ARRAY, **tags)
            elif kind is str:
                schema.add_field(field, DataType.VARCHAR, max_length=512)
            else:
                schema.add_field(field, TYPES[kind])
        params = self.client.prepare_index_params()
        graph = {"M": 16, "efConstruction": 200}
        params.add_index("vector", index_type="HNSW", metric_type="COSINE", params=graph)
        for field in indexed:
            params.add_index(field, index_type="INVERTED")
        self.client.create_collection(name, schema=schema, index_params=params)

    def close(self) -> None:
        self.client.close()

    def upsert(self, batch: Batch) -> None:
        self._upsert(NAME, batch)

    def _upsert(self, name: str, batch: Batch) -> None:
        rows = zip(batch.ids, batch.vectors, batch.metadata, strict=True)
        data = [{"id": key, "vector": vector, **fields} for key, vector, fields in rows]
        self.client.upsert(name, data)

    def finish(self) -> None:
        self.client.flush(NAME)

    def filter(self, conditions: Conditions) -> Any:
        return conjunction(conditions, equal="==", joint=" and ")

    def query(self, vector: Floats, k: int, where: Any = None) -> list[int]:
        return self._query(NAME, vector, k, where)

    def _query(self, name: str, vector: Floats, k: int, where: Any) -> list[int]:
        effort = {"metric_type": "COSINE", "params": dict(self.effort)}
        found = self.client.search(
            name, [vector], limit=k, filter=where or "", output_fields=FIELDS, search_params=effort
        )
        return [int(hit["id"]) for hit in found[0]]

    def delete(self, ids: Batch) -> None:
        self.client.delete(NAME, ids=ids.ids)

    def count(self) -> int:
        return int(self.client.query(NAME, filter="", output_fields=["count(*)"])[0]["count(*)"])

    def open_namespaces(self, *, create: bool) -> None:
        self.client = MilvusClient(str(self.folder / "milvus.db"))

    def add_namespace(self, name: str, batch: Batch) -> None:
        self._create(name.replace("-", "_"))
        self._upsert(name.replace("-", "_"), batch)

    def query_namespace(self, name: str, vector: Floats, k: int) -> list[int]:
        return self._query(name.replace("-", "_"), vector, k, None)
