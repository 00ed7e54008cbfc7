"""Files of assistants: kept before they are acknowledged, processed in the background, replaced and deleted whole."""

from __future__ import annotations

import io
import time
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import orjson
import pytest

from pinyon import engine
from pinyon.errors import StorageFullError
from pinyon.server import assistant_files
from pinyon.server.service import Service
from pinyon.server.settings import RequestLimits, Settings
from server.assisted import ASK, BEES, NEWEST, OLD, ONDOL, Assisted, HelpfulModels, form
from server.clients import PortAddresses


@pytest.fixture
def helped() -> Iterator[Assisted]:
    models = HelpfulModels()
    settings = Settings(requests=RequestLimits(file_bytes=50_000, files=3))
    with engine.Database(":memory:") as database:
        made = Assisted(Service(settings, database, models, PortAddresses()), models)
        made.create()
        yield made


def test_an_upload_is_an_operation_that_ends_with_the_file_available(helped: Assisted) -> None:
    accepted = helped.upload(BEES, metadata='{"team": "bees", "tags": ["a", "b"], "year": 2026}')
    operation = accepted.json
    assert accepted.status == 202
    assert accepted.headers["location"] == f"/operations/helper/{operation['id']}"
    assert (operation["operation_type"], operation["status"]) == ("upload_file", "Processing")
    assert helped.file(operation["file_id"])["status"] == "Processing"
    helped.settle()
    file = helped.file(operation["file_id"])
    assert (file["status"], file["name"], file["size"]) == ("Available", "bees.md", len(BEES.encode()))
    assert file["metadata"] == {"team": "bees", "tags": ["a", "b"], "year": 2026}
    assert "percent_done" not in file
    assert "error_message" not in file
    done = helped.client.get(f"/assistant/operations/helper/{operation['id']}", version=NEWEST).json
    assert (done["status"], done["percent_complete"]) == ("Completed", 100)
    assert done["completed_on"] >= done["created_on"]
    assert "error_message" not in done


def test_older_versions_get_the_file_itself_and_give_metadata_in_the_query(helped: Assisted) -> None:
    made = helped.upload(BEES, version=OLD, query={"metadata": '{"team": "bees"}'})
    assert made.status == 200
    assert (made.json["status"], made.json["percent_done"], made.json["error_message"]) == ("Processing", 0.0, None)
    helped.settle()
    file = helped.file(made.json["id"], version=OLD)
    assert (file["status"], file["percent_done"], file["metadata"]) == ("Available", 1.0, {"team": "bees"})
    deleted = helped.client.delete(f"/assistant/files/helper/{file['id']}", version=OLD)
    assert (deleted.status, deleted.body) == (200, b"")


def test_a_put_makes_a_file_and_a_second_one_replaces_it_whole(helped: Assisted) -> None:
    first = helped.upload(BEES, id="my_file-1")
    assert (first.status, first.json["operation_type"], first.json["file_id"]) == (202, "upsert_file", "my_file-1")
    helped.settle()
    before = helped.file("my_file-1")
    second = helped.upload(ONDOL, "ondol.md", id="my_file-1")
    assert helped.ask().status == 412, "the one file is not Available while its new content is processed"
    helped.settle()
    after = helped.file("my_file-1")
    assert (after["name"], after["size"], after["status"]) == ("ondol.md", len(ONDOL.encode()), "Available")
    assert after["created_on"] == before["created_on"]
    assert after["updated_on"] > before["updated_on"]
    snippets = helped.context(query="온돌은 방바닥을 데우는 난방 방법입니다.").json["snippets"]
    assert snippets
    assert all("bees" not in one["content"] for one in snippets)
    assert second.json["id"] != first.json["id"]


def test_a_replacement_that_cannot_be_read_leaves_nothing_of_the_former_content(helped: Assisted) -> None:
    helped.given(BEES, id="f")
    helped.given(b"\x00\x01\x02" * 100, "broken.pdf", id="f")
    assert helped.file("f")["status"] == "ProcessingFailed"
    assert helped.chunks() == []


def test_two_uploads_of_one_id_at_once_end_with_the_later_one(helped: Assisted) -> None:
    first = helped.upload(BEES, id="f").json
    second = helped.upload(ONDOL, "ondol.md", id="f").json
    helped.settle()
    told = {
        one["id"]: one for one in helped.client.get("/assistant/operations/helper", version=NEWEST).json["operations"]
    }
    assert told[first["id"]]["status"] == "Failed"
    assert second["id"] in told[first["id"]]["error_message"]
    assert told[second["id"]]["status"] == "Completed"
    assert helped.file("f")["name"] == "ondol.md"


def test_deleting_a_file_removes_its_chunks_and_bytes_before_it_answers(helped: Assisted) -> None:
    bees, ondol = helped.given(BEES), helped.given(ONDOL, "ondol.md")
    deleted = helped.client.delete(f"/assistant/files/helper/{bees['id']}", version=NEWEST)
    assert (deleted.status, deleted.json["operation_type"], deleted.json["status"]) == (202, "delete_file", "Completed")
    assert {id.rpartition("#")[0] for id in helped.chunks()} == {ondol["id"]}
    entry = helped.service.database.registry.get("assistant", "helper")
    assert entry is not None
    assert len(list(helped.service.database.blobs.path(entry["uuid"], "x").parent.iterdir())) == 1
    for method in ("GET", "DELETE"):
        assert helped.client.request(method, f"/assistant/files/helper/{bees['id']}", version=NEWEST).status == 404


def test_older_clients_see_for_a_moment_that_something_goes(helped: Assisted, monkeypatch: pytest.MonkeyPatch) -> None:
    """The assistant plugin of SDK 7 describes what it has deleted, and looks again after five seconds."""
    file = helped.given(BEES)
    path = f"/assistant/files/helper/{file['id']}"
    helped.client.delete(path, version=OLD)
    assert helped.client.get(path, version=OLD).json["status"] == "Deleting"
    assert helped.client.get("/assistant/files/helper", version=OLD).json == {"files": []}
    assert helped.client.get(path, version=NEWEST).status == 404
    helped.client.delete("/assistant/assistants/helper", version=OLD)
    assert helped.client.get("/assistant/assistants/helper", version=OLD).json["status"] == "Terminating"
    assert helped.client.get("/assistant/assistants/helper", version=NEWEST).status == 404
    assert helped.client.get(path, version=OLD).status == 404
    assert helped.client.delete("/assistant/assistants/helper", version=OLD).status == 404
    entry = helped.service.database.registry.list("assistant-departed")[0]
    for path in (entry["id"], entry["id"].partition("/")[2], file["id"], ""):
        name = path.replace("/", "%2F")
        assert helped.client.get(f"/assistant/assistants/{name}", version=OLD).status in (200, 404)
        assert helped.client.get(f"/assistant/files/{name}/{file['id']}", version=OLD).status == 404
    later = time.time() + 5.0
    monkeypatch.setattr(time, "time", lambda: later)
    assert helped.client.get("/assistant/assistants/helper", version=OLD).status == 404
    helped.create()
    assert helped.client.get("/assistant/assistants/helper", version=OLD).json["status"] == "Ready"


def test_a_file_that_failed_is_deleted_at_once(helped: Assisted) -> None:
    failed = helped.given(b"", "empty.txt")
    deleted = helped.client.delete(f"/assistant/files/helper/{failed['id']}", version=NEWEST)
    assert (deleted.status, deleted.body) == (204, b"")


def test_files_are_listed_by_metadata_and_in_pages(helped: Assisted) -> None:
    for number in range(3):
        helped.given(f"{BEES}\nNumber {number}.", f"{number}.md", id=f"f{number}", metadata=f'{{"number": {number}}}')

    def ids(**query: Any) -> list[str]:
        return [
            one["id"] for one in helped.client.get("/assistant/files/helper", query=query, version=NEWEST).json["files"]
        ]

    assert ids() == ["f0", "f1", "f2"]
    assert ids(filter='{"number": {"$gte": 1}}') == ["f1", "f2"]
    assert ids(filter='{"number": 7}') == []
    page = helped.client.get("/assistant/files/helper?limit=2", version=NEWEST).json
    assert [one["id"] for one in page["files"]] == ["f0", "f1"]
    assert ids(limit=2, pagination_token=page["pagination"]["next"]) == ["f2"]


def test_files_can_be_deleted_while_they_are_listed(helped: Assisted) -> None:
    for number in range(3):
        helped.given(f"{BEES}\nNumber {number}.", id=f"f{number}")
    page = helped.client.get("/assistant/files/helper?limit=1", version=NEWEST).json
    for number in range(2):
        helped.client.delete(f"/assistant/files/helper/f{number}", version=NEWEST)
    rest = helped.client.get(
        "/assistant/files/helper", query={"pagination_token": page["pagination"]["next"]}, version=NEWEST
    )
    assert [one["id"] for one in rest.json["files"]] == ["f2"]


def test_operations_come_in_pages_of_every_operation_once(helped: Assisted) -> None:
    for _ in range(3):
        helped.given(BEES, id="f")
    seen: list[str] = []
    token: str | None = None
    while True:
        query: dict[str, Any] = {"limit": 2} | ({"pagination_token": token} if token else {})
        page = helped.client.get("/assistant/operations/helper", query=query, version=NEWEST).json
        seen += [one["id"] for one in page["operations"]]
        if "pagination" not in page:
            break
        token = page["pagination"]["next"]
    whole = helped.client.get("/assistant/operations/helper", version=NEWEST).json["operations"]
    assert seen == [one["id"] for one in whole]
    assert len(seen) == 3


def test_operations_are_listed_newest_first_by_type_and_status(helped: Assisted) -> None:
    helped.given(BEES, id="f")
    helped.given(b"", "empty.txt")
    helped.client.delete("/assistant/files/helper/f", version=NEWEST)
    helped.upload(BEES)

    def told(**query: str) -> list[tuple[str, str]]:
        found = helped.client.get("/assistant/operations/helper", query=query, version=NEWEST).json["operations"]
        return [(one["operation_type"], one["status"]) for one in found]

    assert told() == [
        ("upload_file", "Processing"),
        ("delete_file", "Completed"),
        ("upload_file", "Failed"),
        ("upsert_file", "Completed"),
    ]
    assert told(status="Failed") == [("upload_file", "Failed")]
    assert told(operation_type="upload_file", status="Processing") == [("upload_file", "Processing")]
    assert helped.client.get("/assistant/operations/helper?status=done", version=NEWEST).status == 400
    assert helped.client.get("/assistant/operations/helper/none", version=NEWEST).status == 404


def test_signed_url_is_this_server_and_takes_a_key(helped: Assisted) -> None:
    file = helped.given(BEES, "a “b”;.html")
    assert file["signed_url"] is None
    told = helped.client.get(f"/assistant/files/helper/{file['id']}?include_url=true", version=NEWEST).json
    path = f"/assistant/files/helper/{file['id']}/content"
    assert told["signed_url"] == f"http://127.0.0.1:5080{path}"
    fetched = helped.client.get(path)
    assert fetched.body == BEES.encode()
    assert fetched.headers["content-type"] == "application/octet-stream"
    assert fetched.headers["content-disposition"] == "attachment; filename*=UTF-8''a%20%E2%80%9Cb%E2%80%9D%3B.html"
    assert fetched.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in fetched.headers["content-security-policy"]
    [route] = [one for one in helped.client.app.router.routes if one.operation == "download_file"]
    assert route.action == "data:read"


# -- documents that nobody should trust -------------------------------------------------------------------------------


def _zip(names: dict[str, bytes], repeated: int = 1) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in names.items():
            with archive.open(name, "w", force_zip64=True) as file:
                for _ in range(repeated):
                    file.write(data)
    return held.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.txt", b"", "empty"),
        ("blank.md", b" \n\n \n", "no text"),
        ("broken.pdf", b"this is no PDF at all", "no PDF"),
        ("torn.pdf", b"%PDF-1.7\n1 0 obj\n<<", ""),
        ("program.bin", bytes(range(256)) * 20, ""),
        ("old.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, ""),
        ("book.xlsx", _zip({"xl/workbook.xml": b"<x/>"}), ".csv"),
        ("archive.zip", _zip({"a.txt": b"text"}), "unpack"),
        ("secret.docx", _zip({"word/document.xml": b"not xml <"}), ""),
    ],
)
def test_what_cannot_be_read_fails_with_its_reason(helped: Assisted, name: str, content: bytes, said: str) -> None:
    accepted = helped.upload(content, name)
    assert accepted.status == 202
    helped.settle()
    file = helped.file(accepted.json["file_id"], version=OLD)
    assert file["status"] == "ProcessingFailed"
    assert file["error_message"]
    assert said.lower() in file["error_message"].lower()
    operation = helped.client.get(f"/assistant/operations/helper/{accepted.json['id']}", version=NEWEST).json
    assert (operation["status"], operation["error_message"]) == ("Failed", file["error_message"])
    assert helped.chunks() == []


def test_a_zip_bomb_fails_and_the_next_file_is_read(helped: Assisted) -> None:
    bomb = _zip({"word/document.xml": b"<w>" + b"a" * 1_000_000}, repeated=2_000)
    assert len(bomb) < 3_000_000
    helped.service.settings = replace(helped.service.settings, requests=RequestLimits())
    failed = helped.given(bomb, "bomb.docx")
    assert failed["status"] == "ProcessingFailed"
    assert helped.given(BEES)["status"] == "Available"


@pytest.mark.parametrize("error", [IndexError("out of range"), zlib.error("incorrect header"), MemoryError()])
def test_a_parser_that_breaks_fails_the_file_and_not_the_server(
    helped: Assisted, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def broken(*_: object, **__: object) -> bool:
        raise error

    monkeypatch.setattr(type(helped.service.answerer), "ingest", broken)
    file = helped.given(BEES)
    assert file["status"] == "ProcessingFailed"


def test_a_file_that_kills_the_server_again_and_again_is_given_up(
    helped: Assisted, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """Nobody catches it, as nobody catches a kill."""

    def killed(*_: object, **__: object) -> bool:
        raise Killed

    accepted = helped.upload(BEES).json
    with monkeypatch.context() as patched:
        patched.setattr(type(helped.service.answerer), "ingest", killed)
        for _ in range(3):
            with pytest.raises(Killed):
                helped.settle()
            assert helped.file(accepted["file_id"])["status"] == "Processing"
    helped.settle()
    file = helped.file(accepted["file_id"], version=OLD)
    assert file["status"] == "ProcessingFailed"
    assert "3 times" in file["error_message"]


def test_a_full_disk_leaves_the_work_for_later(helped: Assisted, monkeypatch: pytest.MonkeyPatch) -> None:
    accepted = helped.upload(BEES).json

    def full(*_: object, **__: object) -> bool:
        raise StorageFullError("no space left")

    with monkeypatch.context() as patched:
        patched.setattr(type(helped.service.answerer), "ingest", full)
        for _ in range(5):
            assert helped.work.run_waiting() is False
    assert helped.file(accepted["file_id"])["status"] == "Processing"
    helped.settle()
    assert helped.file(accepted["file_id"])["status"] == "Available"


def test_bytes_that_changed_on_disk_are_never_read_as_the_file(helped: Assisted) -> None:
    accepted = helped.upload(BEES).json
    entry = helped.service.database.registry.get("assistant", "helper")
    assert entry is not None
    [path] = helped.service.database.blobs.path(entry["uuid"], "x").parent.iterdir()
    path.write_bytes(BEES.replace("thirty", "ninety").encode())
    helped.settle()
    file = helped.file(accepted["file_id"], version=OLD)
    assert file["status"] == "ProcessingFailed"
    assert "upload it again" in file["error_message"]
    assert helped.client.get(f"/assistant/files/helper/{file['id']}/content").status == 500


# -- refusals ---------------------------------------------------------------------------------------------------------


def test_a_file_too_large_or_one_too_many_is_refused_and_not_kept(helped: Assisted) -> None:
    too_large = helped.upload(b"a" * 50_001)
    assert too_large.status == 413
    assert "50,000" in too_large.message
    assert helped.upload(b"a" * 50_000, id="f0").status == 202
    helped.upload(BEES, id="f1")
    helped.upload(BEES, id="f2")
    too_many = helped.upload(BEES)
    assert too_many.status == 403
    assert "3" in too_many.message
    assert helped.upload(BEES, id="f2").status == 202, "a replacement adds none"
    entry = helped.service.database.registry.get("assistant", "helper")
    assert entry is not None
    assert len(list(helped.service.database.blobs.path(entry["uuid"], "x").parent.iterdir())) == 3


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ("{", "JSON"),
        ("[]", "object"),
        ('{"a": {"b": 1}}', "a"),
        ('{"a": [1, 2]}', "a"),
        ('{"$a": 1}', "$"),
        (orjson.dumps({"a": "x" * 16_380}).decode(), "16,384"),
    ],
)
def test_bad_metadata_is_refused_before_the_file_is_kept(helped: Assisted, metadata: str, said: str) -> None:
    refused = helped.upload(BEES, metadata=metadata)
    assert refused.status == 400
    assert said in refused.message
    assert helped.client.get("/assistant/files/helper", version=NEWEST).json == {"files": []}
    assert not list(helped.service.database.blobs.path("x", "y").parent.parent.glob("*/*"))


@pytest.mark.parametrize("name", ["", ".", "..", "a\x00b", "a\nb", "\u202egnp.exe", "a" * 256, "folder/"])
def test_a_file_name_that_misleads_is_refused(helped: Assisted, name: str) -> None:
    body, kind = form(("file", "?", b"text"))
    body = body.replace(b'filename="?"', b'filename="' + name.encode() + b'"')
    refused = helped.client.post("/assistant/files/helper", body=body, headers={"content-type": kind}, version=NEWEST)
    assert refused.status == 400


def test_the_folders_of_a_file_name_are_left_out(helped: Assisted) -> None:
    for given in ("../../etc/passwd.txt", "C:\\\\Users\\\\me\\\\passwd.txt"):
        assert helped.file(helped.upload(BEES, given).json["file_id"])["name"] == "passwd.txt"


@pytest.mark.parametrize("id", ["a.b", "a%20b", "x" * 129, "%ED%95%9C"])
def test_an_id_that_cannot_be_is_refused(helped: Assisted, id: str) -> None:
    assert helped.upload(BEES, id=id).status == 400


@pytest.mark.parametrize(
    "parts",
    [
        (),
        (("other", "a.txt", b"text"),),
        (("file", None, b"text"),),
        (("file", "a.txt", b"text"), ("file", "b.txt", b"text")),
        (("file", "a.txt", b"text"), ("metadata", None, b"{}"), ("metadata", None, b"{}")),
        (("file", "a.txt", b"text"), ("more", None, b"1")),
    ],
)
def test_a_form_that_is_no_upload_is_refused(
    helped: Assisted, parts: tuple[tuple[str, str | None, bytes], ...]
) -> None:
    body, kind = form(*parts)
    refused = helped.client.post("/assistant/files/helper", body=body, headers={"content-type": kind}, version=NEWEST)
    assert refused.status == 400, refused.body


def test_images_are_not_read_and_asking_for_them_says_so(helped: Assisted) -> None:
    assert helped.upload(BEES, query={"multimodal": "true"}).status == 501
    assert helped.upload(BEES, query={"multimodal": "maybe"}).status == 400
    accepted = helped.upload(BEES, query={"multimodal": "false"})
    assert helped.file(accepted.json["file_id"])["multimodal"] is False


def test_an_upload_while_the_assistant_goes_leaves_nothing(helped: Assisted, monkeypatch: pytest.MonkeyPatch) -> None:
    real = type(helped.service.database.blobs).put

    def put(self: Any, folder: str, parts: Any) -> Any:
        kept = real(self, folder, parts)
        assert helped.client.delete("/assistant/assistants/helper", version=NEWEST).status == 200
        return kept

    monkeypatch.setattr(type(helped.service.database.blobs), "put", put)
    refused = helped.upload(BEES)
    assert refused.status == 404
    assert not list(helped.service.database.blobs.path("x", "y").parent.parent.glob("*/*"))
    assert not helped.service.database.registry.list("assistant-work")


def test_a_deletion_while_the_file_is_read_wins(helped: Assisted, monkeypatch: pytest.MonkeyPatch) -> None:
    real = type(helped.service.answerer).ingest
    accepted = helped.upload(BEES).json
    monkeypatch.setattr(assistant_files, "_PATIENCE", 0.0)
    statuses = []

    def ingest(self: Any, index: Any, upload: Any, **more: Any) -> bool:
        done = bool(real(self, index, upload, **more))
        statuses.append(helped.client.delete(f"/assistant/files/helper/{upload.id}", version=NEWEST).json["status"])
        return done

    monkeypatch.setattr(type(helped.service.answerer), "ingest", ingest)
    assert helped.work.run_waiting() is False
    assert statuses == ["Processing"], "whoever reads the file holds it"
    assert helped.ask(ASK).status == 412
    helped.settle()
    assert helped.client.get(f"/assistant/files/helper/{accepted['file_id']}", version=NEWEST).status == 404
    assert helped.chunks() == []


def test_bytes_without_a_file_are_swept_away_and_others_are_not(helped: Assisted) -> None:
    helped.given(BEES)
    blobs = helped.service.database.blobs
    left = blobs.put("0" * 32, [b"of an upload that was killed"])
    named = {path.name for path in blobs.path("x", "y").parent.parent.glob("*/*")} - {left.id}
    helped.work.tidy()
    assert blobs.path("0" * 32, left.id).exists(), "it may be about to be named"
    gone = blobs.sweep(
        [
            (path.parent.name, path.name)
            for path in blobs.path("x", "y").parent.parent.glob("*/*")
            if path.name in named
        ],
        idle=-1.0,
    )
    assert [path.name for path in gone] == [left.id]
    assert {path.name for path in blobs.path("x", "y").parent.parent.glob("*/*")} == named
