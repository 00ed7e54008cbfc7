"""The numbers: counted once, for what really happened, summed over workers, under Pinecone's names and ours."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from pinyon import engine
from pinyon.server import metrics
from pinyon.server.metrics import Metrics, forget_worker, pinecone_operation
from pinyon.server.observe import Observer
from pinyon.server.routes import ALL_ROUTES
from pinyon.server.seen import Seen
from pinyon.server.service import Service
from pinyon.server.settings import Settings
from pinyon.types import IndexSpec
from server.clients import PortAddresses, WordModels
from server.keyed import GIVEN, KeyedClient, served

READ = {"vector": [1, 0, 0], "topK": 1}
PINECONE = [
    *(f"pinecone_db_op_{name}_count" for name in ("upsert", "query", "fetch", "update", "delete", "list")),
    *(f"pinecone_db_op_{name}_duration_sum" for name in ("upsert", "query", "fetch", "update", "delete", "list")),
    "pinecone_db_read_unit_count",
    "pinecone_db_write_unit_count",
    "pinecone_db_record_total",
    "pinecone_db_storage_size_bytes",
    "pinecone_db_scheduled_backup_failure_total",
    "pinecone_db_index_fullness",
]


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with served(path=tmp_path / "data") as made:
        observer = Observer.start(made)
        yield made
        observer.close()


@pytest.fixture
def client(service: Service) -> KeyedClient:
    return KeyedClient(service)


def values(text: bytes) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Every sample by its name and labels. Python's parser adds ``_total`` to counters without it."""
    names = set(re.findall(r"^[a-z_]+", text.decode(), re.MULTILINE))
    return {
        (
            sample.name if sample.name in names else sample.name.removesuffix("_total"),
            tuple(sorted(sample.labels.items())),
        ): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def value(client: KeyedClient, name: str, **labels: str) -> float:
    found = values(client.get("/metrics", key=GIVEN).body)
    matching = [number for (one, has), number in found.items() if one == name and labels.items() <= dict(has).items()]
    assert len(matching) == 1, (name, labels, matching)
    return matching[0]


def test_a_request_is_counted_with_its_operation_status_and_duration(client: KeyedClient) -> None:
    for _ in range(3):
        assert client.observed("POST", "/query", READ, index="films", key=GIVEN).status == 200
    client.observed("POST", "/query", {}, index="films", key=GIVEN)
    labels = {"operation": "query", "transport": "rest"}
    assert value(client, "pinyon_request_duration_seconds_count", status="200", **labels) == 3
    assert value(client, "pinyon_request_duration_seconds_count", status="400", **labels) == 1
    assert 0 < value(client, "pinyon_request_duration_seconds_sum", status="200", **labels) < 5
    assert value(client, "pinyon_requests_in_flight", transport="rest") == 0


def test_the_memory_budget_and_its_use_are_told(client: KeyedClient, service: Service) -> None:
    service.database.index("films").upsert("", ["a"], [[1.0, 0.0, 0.0]])
    assert client.observed("POST", "/query", READ, index="films", key=GIVEN).status == 200
    budget = service.database.budget
    assert value(client, "pinyon_memory_budget_bytes") == budget.limit
    assert value(client, "pinyon_memory_used_bytes") == budget.used > 0
    assert value(client, "pinyon_loaded_namespaces") == budget.loaded == 1


def test_refusals_are_counted_and_name_nothing_of_the_request(client: KeyedClient) -> None:
    client.observed("POST", "/query", READ, index="films", key="wrong")
    client.observed("GET", "/some/secret/path", key="wrong")
    client.observed("GET", "/metrics", key=client.key("DataPlaneViewer"))
    assert value(client, "pinyon_refused_requests_total", status="401") == 1
    assert value(client, "pinyon_refused_requests_total", status="403") == 2
    text = client.get("/metrics", key=GIVEN).body
    assert b"secret" not in text
    assert b"wrong" not in text


def test_pinecones_names_are_all_there_with_its_labels(client: KeyedClient) -> None:
    reply = client.get("/metrics", key=GIVEN)
    assert reply.headers["content-type"].startswith("text/plain; version=0.0.4")
    found = values(reply.body)
    for name in PINECONE:
        labels = {dict(has)["index_name"]: dict(has) for one, has in found if one == name}
        assert labels.keys() == {"films", "books"}, name
        assert labels["films"] == {
            "index_name": "films",
            "cloud": "aws",
            "region": "us-east-1",
            "capacity_mode": "on-demand",
        }


def test_operations_are_counted_for_the_index_that_answered(client: KeyedClient) -> None:
    send: list[tuple[str, str, Any]] = [
        ("POST", "/vectors/upsert", {"vectors": [{"id": f"{n}", "values": [1, 0, n]} for n in range(20)]}),
        ("POST", "/query", READ),
        ("POST", "/query", READ),
        ("GET", "/vectors/fetch?ids=1", None),
        ("GET", "/vectors/list", None),
        ("POST", "/vectors/update", {"id": "1", "setMetadata": {"a": 1}}),
        ("POST", "/vectors/delete", {"ids": ["1"]}),
    ]
    for method, path, body in send:
        assert client.observed(method, path, body, index="films", key=GIVEN).status == 200
    client.observed("POST", "/query", {}, index="films", key=GIVEN)
    for name, count in (("upsert", 1), ("query", 2), ("fetch", 1), ("list", 1), ("update", 1), ("delete", 1)):
        assert value(client, f"pinecone_db_op_{name}_count", index_name="films") == count, name
        assert value(client, f"pinecone_db_op_{name}_duration_sum", index_name="films") > 0
        assert value(client, f"pinecone_db_op_{name}_count", index_name="books") == 0
    assert value(client, "pinecone_db_record_total", index_name="films") == 19
    assert value(client, "pinecone_db_storage_size_bytes", index_name="films") > 10_000
    assert value(client, "pinecone_db_read_unit_count", index_name="films") >= 4
    assert value(client, "pinecone_db_write_unit_count", index_name="films") >= 3 * 5


def test_an_index_that_does_not_exist_gets_no_number(client: KeyedClient) -> None:
    client.observed("POST", "/indexes/nothing-here/query", READ, key=GIVEN)
    assert b"nothing-here" not in client.get("/metrics", key=GIVEN).body


def test_an_index_that_is_gone_is_not_told_any_more(client: KeyedClient, service: Service) -> None:
    client.observed("POST", "/query", READ, index="films", key=GIVEN)
    service.database.delete_index("films")
    assert b'index_name="films"' not in client.get("/metrics", key=GIVEN).body


def test_the_stages_of_a_query_are_measured(client: KeyedClient) -> None:
    client.observed("POST", "/query", READ, index="films", key=GIVEN)
    client.service.database.index("films").upsert("", ["a"], [[1, 0, 0]])
    client.observed("POST", "/query", READ, index="films", key=GIVEN)
    assert value(client, "pinyon_query_stage_seconds_count", stage="search") >= 1


def test_every_search_fetch_and_write_counts_as_one_of_pinecones_operations() -> None:
    counted = {route.path: pinecone_operation(route.path) for route in ALL_ROUTES if route.plane == "data"}
    assert counted["/records/namespaces/{namespace}/search"] == "query"
    assert counted["/records/namespaces/{namespace}/upsert"] == "upsert"
    assert counted["/namespaces/{namespace}/documents/update"] == "update"
    assert {path for path, name in counted.items() if name is None} == {
        "/describe_index_stats",
        "/namespaces",
        "/namespaces/{namespace}",
        "/bulk/imports",
        "/bulk/imports/{id}",
        "/pinyon/fields",
        "/pinyon/map",
    }
    assert pinecone_operation("/indexes") is None


def test_names_that_hold_quotes_are_written_as_prometheus_reads_them() -> None:
    text = metrics._family("x", "gauge", "X.", [({"a": 'q"b\\n\n'}, 2.0)])
    assert values(text.encode()) == {("x", (("a", 'q"b\\n\n'),)): 2.0}


def test_pod_and_dedicated_indexes_say_so(client: KeyedClient) -> None:
    database = client.service.database
    dedicated = {"serverless": {"cloud": "gcp", "region": "eu", "read_capacity": {"mode": "Dedicated"}}}
    database.create_index(IndexSpec("big", 3, "cosine", deployment=dedicated))
    database.create_index(IndexSpec("old", 3, "cosine", deployment={"pod": {"environment": "us-east1-gcp"}}))
    assert value(client, "pinecone_db_record_total", index_name="big", capacity_mode="dedicated", cloud="gcp") == 0
    assert value(client, "pinecone_db_record_total", index_name="old", capacity_mode="pod", region="us-east1-gcp") == 0


# -- several workers --------------------------------------------------------------------------------------------------

WORKER = """
import sys
from pathlib import Path
from pinyon import engine
from pinyon.server.metrics import Metrics
from pinyon.server.seen import Seen
from pinyon.server.service import Service
from pinyon.server.settings import Settings
with engine.Database(sys.argv[1]) as database:
    numbers = Metrics(Service(Settings(), database, None, None), Path(sys.argv[2]))
    for _ in range(int(sys.argv[3])):
        numbers.begin("rest")
        numbers.finish(Seen("r", "rest", "POST", "/query", "query", "data", "data:read", "films", (), "k", (), "c",
                            200, 0.01, 10, 20, 1), None)
    numbers.begin("rest")
    numbers.close()
"""


def seen(path: str = "/query") -> Seen:
    return Seen(
        "r", "rest", "POST", path, "query", "data", "data:read", "films", (), "k", (), "c", 200, 0.01, 10, 20, 1
    )


def test_any_worker_answers_for_all(tmp_path: Path) -> None:
    with engine.Database(tmp_path / "data") as database:
        database.create_index(IndexSpec("films", 3, "cosine"))
        service = Service(Settings(), database, WordModels(), PortAddresses())
        shared = tmp_path / "metrics"
        own = Metrics(service, shared)
        own.finish(seen(), None)
        for count in (3, 4):
            command = [sys.executable, "-c", WORKER, str(tmp_path / "data"), str(shared), str(count)]
            subprocess.run(command, check=True)
        other = set(shared.glob("*.json"))
        found = values(own.text())
        labels = (("operation", "query"), ("status", "200"), ("transport", "rest"))
        assert found["pinyon_request_duration_seconds_count", labels] == 8
        assert found["pinyon_request_duration_seconds_bucket", (("le", "+Inf"), *labels)] == 8
        assert found["pinyon_requests_in_flight", (("transport", "rest"),)] == 1
        (films,) = [number for (name, _), number in found.items() if name == "pinecone_db_op_query_count"]
        assert films == 8
        for path in other:
            forget_worker(shared, int(path.stem))
        found = values(own.text())
        assert found["pinyon_requests_in_flight", (("transport", "rest"),)] == -1, "this worker never began its one"
        assert found["pinyon_request_duration_seconds_count", labels] == 8
        own.close()


def test_what_another_worker_left_half_written_is_passed_over(tmp_path: Path) -> None:
    with engine.Database(":memory:") as database:
        own = Metrics(Service(Settings(), database, WordModels(), PortAddresses()), tmp_path)
        (tmp_path / "1.json").write_bytes(b"{")
        (tmp_path / "2.json").write_bytes(b"[]")
        own.finish(seen(), None)
        assert b"pinyon_request_duration_seconds_count" in own.text()
        forget_worker(tmp_path, 1)
        forget_worker(tmp_path, 77)
        own.close()


# -- who may see them -------------------------------------------------------------------------------------------------


def test_the_metrics_need_a_key_or_this_machine(client: KeyedClient) -> None:
    assert client.get("/metrics").status == 401
    assert client.get("/metrics", key="wrong").status == 401
    assert client.get("/metrics", key=client.key("DataPlaneEditor")).status == 403
    assert client.get("/metrics", key=client.key("ControlPlaneViewer")).status == 200


def test_without_keys_this_machine_sees_them(tmp_path: Path) -> None:
    with served() as service:
        Observer.start(service)
        assert KeyedClient(service, []).get("/metrics").status == 200


def test_a_service_that_counts_nothing_says_so() -> None:
    with served() as service:
        assert KeyedClient(service).get("/metrics", key=GIVEN).status == 501
