"""Bulk imports: files on disk become records, in the background, once, and stoppable."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pinyon import engine
from pinyon.app.imports import BulkImporter
from pinyon.server.imports import KIND, ImportBatch, ImportFile, Imports
from pinyon.server.roles import Principal
from pinyon.server.service import Service
from pinyon.server.settings import Settings
from pinyon.types import IndexSpec
from server.clients import Client, PortAddresses, Reply, WordModels

WAIT = 30.0


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "imports"
    folder.mkdir()
    return folder


@pytest.fixture
def imports(service: Service, root: Path) -> Iterator[Imports]:
    """Made, but not started: a test starts it, or does the work itself with ``run_waiting``."""
    service.database.create_index(IndexSpec("films", 2, "cosine"))
    service.database.create_index(IndexSpec("words", None, "dotproduct", "sparse"))
    imports = Imports(service, BulkImporter([root]), poll=0.05)
    yield imports
    assert imports.stop()


def refused(reply: Reply, *fragments: str, status: int = 400) -> None:
    assert reply.status == status, reply
    assert reply.json.keys() == {"code", "message", "details"}
    for fragment in fragments:
        assert fragment in reply.message


def start(client: Client, uri: object, index: str = "films", on_error: str | None = None) -> str:
    body: dict[str, Any] = {"uri": str(uri)}
    if on_error is not None:
        body["errorMode"] = {"onError": on_error}
    reply = client.post("/bulk/imports", body, index=index)
    assert reply.status == 200, reply.json
    assert reply.json.keys() == {"id"}
    return str(reply.json["id"])


def described(client: Client, id: str, index: str = "films") -> dict[str, Any]:
    reply = client.get(f"/bulk/imports/{id}", index=index)
    assert reply.status == 200, reply.json
    return dict(reply.json)


def ended(client: Client, id: str, index: str = "films") -> dict[str, Any]:
    until = time.monotonic() + WAIT
    while (found := described(client, id, index))["status"] in ("Pending", "InProgress"):
        assert time.monotonic() < until, found
        time.sleep(0.01)
    return found


def counts(client: Client, index: str = "films") -> dict[str, int]:
    found = client.post("/describe_index_stats", {}, index=index).json["namespaces"]
    return {name: summary["vectorCount"] for name, summary in found.items()}


def parquet(path: Path, ids: list[str], **columns: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    values = columns.pop("values", [[float(number + 1), 1.0] for number in range(len(ids))])
    table: dict[str, Any] = {"id": ids, **columns}
    if values is not None:
        table["values"] = pa.array(values, pa.list_(pa.float32()))
    pq.write_table(pa.table(table), path)
    return path


def jsonl(path: Path, records: list[Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\n".join(record if isinstance(record, bytes) else orjson.dumps(record) for record in records))
    return path


# -- what arrives -----------------------------------------------------------------------------------------------------


def test_directories_are_namespaces_and_columns_are_records(client: Client, imports: Imports, root: Path) -> None:
    metadata = ['{"genre": "action", "year": 1999}', None, '{"tags": ["a", "b"]}']
    parquet(root / "batch" / "one" / "0.parquet", ["a", "b", "c"], metadata=metadata)
    parquet(root / "batch" / "one" / "1.parquet", ["d"])
    parquet(root / "batch" / "two" / "part" / "0.parquet", ["e"])
    parquet(root / "batch" / "__default__" / "0.parquet", ["f"])
    jsonl(root / "batch" / "three" / "0.jsonl", [{"id": "g", "values": [1, 2], "metadata": {"k": 1}, "flat": True}])
    (root / "batch" / "one" / "notes.log").write_text("not data")
    (root / "batch" / "one" / ".hidden.parquet").write_text("not data")
    imports.start()
    found = ended(client, start(client, root / "batch"))
    assert (found["status"], found["recordsImported"], found["percentComplete"]) == ("Completed", 7, 100.0)
    assert found["uri"] == str(root / "batch")
    assert found["createdAt"] <= found["finishedAt"]
    assert found["createdAt"].endswith("Z")
    assert "error" not in found
    assert counts(client) == {"": 1, "one": 4, "two": 1, "three": 1}
    one = client.get("/vectors/fetch?ids=a&ids=b&ids=c&namespace=one", index="films").json["vectors"]
    assert one["a"]["metadata"] == {"genre": "action", "year": 1999}
    assert one["a"]["values"] == [1.0, 1.0]
    assert "metadata" not in one["b"]
    assert one["c"]["metadata"] == {"tags": ["a", "b"]}
    three = client.get("/vectors/fetch?ids=g&namespace=three", index="films").json["vectors"]["g"]
    assert three["metadata"] == {"k": 1, "flat": True}


def test_sparse_values_are_a_struct_or_an_object(client: Client, imports: Imports, root: Path) -> None:
    sparse = pa.array(
        [{"indices": [1, 4_294_967_295], "values": [0.5, 2.0]}],
        pa.struct([("indices", pa.list_(pa.uint32())), ("values", pa.list_(pa.float32()))]),
    )
    parquet(root / "0.parquet", ["a"], values=None, sparse_values=sparse)
    jsonl(root / "1.jsonl", [{"id": "b", "sparse_values": {"indices": [7], "values": [1.5]}}])
    imports.start()
    assert ended(client, start(client, root, "words"), "words")["recordsImported"] == 2
    found = client.get("/vectors/fetch?ids=a&ids=b", index="words").json["vectors"]
    assert found["a"]["sparseValues"] == {"indices": [1, 4_294_967_295], "values": [0.5, 2.0]}
    assert found["b"]["sparseValues"] == {"indices": [7], "values": [1.5]}


def test_documents_come_from_jsonl(client: Client, imports: Imports, root: Path, service: Service) -> None:
    schema = {"emb": {"type": "dense_vector", "dimension": 2, "metric": "cosine"}}
    service.database.create_index(IndexSpec("papers", 2, "cosine", schema=schema))
    jsonl(root / "ns" / "0.jsonl", [{"_id": "a", "emb": [1, 0], "title": "One"}, {"_id": "b", "emb": [0, 1]}])
    imports.start()
    assert ended(client, start(client, root, "papers"), "papers")["recordsImported"] == 2
    reply = client.post(
        "/namespaces/ns/documents/fetch", {"ids": ["a"], "include_fields": ["*"]}, index="papers", version="2026-07"
    )
    assert reply.json["documents"]["a"]["title"] == "One"
    parquet(root / "ns" / "1.parquet", ["c"])
    assert "JSONL" in ended(client, start(client, root, "papers"), "papers")["error"]


@pytest.mark.parametrize("form", ["path", "file", "relative", "single file"])
def test_a_place_is_a_path_an_address_or_relative_to_a_root(
    form: str, client: Client, imports: Imports, root: Path
) -> None:
    file = parquet(root / "a b" / "0.parquet", ["a"])
    uri = {
        "path": str(root / "a b"),
        "file": (root / "a b").as_uri(),
        "relative": "a b",
        "single file": str(file),
    }[form]
    imports.start()
    assert ended(client, start(client, uri))["recordsImported"] == 1
    assert counts(client) == {"": 1}


def test_what_an_export_writes_can_be_imported(client: Client, imports: Imports, root: Path, service: Service) -> None:
    from pinyon.app.transfer import export_index

    films = service.database.index("films")
    films.upsert("x", ["a", "b"], np.eye(2, dtype=np.float32), metadata=[{"k": "v"}, None])
    for name in ("out.parquet", "out.jsonl"):
        export_index(films, root / name)
        service.database.create_index(IndexSpec(name.replace(".", "-"), 2, "cosine"))
        imports.start()
        index = name.replace(".", "-")
        assert ended(client, start(client, root / name, index), index)["recordsImported"] == 2
        assert client.get("/vectors/fetch?ids=a", index=index).json["vectors"]["a"]["metadata"] == {"k": "v"}


def test_importing_again_changes_nothing(client: Client, imports: Imports, root: Path) -> None:
    parquet(root / "0.parquet", ["a", "b"])
    imports.start()
    for _ in range(2):
        assert ended(client, start(client, root))["recordsImported"] == 2
        assert counts(client) == {"": 2}


def test_many_rows_come_in_several_transactions(client: Client, imports: Imports, root: Path) -> None:
    ids = [str(number) for number in range(2_500)]
    parquet(root / "0.parquet", ids)
    imports.start()
    assert ended(client, start(client, root))["recordsImported"] == 2_500
    assert counts(client) == {"": 2_500}
    assert client.get("/vectors/fetch?ids=1999", index="films").json["vectors"]["1999"]["values"] == [2_000.0, 1.0]


# -- what goes wrong --------------------------------------------------------------------------------------------------

BAD = [
    {"id": "a", "values": [1, 1]},
    {"id": "b", "values": [1, 1, 1]},
    b"{not json",
    {"id": "c", "values": [1, 2]},
    {"id": 7, "values": [1, 2]},
    {"id": "d", "values": [1, 3], "metadata": {"deep": {"x": 1}}},
    {"id": "e", "values": [1, 4], "metadata": '{"k": 1}'},
]


def test_continue_leaves_out_what_cannot_be_imported(client: Client, imports: Imports, root: Path) -> None:
    jsonl(root / "0.jsonl", BAD)
    imports.start()
    found = ended(client, start(client, root, on_error="continue"))
    assert (found["status"], found["recordsImported"]) == ("Completed", 3)
    assert found["error"].startswith("4 records were left out; the first: ")
    assert "0.jsonl:3" in found["error"]
    listed = client.get("/vectors/list", index="films").json["vectors"]
    assert [item["id"] for item in listed] == ["a", "c", "e"]


@pytest.mark.parametrize("on_error", [None, "abort"])
def test_abort_ends_at_the_first_and_says_where(
    on_error: str | None, client: Client, imports: Imports, root: Path
) -> None:
    jsonl(root / "0.jsonl", BAD)
    imports.start()
    found = ended(client, start(client, root, on_error=on_error))
    assert (found["status"], found["recordsImported"]) == ("Failed", 0)
    assert "not JSON" in found["error"]
    assert "0.jsonl:3" in found["error"]
    assert found["finishedAt"]


def test_a_record_that_the_index_refuses_is_placed(client: Client, imports: Imports, root: Path) -> None:
    parquet(root / "0.parquet", ["a", "b"], values=[[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]])
    imports.start()
    found = ended(client, start(client, root))
    assert "Vector dimension 3 does not match" in found["error"]
    assert "row 1 to " in found["error"]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda root: None, "No Parquet or JSONL file"),
        (lambda root: (root / "0.parquet").write_bytes(b"PAR1 no"), "no readable Parquet file"),
        (lambda root: parquet(root / "0.parquet", ["a"], genre=["x"]), "the columns must be"),
        (lambda root: pq.write_table(pa.table({"values": [[1.0]]}), root / "0.parquet"), "id at least"),
        (lambda root: parquet(root / "0.parquet", ["a"], metadata=["{"]), "metadata is not JSON"),
        (lambda root: parquet(root / "0.parquet", ["a"], metadata=["[1]"]), "metadata must be a JSON object"),
        (lambda root: parquet(root / "é" / "0.parquet", ["a"]), "must be ASCII"),
        (lambda root: jsonl(root / "0.jsonl", [["a"]]), "a list, but each line must be one JSON object"),
    ],
)
def test_a_bad_file_fails_the_import_and_says_why(
    make: Callable[[Path], object], said: str, client: Client, imports: Imports, root: Path
) -> None:
    make(root)
    imports.start()
    found = ended(client, start(client, root))
    assert found["status"] == "Failed"
    assert said in found["error"]


@pytest.mark.parametrize(
    ("body", "fragments"),
    [
        ({}, ("uri is missing",)),
        ({"uri": ""}, ("uri is missing",)),
        ({"uri": 7}, ("uri must be a string",)),
        ({"uri": "x" * 1_501}, ("1501 characters; at most 1500",)),
        ({"uri": "x", "integrationId": "x" * 1_001}, ("integrationId has 1001 characters",)),
        ({"uri": "x", "errorMode": {"onError": "skip"}}, ("errorMode.onError must be abort or continue",)),
        ({"uri": "x", "errorMode": "abort"}, ("errorMode must be an object",)),
        ({"uri": "s3://bucket/dir"}, ("Imports from s3:// are not enabled", "--import-remote")),
        ({"uri": "http://example.org/x"}, ("Imports from http:// are not enabled",)),
        ({"uri": "file://elsewhere/tmp"}, ("not of 'elsewhere'",)),
        ({"uri": "file:///%ff"}, ("not a valid file:// address",)),
        ({"uri": "a\0b"}, ("is no path",)),
        ({"uri": "nothing-here"}, ("There is no directory or file",)),
        ({"uri": "0" * 1_500}, ("There is no directory or file",)),
    ],
)
def test_a_bad_request_is_refused_at_once(body: Any, fragments: tuple[str, ...], client: Client, imports: Any) -> None:
    refused(client.post("/bulk/imports", body, index="films"), *fragments)
    assert client.get("/bulk/imports", index="films").json == {"data": []}


# -- what may be read -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("uri", ["/etc", "../secret", "{root}/../secret", "file://{root}/../secret", "link", "link/x"])
def test_nothing_outside_the_roots_is_read(uri: str, client: Client, imports: Imports, root: Path) -> None:
    secret = root.parent / "secret"
    parquet(secret / "x" / "0.parquet", ["secret"])
    (root / "link").symlink_to(secret)
    refused(
        client.post("/bulk/imports", {"uri": uri.format(root=root)}, index="films"),
        "not inside a directory that imports may read",
        status=403,
    )


def test_a_directory_beside_a_root_with_a_like_name_is_outside(client: Client, imports: Imports, root: Path) -> None:
    parquet(root.parent / "imports-of-others" / "0.parquet", ["a"])
    reply = client.post("/bulk/imports", {"uri": str(root.parent / "imports-of-others")}, index="films")
    refused(reply, "not inside", status=403)


def test_a_link_inside_that_leads_outside_fails_the_import(client: Client, imports: Imports, root: Path) -> None:
    secret = parquet(root.parent / "secret" / "0.parquet", ["secret"])
    (root / "in").mkdir()
    (root / "in" / "0.parquet").symlink_to(secret)
    imports.start()
    found = ended(client, start(client, root / "in"))
    assert found["status"] == "Failed"
    assert "does not lead to a file inside" in found["error"]
    assert counts(client) == {}


def test_a_link_that_was_changed_after_the_listing_is_not_followed(root: Path) -> None:
    secret = parquet(root.parent / "secret" / "0.parquet", ["secret"])
    importer = BulkImporter([root])
    inside = parquet(root / "0.parquet", ["a"])
    (file,) = importer.files(str(root))
    inside.unlink()
    inside.symlink_to(secret)
    with pytest.raises(Exception, match="does not lead to a file inside"):
        list(importer.batches(file))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_no_file(root: Path) -> None:
    os.mkfifo(root / "0.parquet")
    with pytest.raises(Exception, match="does not lead to a file inside"):
        BulkImporter([root]).files(str(root))


def test_without_roots_nothing_local_is_read(client: Client, service: Service, root: Path) -> None:
    service.database.create_index(IndexSpec("films", 2, "cosine"))
    refused(client.post("/bulk/imports", {"uri": str(root)}, index="films"), "started without bulk imports")
    Imports(service, BulkImporter([]))
    refused(client.post("/bulk/imports", {"uri": str(root)}, index="films"), "--import-root DIR", status=403)


def test_keys_may_be_limited(client: Client, imports: Imports, root: Path) -> None:
    client.keys = {
        "reader": Principal("r", ("DataPlaneViewer",)),
        "space": Principal("s", ("DataPlaneEditor",), namespace="one"),
        "elsewhere": Principal("e", ("DataPlaneEditor",), index="words"),
    }
    parquet(root / "0.parquet", ["a"])
    id = start(client, root)
    for key in ("space", "elsewhere"):
        for method, path in (
            ("GET", "/bulk/imports"),
            ("GET", f"/bulk/imports/{id}"),
            ("DELETE", f"/bulk/imports/{id}"),
        ):
            assert client.request(method, path, index="films", key=key).status == 403
    assert client.post("/bulk/imports", {"uri": str(root)}, index="films", key="reader").status == 403
    assert client.get(f"/bulk/imports/{id}", index="films", key="reader").status == 200


# -- progress, cancelling, going on -----------------------------------------------------------------------------------


def test_imports_are_listed_by_index_newest_first_in_pages(client: Client, imports: Imports, root: Path) -> None:
    parquet(root / "0.parquet", ["a"])
    made = [start(client, root) for _ in range(5)]
    other = start(client, root, "words")
    assert [item["id"] for item in client.get("/bulk/imports", index="films").json["data"]] == made[::-1]
    seen: list[str] = []
    token: str | None = None
    while True:
        query = {"limit": 2} | ({} if token is None else {"paginationToken": token})
        page = client.get("/bulk/imports", index="films", query=query).json
        seen += [item["id"] for item in page["data"]]
        if "pagination" not in page:
            break
        token = page["pagination"]["next"]
    assert seen == made[::-1]
    refused(client.get("/bulk/imports?limit=0", index="films"), "limit 0 is out of range")
    refused(client.get("/bulk/imports?limit=101", index="films"), "limit 101 is out of range")
    refused(client.get("/bulk/imports?paginationToken=nonsense", index="films"), "pagination token")
    refused(client.get(f"/bulk/imports/{other}", index="films"), "not found in index 'films'", status=404)
    refused(client.delete("/bulk/imports/none", index="films"), "not found", status=404)


def test_an_import_that_waits_can_be_cancelled(client: Client, imports: Imports, root: Path) -> None:
    parquet(root / "0.parquet", ["a"])
    id = start(client, root)
    assert described(client, id)["status"] == "Pending"
    assert described(client, id)["percentComplete"] == 0.0
    assert client.delete(f"/bulk/imports/{id}", index="films").json == {}
    assert described(client, id)["status"] == "Cancelled"
    imports.run_waiting()
    assert described(client, id)["status"] == "Cancelled"
    assert counts(client) == {}


def test_cancelling_what_has_ended_has_no_effect(client: Client, imports: Imports, root: Path) -> None:
    parquet(root / "0.parquet", ["a"])
    id = start(client, root)
    imports.run_waiting()
    assert client.delete(f"/bulk/imports/{id}", index="films").json == {}
    assert described(client, id)["status"] == "Completed"


class Told:
    """An importer of endless records that lets a test look in between two batches."""

    def __init__(self, between: Callable[[int], object]) -> None:
        self._between = between

    def check(self, uri: str) -> None:
        pass

    def files(self, uri: str) -> list[ImportFile]:
        return [ImportFile("", "only", 1_000)]

    def batches(self, file: ImportFile, *, skip: int = 0, documents: bool = False) -> Iterator[ImportBatch]:
        for number in range(skip, 1_000):
            yield ImportBatch(
                [str(number)], [[1.0, number]], None, [None], [], [f"row {number}"], number + 1, number / 1_000
            )
            self._between(number)


def test_a_running_import_shows_progress_and_can_be_cancelled(client: Client, service: Service) -> None:
    service.database.create_index(IndexSpec("films", 2, "cosine"))
    seen: list[dict[str, Any]] = []

    def between(number: int) -> None:
        seen.append(described(client, id))
        if number == 2:
            time.sleep(0.6)  # longer than the time between two notes
        if number == 5:
            client.delete(f"/bulk/imports/{id}", index="films")

    imports = Imports(service, Told(between))
    id = start(client, "anything")
    imports.run_waiting()
    assert [one["status"] for one in seen] == ["InProgress"] * 6
    assert (seen[3]["recordsImported"], seen[3]["percentComplete"]) == (4, 0.3)
    found = described(client, id)
    assert (found["status"], found["recordsImported"]) == ("Cancelled", 7)
    assert counts(client) == {"": 7}


def test_a_stopped_server_goes_on_where_it_was(client: Client, service: Service) -> None:
    service.database.create_index(IndexSpec("films", 2, "cosine"))
    imports = Imports(service, Told(lambda number: number == 3 and imports.stop()))
    id = start(client, "anything")
    imports.run_waiting()
    found = described(client, id)
    assert (found["status"], found["recordsImported"]) == ("InProgress", 5)
    read: list[int] = []
    Imports(service, Told(read.append)).run_waiting()
    assert read[0] == 5
    found = described(client, id)
    assert (found["status"], found["recordsImported"]) == ("Completed", 1_000)
    assert counts(client) == {"": 1_000}


def test_an_import_into_an_index_that_was_deleted_fails(
    client: Client, imports: Imports, service: Service, root: Path
) -> None:
    parquet(root / "0.parquet", ["a"])
    id = start(client, root)
    service.database.delete_index("films")
    imports.run_waiting()
    entry = service.database.registry.get(KIND, id)
    assert entry is not None
    assert (entry["status"], "does not exist" in entry["error"]) == ("Failed", True)


def test_an_import_into_another_index_of_the_same_name_fails(
    client: Client, imports: Imports, service: Service, root: Path
) -> None:
    parquet(root / "0.parquet", ["a"])
    id = start(client, root)
    service.database.delete_index("films")
    service.database.create_index(IndexSpec("films", 2, "cosine"))
    imports.run_waiting()
    entry = service.database.registry.get(KIND, id)
    assert entry is not None
    assert "is another one by now" in entry["error"]
    assert counts(client) == {}
    refused(client.get(f"/bulk/imports/{id}", index="films"), "not found", status=404)


def test_the_oldest_of_many_ended_imports_are_forgotten(
    client: Client, imports: Imports, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pinyon.server.imports._KEPT", 3)
    parquet(root / "0.parquet", ["a"])
    made = []
    for _ in range(5):
        made.append(start(client, root))
        imports.run_waiting()
    assert [item["id"] for item in client.get("/bulk/imports", index="films").json["data"]] == made[:1:-1]


WORKER = """
import sys
from pathlib import Path
from pinyon import engine
from pinyon.app.imports import BulkImporter
from pinyon.server import imports
from pinyon.server.service import Service
from pinyon.server.settings import Settings

imports._NOTE_SECONDS = 0.0
with engine.Database(sys.argv[1]) as database:
    service = Service(Settings(), database, None, None)
    imports.Imports(service, BulkImporter([Path(sys.argv[2])])).run_waiting()
"""


def test_an_import_of_a_killed_server_is_taken_up_by_the_next(tmp_path: Path, root: Path, models: WordModels) -> None:
    rows = 20_000
    for part in range(4):
        ids = [f"{part}-{number}" for number in range(rows // 4)]
        parquet(root / f"{part}.parquet", ids, values=[[float(part + 1), float(n + 1)] for n in range(rows // 4)])
    data = tmp_path / "data"
    with engine.Database(data) as database:
        database.create_index(IndexSpec("films", 2, "cosine"))
        service = Service(Settings(), database, models, PortAddresses())
        Imports(service, BulkImporter([root]))
        client = Client(service)
        id = start(client, root)
        kills = 0
        while described(client, id)["status"] in ("Pending", "InProgress"):
            before = described(client, id)["recordsImported"]
            process = subprocess.Popen([sys.executable, "-c", WORKER, str(data), str(root)])
            until = time.monotonic() + WAIT
            while process.poll() is None and kills < 3 and described(client, id)["recordsImported"] < before + 2_000:
                assert time.monotonic() < until
                time.sleep(0.002)
            if process.poll() is None and kills < 3:
                process.send_signal(signal.SIGKILL)
                kills += 1
            process.wait(WAIT)
        assert kills > 0
        assert described(client, id)["status"] == "Completed"
        assert described(client, id)["recordsImported"] == rows
        assert counts(client) == {"": rows}


def test_two_processes_do_an_import_once(client: Client, service: Service) -> None:
    service.database.create_index(IndexSpec("films", 2, "cosine"))
    read: list[int] = []
    second = Imports(service, Told(read.append))

    def between(number: int) -> None:
        if number < 3:
            second.run_waiting()

    first = Imports(service, Told(between))
    id = start(client, "anything")
    first.run_waiting()
    assert read == []
    assert described(client, id)["recordsImported"] == 1_000


# -- object stores ----------------------------------------------------------------------------------------------------


def test_an_object_store_is_read_when_it_is_enabled(client: Client, service: Service) -> None:
    fsspec = pytest.importorskip("fsspec")
    service.database.create_index(IndexSpec("films", 2, "cosine"))
    store = fsspec.filesystem("memory")
    store.pipe("/bucket/dir/ns/0.jsonl", b'{"id": "a", "values": [1, 2]}\n')
    store.pipe("/bucket/dir/1.jsonl", b'{"id": "b", "values": [1, 2]}\n')
    store.pipe("/bucket/dir/ns/readme.txt", b"not data")
    imports = Imports(service, BulkImporter([], remote=["memory"]))
    for uri, records in (("memory://bucket/dir", 2), ("memory://bucket/none", None)):
        id = start(client, uri)
        imports.run_waiting()
        assert described(client, id)["recordsImported"] == (records or 0)
        assert described(client, id)["status"] == ("Completed" if records else "Failed")
    assert counts(client) == {"": 1, "ns": 1}
    refused(client.post("/bulk/imports", {"uri": "s3://b/x"}, index="films"), "local paths, file:// and memory://")


def test_limits_of_an_import_hold(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    importer = BulkImporter([root])
    for name in ("a", "b", "c"):
        jsonl(root / name / "0.jsonl", [{"id": "a"}])
    for limit, value, said in (
        ("MOST_FILES", 2, "More than 2 files"),
        ("MOST_NAMESPACES", 2, "3 namespaces are more than 2"),
        ("MOST_FILE_BYTES", 5, "bytes; a file may have 5"),
        ("MOST_BYTES", 20, "bytes are more than 20"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(f"pinyon.app.imports.{limit}", value)
            with pytest.raises(Exception, match=said):
                importer.files(str(root))
    assert [file.namespace for file in importer.files(str(root))] == ["a", "b", "c"]


def test_a_line_without_end_is_refused(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pinyon.app.import_rows.LINE_BYTES", 100)
    jsonl(root / "0.jsonl", [{"id": "a", "metadata": {"k": "v" * 200}}])
    importer = BulkImporter([root])
    with pytest.raises(Exception, match="a line of more than 100 bytes"):
        list(importer.batches(importer.files(str(root))[0]))


@pytest.mark.parametrize("skip", [0, 1, 1_000, 1_500, 2_499, 2_500])
@pytest.mark.parametrize("suffix", [".parquet", ".jsonl"])
def test_reading_goes_on_after_any_row(suffix: str, skip: int, root: Path) -> None:
    ids = [str(number) for number in range(2_500)]
    if suffix == ".parquet":
        parquet(root / "0.parquet", ids)
    else:
        jsonl(root / "0.jsonl", [record for id in ids for record in ({"id": id, "values": [1, 2]}, b"")])
    importer = BulkImporter([root])
    batches = list(importer.batches(importer.files(str(root))[0], skip=skip))
    assert [id for batch in batches for id in batch.ids] == ids[skip:]
    assert all(first.rows < second.rows for first, second in pairwise(batches))
    if batches:
        assert (batches[-1].rows, round(batches[-1].share, 9)) == (2_500, 1.0)
    assert replace(batches[0]).one(0).ids == ids[skip : skip + 1] if batches else skip == 2_500
