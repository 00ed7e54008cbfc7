"""Recall in the numbers for Prometheus and in the statistics of an index, for one worker and for several."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from prometheus_client import CollectorRegistry, Gauge

pytest.importorskip("faiss", reason="approximate search needs faiss")

from pinyon.engine import Index, meter
from pinyon.engine.meter import Meter
from pinyon.server import recall
from pinyon.server.metrics import forget_worker
from pinyon.server.observe import Observer
from pinyon.server.recall import SUMS, RecallNumbers, recall_families
from pinyon.server.service import Service
from pinyon.types import IndexSpec, Query
from server.clients import Client
from server.keyed import GIVEN, KeyedClient, served
from server.test_metrics import value, values

ROWS, D = 6_000, 32
OURS = (*recall.GAUGES, "pinyon_recall_checks_total")


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meter, "SHARE", 0.999)
    monkeypatch.setattr(meter, "CLOSE_SHARE", 0.999)
    monkeypatch.setattr(Meter.__init__, "__defaults__", (0.999,))


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with served(path=tmp_path / "data") as made:
        observer = Observer.start(made)
        yield made
        observer.close()


def rows(seed: int, n: int = ROWS) -> Any:
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(99).standard_normal((30, D))
    return (centres[rng.integers(0, 30, n)] + 0.4 * rng.standard_normal((n, D))).astype(np.float32)


def large(service: Service, name: str = "stars", namespaces: tuple[str, ...] = ("",)) -> Index:
    service.database.create_index(IndexSpec(name, D, "cosine", kind="scan"))
    index = service.database.index(name)
    for namespace in namespaces:
        index.upsert(namespace, [str(row) for row in range(ROWS)], rows(1))
    assert index.ready(timeout=120)
    assert index.describe(namespaces[0]).kind == "scan"
    return index


def asked(index: Index, n: int, namespace: str = "") -> None:
    for query in rows(2, n):
        index.query(namespace, Query(10, vector=query))
    index.metering.settle()


def test_the_recall_of_an_index_is_told_with_its_interval(service: Service) -> None:
    client = KeyedClient(service)
    index = large(service)
    asked(index, 100)
    told = index.describe("").quality
    assert told.interval is not None
    labels = {"index_name": "stars", "namespace": ""}
    assert value(client, "pinyon_recall", **labels) == pytest.approx(told.recall)
    assert value(client, "pinyon_recall_low", **labels) == pytest.approx(told.interval[0])
    assert value(client, "pinyon_recall_high", **labels) == pytest.approx(told.interval[1])
    assert value(client, "pinyon_search_effort", **labels) == 1.0
    assert value(client, "pinyon_recall_checks_total", **labels) == told.checks > 0
    asked(index, 30)
    assert value(client, "pinyon_recall_checks_total", **labels) == index.describe("").quality.checks > told.checks
    assert b"pinyon_index_recall" not in client.get("/metrics", key=GIVEN).body


def test_an_index_without_approximate_search_and_one_that_is_gone_have_no_recall(service: Service) -> None:
    client = KeyedClient(service)
    service.database.index("films").upsert("", ["a"], [[1, 0, 0]])
    service.database.index("films").query("", Query(1, vector=[1, 0, 0]))
    asked(large(service), 20)
    told = {
        dict(has)["index_name"] for name, has in values(client.get("/metrics", key=GIVEN).body) if name.startswith(OURS)
    }
    assert told == {"stars"}
    service.database.delete_index("stars")
    assert b"stars" not in client.get("/metrics", key=GIVEN).body


def test_only_some_namespaces_have_numbers_of_their_own(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recall, "NAMED", 2)
    client = KeyedClient(service)
    names = ("a", "b", "c", "d")
    index = large(service, namespaces=names)
    for name in names:
        asked(index, 20, name)
        client.get("/metrics", key=GIVEN)
    found = values(client.get("/metrics", key=GIVEN).body)
    checked = {dict(has)["namespace"]: number for (name, has), number in found.items() if "checks" in name}
    assert checked.keys() == {"a", "b", "*"}
    assert sum(checked.values()) == sum(index.describe(name).quality.checks for name in names)
    assert checked["*"] > checked["a"]
    assert 0.9 < value(client, "pinyon_recall", index_name="stars", namespace="*") <= 1.0


def test_figures_of_several_workers_are_weighed_by_the_queries_behind_them() -> None:
    registry = CollectorRegistry()
    sums = [Gauge(name, "Sums.", ("index_name", "namespace"), registry=registry) for name in SUMS]
    for checked, mean, low, high, effort in ((900, 0.99, 0.98, 0.995, 1.0), (100, 0.95, 0.90, 0.99, 4.0)):
        parts = (checked, checked * mean, checked * low, checked * high, 1.0, effort)
        for gauge, part in zip(sums, parts, strict=True):
            gauge.labels("films", "").inc(part)
    found = {name: rows for name, _, _, rows in recall_families(registry.collect(), ["films"])}
    labels = {"index_name": "films", "namespace": ""}
    assert found["pinyon_recall"] == [(labels, pytest.approx(0.986))]
    assert found["pinyon_recall_low"] == [(labels, pytest.approx(0.972))]
    assert found["pinyon_recall_high"] == [(labels, pytest.approx(0.9945))]
    assert found["pinyon_search_effort"] == [(labels, 2.5)]
    assert all(rows == [] for _, _, _, rows in recall_families(registry.collect(), []))


def test_a_worker_that_ends_takes_its_recall_along(service: Service, tmp_path: Path) -> None:
    (tmp_path / "7.json").write_text(
        '{"pinyon_index_recall_mean": [["pinyon_index_recall_mean", {"index_name": "a"}, 3]], "pinyon_sent_bytes": []}'
    )
    forget_worker(tmp_path, 7)
    assert (tmp_path / "7.json").read_text() == '{"pinyon_sent_bytes":[]}'


def test_a_namespace_that_was_loaded_anew_counts_on(service: Service) -> None:
    index = large(service)
    asked(index, 20)
    registry = CollectorRegistry()
    numbers = RecallNumbers(service, registry)
    numbers.count()
    first = index.describe("").quality.checks
    index.memory.clear()
    asked(index, 10)
    numbers.count()
    second = index.describe("").quality.checks
    assert second < first
    assert registry.get_sample_value("pinyon_index_recall_checks_total", {"index_name": "stars", "namespace": ""}) == (
        first + second
    )


# -- statistics -------------------------------------------------------------------------------------------------------


def test_the_statistics_of_an_index_have_a_field_for_it(service: Service) -> None:
    index = large(service, namespaces=("", "other"))
    index.upsert("small", ["a"], rows(3, 1))
    asked(index, 60)
    found = Client(service).get("/describe_index_stats", index="stars").json["namespaces"]
    told = index.describe("").quality
    assert found["small"] == {"vectorCount": 1}
    default = found.get("", found.get("__default__"))
    assert default["vectorCount"] == ROWS
    assert default["quality"] == {
        "recall": told.recall,
        "low": told.interval[0] if told.interval else None,
        "high": told.interval[1] if told.interval else None,
        "label": told.label,
        "target": 0.99,
        "holds": told.holds,
        "effort": 1.0,
        "checked": told.checked,
        "exactShare": told.exact_share,
    }
    assert found["other"]["quality"]["label"] == "estimate"
    assert found["other"]["quality"]["low"] is None
