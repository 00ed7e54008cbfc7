"""A reader of our files that knows ``docs/format.md`` and nothing of Pinyon's code."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sqlite3
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

from docs.documents import ROOT, blocks, table

FORMAT = ROOT / "docs" / "format.md"
BLOCK = 1 << 20
ROWS = 5_000
WRITER = f"""
import sys
import numpy as np
from pinyon import Pinecone

with Pinecone(path=sys.argv[1]) as pc:
    pc.create_index("docs", dimension=2, metric="dotproduct", tags={{"team": "search"}})
    docs = pc.Index("docs")
    sparse = {{"indices": [7, 1], "values": [0.5, 0.25]}}
    docs.upsert([{{"id": "doc-1", "values": [0.5, -2], "sparse_values": sparse, "metadata": {{"year": 2024}}}}])
    docs.upsert([("doc-2", [1, 0], {{"title": "솔방울"}}), ("doc-3", [0, 1])], namespace="other")
    docs.update(id="doc-2", set_metadata={{"year": 2025}}, namespace="other")
    docs.delete(ids=["doc-3"], namespace="other")
    docs.create_namespace("empty", schema={{"fields": {{"year": {{"filterable": True}}}}}})
    pc.create_backup(index_name="docs", backup_name="evening", description="솔방울")
    pc.create_index("gone", dimension=2)
    pc.delete_index("gone")
    pc.create_index("large", dimension=64)
    rows = np.random.default_rng(1).normal(size=({ROWS}, 64)).astype(np.float32)
    large = pc.Index("large")
    large.upsert(rows, ids=[f"row-{{i}}" for i in range({ROWS})], metadata={{"n": list(range({ROWS}))}})
    large.delete(ids=["row-0"])
    assert large.ready()
"""

REEMBEDDER = """
import sys
from pathlib import Path
from faults.reembed_worker import NAME, models, prepare
from pinyon.engine import Database
from pinyon.engine.records import write_records
from pinyon.engine.reembedding import reembed

prepare(Path(sys.argv[1]), 50)
with Database(sys.argv[1]) as database:
    reembed(database, models()[1], NAME, "same", sample=0)
    late = [{"_id": f"r{n}", "body": f"another {n}"} for n in range(40)]
    write_records(database.index(NAME), models()[1], "", late)
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("format") / "data"
    subprocess.run([sys.executable, "-c", WRITER, str(folder)], check=True)
    return folder


def select(path: Path, sql: str) -> list[dict[str, Any]]:
    connection = sqlite3.connect(path)
    try:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(sql)]
    finally:
        connection.close()


def truth_of(data: Path, name: str) -> tuple[Path, dict[str, Any]]:
    for row in select(data / "catalog.sqlite", "SELECT name, uuid, spec FROM indexes"):
        if row["name"] == name:
            return data / "indexes" / f"{row['uuid']}.sqlite", json.loads(row["spec"])
    raise AssertionError(name)


def record_sum(row: dict[str, Any]) -> int:
    name, metadata, sparse = row["id"].encode(), row["metadata"], row["sparse"]
    lengths = [-1 if field is None else len(field) for field in (metadata, sparse)]
    head = struct.pack("<qqqIii", row["ord"], row["ns_id"], row["lsn"], len(name), *lengths)
    return crc32(head + name + (metadata or b"") + (sparse or b""))


def vector_sum(row: dict[str, Any]) -> int:
    return crc32(struct.pack("<qq", row["ord"], row["generation"]) + row["data"])


# -- SQLite files -----------------------------------------------------------------------------------------------------


def documented_columns(section: str) -> dict[str, list[tuple[str, str]]]:
    """Columns of the tables below a heading."""
    text = FORMAT.read_text(encoding="utf-8")
    part = text[text.index(f"\n## {section}\n") :].split("\n## ")[1]
    columns: dict[str, list[tuple[str, str]]] = {}
    for name, column, kind in re.findall(r"^\| (\w+) \| (\w+) \| ([A-Z]*) ?\| .*\|$", part, re.MULTILINE):
        columns.setdefault(name, []).append((column, kind))
    return columns


def stored_columns(path: Path) -> dict[str, list[tuple[str, str]]]:
    tables = select(path, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
    return {
        row["name"]: [(column["name"], column["type"]) for column in select(path, f"PRAGMA table_info({row['name']})")]
        for row in tables
    }


@pytest.mark.parametrize(
    ("section", "magic"), [("Catalog", 0x50494E43), ("Truth file", 0x50494E59)], ids=["catalog", "truth"]
)
def test_the_tables_have_the_documented_columns(data: Path, section: str, magic: int) -> None:
    path = data / "catalog.sqlite" if section == "Catalog" else truth_of(data, "docs")[0]
    columns = documented_columns(section)
    assert columns == stored_columns(path)
    assert [tuple(row.values()) for row in select(path, "PRAGMA application_id")] == [(magic,)]
    assert [tuple(row.values()) for row in select(path, "PRAGMA page_size")] == [(8192,)]


def test_the_definition_of_an_index_has_the_documented_keys(data: Path) -> None:
    keys = {row["key"] for row in table(FORMAT, "key", "JSON type", "meaning")}
    spec = truth_of(data, "docs")[1]
    assert set(spec) == keys
    assert (spec["name"], spec["dimension"], spec["metric"], spec["tags"]) == (
        "docs",
        2,
        "dotproduct",
        {"team": "search"},
    )


def test_the_catalog_has_the_documented_version(data: Path) -> None:
    assert select(data / "catalog.sqlite", "SELECT * FROM meta") == [{"key": "format", "value": 2}]


def test_an_index_that_was_deleted_is_remembered_as_documented(data: Path) -> None:
    (entry,) = select(data / "catalog.sqlite", "SELECT * FROM entry")
    value = json.loads(entry["value"])
    assert (entry["kind"], entry["id"]) == ("deleted_index", value["uuid"])
    assert entry["value"] == json.dumps(value, sort_keys=True)
    assert value.keys() == {"deleted_at", "name", "uuid"}
    assert value["name"] == "gone"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", value["deleted_at"])


def test_the_keys_of_meta_are_documented(data: Path) -> None:
    path, _ = truth_of(data, "docs")
    meta = {row["key"]: row["value"] for row in select(path, "SELECT * FROM meta")}
    documented = {row["key"]: row["value"] for row in table(FORMAT, "key", "value")}
    assert meta.keys() <= documented.keys()
    assert {key for key in documented.keys() - meta.keys() if not documented[key].startswith("only")} == set()
    assert (meta["format"], meta["lsn"], meta["pruned_lsn"]) == (1, 5, 0)


def test_every_row_carries_the_documented_checksum(data: Path) -> None:
    for name in ("docs", "large"):
        path, spec = truth_of(data, name)
        records, vectors = select(path, "SELECT * FROM record"), select(path, "SELECT * FROM vector")
        assert [row["ord"] for row in records if record_sum(row) != row["crc"]] == []
        assert [row["ord"] for row in vectors if vector_sum(row) != row["crc"]] == []
        assert {row["ord"] for row in records} == {row["ord"] for row in vectors}
        assert {len(row["data"]) for row in vectors} == {4 * spec["dimension"]}


def test_the_worked_example_is_the_first_record_of_a_fresh_index(data: Path) -> None:
    (block,) = [block for block in blocks(FORMAT, "text") if "CRC-32" in block.text]
    lines = [re.fullmatch(r"(\w+) (\S+) +([0-9a-f ]+)", line) for line in block.text.split("\n") if line]
    parts = {(line[1], line[2]): bytes.fromhex(line[3]) for line in lines if line}
    assert len(parts) == len(lines)
    for kind in ("record", "vector"):
        covered = b"".join(part for (its, field), part in parts.items() if its == kind and field != "CRC-32")
        assert crc32(covered) == int.from_bytes(parts[kind, "CRC-32"], "big")
    path, _ = truth_of(data, "docs")
    record = select(path, "SELECT * FROM record WHERE id = 'doc-1'")[0]
    vector = select(path, "SELECT * FROM vector WHERE ord = 1")[0]
    assert record["crc"] == int.from_bytes(parts["record", "CRC-32"], "big")
    assert vector["crc"] == int.from_bytes(parts["vector", "CRC-32"], "big")
    assert (record["metadata"], record["sparse"]) == (parts["record", "metadata"], parts["record", "sparse"])
    assert struct.unpack("<2I2f", record["sparse"]) == (1, 7, 0.25, 0.5)
    assert struct.unpack("<2f", vector["data"]) == (0.5, -2.0)


def test_writes_leave_the_documented_trail_of_lsns_ords_and_tombstones(data: Path) -> None:
    path, _ = truth_of(data, "docs")
    other = select(path, "SELECT * FROM namespace WHERE name = 'other'")[0]
    assert (other["lsn"], other["count"], other["explicit"], other["schema"]) == (4, 1, 0, None)
    record = select(path, "SELECT * FROM record WHERE id = 'doc-2'")[0]
    assert (record["ord"], record["lsn"]) == (2, 3)  # the change of metadata kept the ord
    assert json.loads(record["metadata"]) == {"title": "솔방울", "year": 2025}
    assert select(path, "SELECT * FROM tombstone") == [{"ns_id": other["ns_id"], "lsn": 4, "ord": 3}]
    empty = select(path, "SELECT * FROM namespace WHERE name = 'empty'")[0]
    assert (empty["explicit"], json.loads(empty["schema"])) == (1, {"fields": {"year": {"filterable": True}}})


@pytest.fixture(scope="module")
def reembedded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index that was given another model, of the same length, with 40 records written since."""
    folder = tmp_path_factory.mktemp("reembedded") / "data"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT / "tests")])}
    subprocess.run([sys.executable, "-c", REEMBEDDER, str(folder)], check=True, env=environment)
    return folder


def test_two_generations_lie_where_the_document_says(reembedded: Path) -> None:
    path, spec = truth_of(reembedded, "films")
    meta = {row["key"]: row["value"] for row in select(path, "SELECT * FROM meta")}
    documented = {row["key"] for row in table(FORMAT, "key", "value")}
    assert meta.keys() <= documented
    assert documented - meta.keys() == {"index_uuid", "dropped"}
    assert (meta["format"], meta["generation"], meta["offset"], meta["last_generation"]) == (2, 2, 1 << 61, 2)
    for key in ("embed", "other"):
        sealed = json.loads(meta[key])
        crc = sealed.pop("crc")
        assert crc32(json.dumps(sealed, sort_keys=True, separators=(",", ":")).encode()) == crc
    embed, other = json.loads(meta["embed"]), json.loads(meta["other"])
    assert {key: value for key, value in embed.items() if key != "crc"} == spec["embed"]
    assert (spec["embed"]["model"], other["embed"]["model"], other["state"]) == ("same", "old", "kept")
    records = {row["ord"]: row for row in select(path, "SELECT * FROM record")}
    own: set[int] = set()
    kept: set[int] = set()
    for row in select(path, "SELECT * FROM vector"):
        mine = row["ord"] >= meta["offset"]
        ord_ = row["ord"] - (meta["offset"] if mine else (1 << 61) - meta["offset"])
        (own if mine else kept).add(ord_)
        assert row["generation"] == (meta["generation"] if mine else other["generation"])
        assert crc32(struct.pack("<qq", ord_, row["generation"]) + row["data"]) == row["crc"]
    assert own == records.keys()
    assert len(own - kept) == 40
    assert not kept - own


# -- cache files ------------------------------------------------------------------------------------------------------


class Arrays:
    """The reader of an arrays file, from its table in the document."""

    def __init__(self, data: bytes) -> None:
        magic, version, length = struct.unpack_from("<8sII", data)
        assert (magic, version, (16 + length) % 64) == (b"PINYARR\0", 1, 0)
        self.digest = hashlib.blake2b(data[: 16 + length], digest_size=16).hexdigest()
        header = json.loads(data[16 : 16 + length])
        self.arrays, self.meta = header["arrays"], header["meta"]
        self.payload = data[16 + length :]
        assert len(self.payload) == header["payload"]
        starts = range(0, len(self.payload), BLOCK)
        assert [crc32(self.payload[start : start + BLOCK]) for start in starts] == header["crc32"]

    def numbers(self, name: str) -> tuple[Any, ...]:
        dtype, shape, offset = self.arrays[name]
        code = {"<i8": "q", "|b1": "?"}[dtype]
        assert offset % 64 == 0
        return struct.unpack_from(f"<{shape[0]}{code}", self.payload, offset)


@pytest.fixture(scope="module")
def snapshot(data: Path) -> tuple[Path, Arrays]:
    path, _ = truth_of(data, "large")
    (listed,) = select(path, "SELECT * FROM cache")
    folder = data / "cache" / path.stem
    name = f"{listed['ns_id']}.snapshot.{listed['lsn']}.{listed['digest'][:16]}.cache"
    arrays = Arrays((folder / name).read_bytes())
    assert arrays.digest == listed["digest"]
    assert listed["kind"] == "snapshot"
    return folder, arrays


def test_a_snapshot_holds_the_documented_arrays(snapshot: tuple[Path, Arrays]) -> None:
    _, arrays = snapshot
    rows = table(FORMAT, "array", "shape", "content")
    documented = {row["array"] for row in rows if not row["array"].startswith("f.")}  # those are of the words' file
    known = {name if name in documented else name.split(".")[0] + ".*" for name in arrays.arrays}
    assert known == documented - {"ivf.*", "hnsw.*", "symqg.*"}, "an index of kind auto, this small, has plain codes"
    assert arrays.numbers("ords") == tuple(range(1, ROWS + 1))
    assert arrays.numbers("alive") == (False,) + (True,) * (ROWS - 1)
    assert arrays.meta.keys() == {
        *(
            "lsn",
            "last_ord",
            "ascending",
            "metric",
            "vectors.file",
            "vectors.dimension",
            "depth",
            "trained_on",
            "calibrated_on",
            "settings",
            "fixed",
            "read",
            "listless",
            "settled",
        )
    }
    assert (arrays.meta["lsn"], arrays.meta["last_ord"], arrays.meta["metric"]) == (2, ROWS, "cosine")


def test_the_vector_file_holds_the_unit_vectors_of_the_truth(data: Path, snapshot: tuple[Path, Arrays]) -> None:
    folder, arrays = snapshot
    content = (folder / arrays.meta["vectors.file"]).read_bytes()
    magic, version, dimension, reach = struct.unpack_from("<8sIIQ", content)
    (rows,) = arrays.numbers("vectors.rows")
    assert (magic, version, dimension, reach, rows) == (b"PINYVEC\0", 1, 64, ROWS, ROWS)
    assert content[24:64] == bytes(40)
    counted = content[64 : 64 + 4 * dimension * rows]
    starts = range(0, len(counted), BLOCK)
    assert tuple(crc32(counted[start : start + BLOCK]) for start in starts) == arrays.numbers("vectors.crc32")
    path, _ = truth_of(data, "large")
    for ord_, raw in [(row["ord"], row["data"]) for row in select(path, "SELECT * FROM vector WHERE ord % 997 = 0")]:
        given = struct.unpack(f"<{dimension}f", raw)
        length = sum(value * value for value in given) ** 0.5
        stored = struct.unpack_from(f"<{dimension}f", counted, 4 * dimension * (ord_ - 1))
        assert stored == pytest.approx([value / length for value in given], abs=1e-6)


# -- backups and modes ------------------------------------------------------------------------------------------------


def test_the_manifest_says_what_the_copy_is(data: Path) -> None:
    (listed,) = select(data / "catalog.sqlite", "SELECT * FROM backup")
    folder = data / "backups" / listed["id"]
    assert sorted(path.name for path in folder.iterdir()) == ["index.sqlite", "manifest.json"]
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert set(manifest) == {row["key"] for row in table(FORMAT, "key", "content") if row["key"] not in HEADER}
    copy = (folder / "index.sqlite").read_bytes()
    assert (manifest["size"], manifest["sha256"]) == (len(copy), hashlib.sha256(copy).hexdigest())
    checksum = manifest.pop("checksum")
    text = json.dumps(manifest, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert checksum == hashlib.sha256(text.encode()).hexdigest()
    assert (manifest["lsn"], manifest["record_count"], manifest["namespace_count"]) == (5, 2, 3)
    assert (manifest["name"], manifest["description"], manifest["spec"]["name"]) == ("evening", "솔방울", "docs")
    assert listed["status"] == "Ready"


HEADER = {"arrays", "meta", "payload", "crc32"}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_nobody_else_may_read_what_is_written(data: Path) -> None:
    folders = [path for path in (data, *data.rglob("*")) if path.is_dir()]
    assert {path.stat().st_mode & 0o777 for path in folders} == {0o700}
    private = [path for name in ("cache", "backups") for path in (data / name).rglob("*") if path.is_file()]
    assert {path.stat().st_mode & 0o777 for path in private} == {0o600}
