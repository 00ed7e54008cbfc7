"""Raw usearch HNSW with a dictionary beside it; the vectors are stored as bfloat16, its default."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import numpy as np
from benchmarks.peers.adapters.beside import Beside
from benchmarks.peers.contract import Adapter, Batch, Conditions, Floats, Setting, UnsupportedError
from usearch.index import Index


class Peer(Adapter):
    sweep = tuple({"expansion_search": ef} for ef in (16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768))

    @property
    def promise(self) -> str:
        return "nothing until save(), once at the end"

    @property
    def version(self) -> str:
        return version("usearch")

    def open(self, *, create: bool) -> None:
        self.beside = Beside(self.folder)
        self.index = Index(
            ndim=self.dimension, metric="cos", dtype=self.options.get("dtype"), connectivity=16, expansion_add=200
        )
        if not create:
            self.index.load(str(self.folder / "index.usearch"))
            self.beside.load()

    def close(self) -> None:
        """Nothing is open."""

    def upsert(self, batch: Batch) -> None:
        known = [row for row in batch.rows if row in self.beside.rows]
        if known:
            self.index.remove(np.array(known))
        self.index.add(np.array(batch.rows), batch.vectors)
        self.beside.rows.update(zip(batch.rows, batch.metadata, strict=True))

    def finish(self) -> None:
        self.index.save(str(self.folder / "index.usearch"))
        self.beside.save()

    def use(self, setting: Setting) -> None:
        if setting:
            self.index.expansion_search = setting["expansion_search"]

    def filter(self, conditions: Conditions) -> Any:
        raise UnsupportedError("its Python package takes no filter")

    def query(self, vector: Floats, k: int, where: Any = None) -> list[int]:
        found = self.index.search(vector, k, threads=1)
        return [row for row in found.keys.tolist() if self.beside.rows[row] is not None]

    def delete(self, ids: Batch) -> None:
        self.index.remove(np.array(ids.rows))
        for row in ids.rows:
            self.beside.rows.pop(row, None)

    def count(self) -> int:
        return len(self.index)
