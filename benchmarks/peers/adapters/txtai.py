"""txtai with vectors that it is given: faiss (flat, as its own upserts make it) beside SQLite."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.peers.contract import INDEXED, OTHERS, Adapter, Batch, Conditions, Floats, conjunction
from txtai.embeddings import Embeddings

CONFIG = {"method": "external", "content": True, "format": "json"}
FILTERED = 1_000
"""Its filters drop rows from that many candidates."""
FIELDS = ", ".join((*INDEXED, *OTHERS))


class Peer(Adapter):
    namespaces = "one directory each"
    sweep = tuple({"candidates": n} for n in (10, 200))

    @property
    def promise(self) -> str:
        return "nothing until save(), once at the end"

    @property
    def version(self) -> str:
        return version("txtai")

    def open(self, *, create: bool) -> None:
        self.open_namespaces(create=create)
        self.embeddings = self._new(None if create else self.folder / "index")

    @property
    def _config(self) -> dict[str, Any]:
        known = self.known
        return {**CONFIG, "transform": lambda texts: np.stack([known[text] for text in texts])}

    def _new(self, path: Path | None = None) -> Embeddings:
        made = Embeddings(self._config)
        return made if path is None else made.load(str(path), config=self._config)

    def close(self) -> None:
        self.embeddings.close()

    def upsert(self, batch: Batch) -> None:
        self._upsert(self.embeddings, batch)

    def _upsert(self, embeddings: Embeddings, batch: Batch) -> None:
        self.known.clear()
        self.known.update(
            (fields["text"], vector) for fields, vector in zip(batch.metadata, batch.vectors, strict=True)
        )
        rows = zip(batch.ids, batch.metadata, strict=True)
        embeddings.upsert([(key, fields, ",".join(fields["tags"])) for key, fields in rows])

    def finish(self) -> None:
        self.embeddings.save(str(self.folder / "index"))

    def filter(self, conditions: Conditions) -> Any:
        return conjunction(conditions)

    def query(self, vector: Floats, k: int, where: Any = None) -> list[int]:
        return self._query(self.embeddings, vector, k, where)

    def _query(self, embeddings: Embeddings, vector: Floats, k: int, where: Any) -> list[int]:
        extra = f" and {where}" if where else ""
        candidates = FILTERED if where else self.effort.get("candidates", k)
        found = embeddings.search(
            f"select id, score, {FIELDS} from txtai where similar(:vector, {candidates}){extra} limit {k}",
            parameters={"vector": vector},
        )
        return [int(row["id"]) for row in found]

    def delete(self, ids: Batch) -> None:
        self.embeddings.delete(ids.ids)

    def count(self) -> int:
        return int(self.embeddings.count())

    def open_namespaces(self, *, create: bool) -> None:
        self.known: dict[str, Floats] = {}  # what its "external" model says: text -> vector

    def add_namespace(self, name: str, batch: Batch) -> None:
        made = self._new()
        self._upsert(made, batch)
        made.save(str(self.folder / name))
        made.close()

    def query_namespace(self, name: str, vector: Floats, k: int) -> list[int]:
        opened = self._new(self.folder / name)
        found = self._query(opened, vector, k, None)
        opened.close()
        return found

    def close_namespaces(self) -> None:
        """Each was closed after its use."""
