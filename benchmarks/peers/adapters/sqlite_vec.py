"""sqlite-vec in apsw: exact scans inside SQLite, or of binary codes first, rescored ("oversample")."""

from __future__ import annotations

import json
from importlib.metadata import version
from typing import Any

import apsw
import sqlite_vec
from benchmarks.peers.contract import INDEXED, Adapter, Batch, Conditions, Floats, Setting, conjunction

TYPES = {str: "text", int: "integer", float: "float"}
FILTERED = ", ".join(f"{name} {TYPES[kind]}" for name, kind in INDEXED.items())
NAMES = ", ".join(INDEXED)
OTHERS = "price, tags, text"


class Peer(Adapter):
    namespaces = "a partition key of one table"
    sweep = (*({"oversample": n} for n in (8, 16, 32)), {})
    oversample = 0

    @property
    def promise(self) -> str:
        return "synced (SQLite WAL, synchronous FULL)"

    @property
    def version(self) -> str:
        return f"{version('sqlite-vec')} (SQLite {apsw.sqlite_lib_version()})"

    def _connect(self) -> None:
        self.db = apsw.Connection(str(self.folder / "data.sqlite"))
        self.db.enable_load_extension(True)
        self.db.load_extension(sqlite_vec.loadable_path())
        self.db.execute("pragma journal_mode = wal; pragma synchronous = full")
        self.db.set_busy_timeout(60_000)

    def open(self, *, create: bool) -> None:
        self._connect()
        if create:
            self.db.execute(
                f"create virtual table race using vec0(id integer primary key, "
                f"vector float[{self.dimension}] distance_metric=cosine, code bit[{self.dimension}], "
                f"{FILTERED}, +price float, +tags text, +text text)"
            )

    def reader(self) -> Adapter:
        other = type(self)(self.folder, self.dimension, self.options)
        other.oversample = self.oversample
        other._connect()
        return other

    def close(self) -> None:
        self.db.close()

    def upsert(self, batch: Batch) -> None:
        rows = [
            (
                row,
                (raw := vector.tobytes()),
                raw,
                *(fields[name] for name in INDEXED),
                fields["price"],
                json.dumps(fields["tags"]),
                fields["text"],
            )
            for row, vector, fields in zip(batch.rows, batch.vectors, batch.metadata, strict=True)
        ]
        places = ", ".join("?" * (len(INDEXED) + 3))
        with self.db:
            self.db.executemany("delete from race where id = ?", [(row,) for row in batch.rows])
            self.db.executemany(
                f"insert into race (id, vector, code, {NAMES}, {OTHERS}) "
                f"values (?, ?, vec_quantize_binary(?), {places})",
                rows,
            )

    def finish(self) -> None:
        """Nothing waits: every row is scanned."""

    def use(self, setting: Setting) -> None:
        self.oversample = setting.get("oversample", 0)

    def filter(self, conditions: Conditions) -> Any:
        return " and " + conjunction(conditions, joint=" and ")

    def query(self, vector: Floats, k: int, where: Any = None) -> list[int]:
        raw, extra = vector.tobytes(), where or ""
        if not self.oversample:
            found = self.db.execute(
                f"select id, distance, {NAMES}, {OTHERS} from race "
                f"where vector match ? and k = ?{extra} order by distance",
                (raw, k),
            )
        else:
            found = self.db.execute(
                f"select id, vec_distance_cosine(vector, ?) as near, {NAMES}, {OTHERS} from race "
                f"where code match vec_quantize_binary(?) and k = ?{extra} order by near limit ?",
                (raw, raw, k * self.oversample, k),
            )
        return [row[0] for row in found]

    def delete(self, ids: Batch) -> None:
        with self.db:
            self.db.executemany("delete from race where id = ?", [(row,) for row in ids.rows])

    def count(self) -> int:
        return int(self.db.execute("select count(*) from race").get)

    def open_namespaces(self, *, create: bool) -> None:
        self._connect()
        if create:
            self.db.execute(
                f"create virtual table spaces using vec0(space text partition key, "
                f"vector float[{self.dimension}] distance_metric=cosine, +row integer, +metadata text)"
            )

    def add_namespace(self, name: str, batch: Batch) -> None:
        rows = zip(batch.rows, batch.vectors, batch.metadata, strict=True)
        with self.db:
            self.db.executemany(
                "insert into spaces (space, vector, row, metadata) values (?, ?, ?, ?)",
                [(name, vector.tobytes(), row, json.dumps(fields)) for row, vector, fields in rows],
            )

    def query_namespace(self, name: str, vector: Floats, k: int) -> list[int]:
        found = self.db.execute(
            "select row, metadata from spaces where vector match ? and k = ? and space = ?", (vector.tobytes(), k, name)
        )
        return [row[0] for row in found]
