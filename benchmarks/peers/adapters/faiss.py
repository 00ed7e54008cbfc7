"""Raw faiss HNSW with a dictionary beside it: the floor under databases that use it."""

from __future__ import annotations

from typing import Any

import faiss
import numpy as np
from benchmarks.peers.adapters.beside import Beside
from benchmarks.peers.contract import Adapter, Batch, Conditions, Floats, Setting

PARAMETERS: Any = vars(faiss)["SearchParametersHNSW"]  # the declared types know them badly
SELECTOR: Any = faiss.IDSelectorBitmap


class Peer(Adapter):
    sweep = tuple({"efSearch": ef} for ef in (16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768))

    @property
    def promise(self) -> str:
        return "nothing until write_index(), once at the end"

    @property
    def version(self) -> str:
        return str(faiss.__version__)

    def open(self, *, create: bool) -> None:
        self.beside = Beside(self.folder)
        if create:
            graph = faiss.IndexHNSWFlat(self.dimension, self.options.get("m", 16), faiss.METRIC_INNER_PRODUCT)
            graph.hnsw.efConstruction = 200
            self.index: Any = faiss.IndexIDMap2(graph)
            self.place: dict[int, int] = {}  # row -> id in the index: an update takes a new id
            self.row: list[int] = []
        else:
            self.index = faiss.read_index(str(self.folder / "index.faiss"))
            self.beside.load()
            self.row = np.load(self.folder / "rows.npy").tolist()
            self.place = {row: number for number, row in enumerate(self.row) if row >= 0}
        self.use({})

    def close(self) -> None:
        """Nothing is open."""

    def upsert(self, batch: Batch) -> None:
        first = len(self.row)
        for number, row in enumerate(batch.rows, first):
            self._forget(row)
            self.place[row] = number
        self.row.extend(batch.rows)
        self.index.add_with_ids(batch.vectors, np.arange(first, first + len(batch)))
        self.beside.rows.update(zip(batch.rows, batch.metadata, strict=True))
        self.use(self.effort)

    def _forget(self, row: int) -> None:
        old = self.place.pop(row, None)
        if old is not None:
            self.row[old] = -1

    def finish(self) -> None:
        faiss.write_index(self.index, str(self.folder / "index.faiss"))
        np.save(self.folder / "rows.npy", np.array(self.row, np.int64))
        self.beside.save()

    def use(self, setting: Setting) -> None:
        self.effort = setting
        self.plain = PARAMETERS(**setting)
        dead = np.array(self.row) < 0
        if dead.any():
            self.plain = self._among(np.flatnonzero(~dead))

    def _among(self, numbers: Any) -> Any:
        bits = np.zeros(len(self.row), bool)
        bits[numbers] = True
        return PARAMETERS(sel=SELECTOR(np.packbits(bits, bitorder="little")), **self.effort)

    def filter(self, conditions: Conditions) -> Any:
        return self._among([self.place[row] for row in self.beside.matching(conditions).tolist()])

    def query(self, vector: Floats, k: int, where: Any = None) -> list[int]:
        _, found = self.index.search(vector[None], k, params=self.plain if where is None else where)
        rows = [self.row[number] for number in found[0].tolist() if number >= 0]
        return [row for row in rows if self.beside.rows[row] is not None]

    def delete(self, ids: Batch) -> None:
        for row in ids.rows:
            self._forget(row)
            self.beside.rows.pop(row, None)
        self.use(self.effort)

    def count(self) -> int:
        return len(self.place)
