"""The fields of a namespace and its map, over REST: beside counts and products over what was written."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

from pinyon.errors import MissingExtraError
from pinyon.index import neighbourhood
from pinyon.server.roles import Principal
from pinyon.server.service import Service
from pinyon.types import IndexSpec
from server.clients import Client, Reply

N, D = 300, 12
TOPICS = ("sea", "forest", "한국어")


def ok(reply: Reply) -> Any:
    assert reply.status == 200, reply.json
    return reply.json


def refused(reply: Reply, *fragments: str, status: int = 400) -> None:
    assert reply.status == status, reply
    for fragment in fragments:
        assert fragment in reply.message


def vectors(n: int = N) -> Any:
    rng = np.random.default_rng(5)
    spread = np.array([6.0, 3.0, *[0.4] * (D - 2)])
    return (rng.standard_normal((n, D)) * spread + 2.0).astype(np.float32)


def metadata(n: int = N) -> list[dict[str, Any]]:
    return [
        {
            "topic": TOPICS[row % 3],
            "year": 1950 + row % 7,
            "rating": row % 5 / 2,
            "seen": row % 2 == 0,
            "tags": [TOPICS[row % 3], "all"],
            "text": f"text {row} " * 40,
            **({"rare": f"r{row}"} if row < 3 else {}),
        }
        for row in range(n)
    ]


@pytest.fixture
def points(client: Client, service: Service) -> Client:
    """``points`` with records in the default namespace, and none in others."""
    service.database.create_index(IndexSpec("points", D, "euclidean"))
    index = service.database.index("points")
    index.upsert("", [f"p{row}" for row in range(N)], vectors(), metadata=metadata())
    service.database.create_index(IndexSpec("words", None, "dotproduct", "sparse"))
    return client


# -- fields -----------------------------------------------------------------------------------------------------------


def fields(client: Client, namespace: str = "", index: str = "points") -> dict[str, Any]:
    found = ok(client.get("/pinyon/fields", query={"namespace": namespace}, index=index))
    return {one["name"]: one for one in found["fields"]}


def test_fields_are_told_with_types_counts_and_values(points: Client) -> None:
    found = ok(points.get("/pinyon/fields?namespace=", index="points"))
    assert (found["namespace"], found["records"], found["left_out"]) == ("", N, 0)
    assert [one["name"] for one in found["fields"]] == ["rare", "rating", "seen", "tags", "text", "topic", "year"]
    told = fields(points)
    assert told["topic"] == {
        "name": "topic",
        "types": ["string"],
        "records": N,
        "distinct": 3,
        "least": None,
        "most": None,
        "values": [{"value": topic, "records": 100} for topic in TOPICS],
    }
    years = Counter(1950 + row % 7 for row in range(N))
    assert {one["value"]: one["records"] for one in told["year"]["values"]} == years
    assert (told["year"]["least"], told["year"]["most"], told["year"]["types"]) == (1950, 1956, ["number"])
    assert told["seen"]["values"] == [{"value": True, "records": 150}, {"value": False, "records": 150}]
    assert told["seen"]["types"] == ["boolean"]
    assert told["tags"]["types"] == ["list"]
    assert told["tags"]["values"][0] == {"value": "all", "records": N}
    assert told["rare"]["records"] == 3


def test_long_texts_are_counted_and_not_listed(points: Client) -> None:
    text = fields(points)["text"]
    assert (text["distinct"], text["values"], text["types"]) == (N, [], ["string"])


def test_fields_follow_writes(points: Client, service: Service) -> None:
    assert fields(points)["topic"]["distinct"] == 3
    index = service.database.index("points")
    index.delete("", [f"p{row}" for row in range(0, N, 3)])
    index.update("", "p1", set_metadata={"topic": "desert", "year": 2000, "mixed": 1})
    index.update("", "p2", set_metadata={"mixed": ["one"]})
    found = fields(points)
    assert {one["value"]: one["records"] for one in found["topic"]["values"]} == {
        "한국어": 100,
        "forest": 99,
        "desert": 1,
    }
    assert found["year"]["most"] == 2000
    assert (found["mixed"]["types"], found["mixed"]["records"]) == (["number", "list"], 2)


def test_fields_of_nothing_are_none(points: Client) -> None:
    for namespace in ("nowhere", "__default__"):
        found = ok(points.get("/pinyon/fields", query={"namespace": namespace}, index="words"))
        assert found == {"namespace": namespace, "records": 0, "fields": [], "left_out": 0}


def test_the_default_namespace_has_its_two_names(points: Client) -> None:
    assert fields(points, "__default__") == fields(points, "")


# -- the map ----------------------------------------------------------------------------------------------------------


def drawn(client: Client, index: str = "points", **body: Any) -> Any:
    return ok(client.post("/pinyon/map", body, index=index))


def test_the_map_shows_every_record_where_it_spreads_most(points: Client) -> None:
    found = drawn(points)
    assert (found["records"], found["matching"], found["method"]) == (N, N, "pca")
    assert found["ids"] == [f"p{row}" for row in range(N)]
    assert (found["values"], found["nearest"], found["query"]) == (None, None, None)
    wide = vectors().astype(np.float64)
    wide -= wide.mean(axis=0)
    left, sizes, _ = np.linalg.svd(wide, full_matrices=False)
    shares = sizes[:2] ** 2 / (sizes**2).sum()
    assert np.allclose(found["explained"], shares, atol=1e-4)
    for name, at in (("x", 0), ("y", 1)):
        wanted = left[:, at] * sizes[at]
        given = np.array(found[name])
        assert np.allclose(np.abs(given @ wanted), np.sum(wanted**2), rtol=1e-3)
        assert np.allclose(np.abs(given), np.abs(wanted), rtol=2e-3, atol=2e-3)
        assert all(float(f"{number:.4g}") == number for number in found[name]), "4 significant digits"


def test_a_filter_a_colour_and_neighbours(points: Client) -> None:
    found = drawn(points, filter={"topic": "sea"}, colour="year", neighbours=True)
    assert (found["records"], found["matching"], len(found["ids"])) == (N, 100, 100)
    rows = [int(id_[1:]) for id_ in found["ids"]]
    assert rows == list(range(0, N, 3))
    assert found["values"] == [1950 + row % 7 for row in rows]
    given = vectors()[rows].astype(np.float64)
    distances = np.sqrt(((given[:, None] - given[None]) ** 2).sum(axis=2))
    np.fill_diagonal(distances, np.inf)
    assert np.allclose(found["nearest"], distances.min(axis=1), rtol=1e-3)


def test_values_of_every_type(points: Client) -> None:
    assert drawn(points, colour="topic")["values"] == [TOPICS[row % 3] for row in range(N)]
    assert drawn(points, colour="seen")["values"] == [row % 2 == 0 for row in range(N)]
    assert drawn(points, colour="tags")["values"] == [sorted([TOPICS[row % 3], "all"]) for row in range(N)]
    assert drawn(points, colour="rare")["values"] == ["r0", "r1", "r2", *[None] * (N - 3)]
    assert drawn(points, colour="nothing")["values"] == [None] * N
    long = drawn(points, colour="text")["values"][0]
    assert len(long) == 201
    assert long.endswith("…")


def test_of_many_records_a_sample_is_shown_and_always_the_same_one(points: Client) -> None:
    first, second = (drawn(points, limit=50, colour="year") for _ in range(2))
    assert first == second
    rows = [int(id_[1:]) for id_ in first["ids"]]
    assert (len(rows), first["matching"]) == (50, N)
    assert rows == sorted(set(rows))
    assert rows != list(range(50))
    assert first["values"] == [1950 + row % 7 for row in rows]


def test_a_query_is_placed_where_its_record_is(points: Client) -> None:
    by_id = drawn(points, id="p7")
    by_vector = drawn(points, vector=vectors()[7].tolist())
    assert by_id["query"] == by_vector["query"] == [by_id["x"][7], by_id["y"][7]]
    assert drawn(points, id="unknown")["query"] is None


def test_cosine_is_mapped_by_direction(client: Client, service: Service) -> None:
    service.database.create_index(IndexSpec("turned", 3, "cosine"))
    index = service.database.index("turned")
    index.upsert("", ["a", "b", "c"], [[1, 0, 0], [5, 0, 0], [0, 2, 0]])
    found = drawn(client, "turned", neighbours=True)
    assert (found["x"][0], found["y"][0]) == (found["x"][1], found["y"][1])
    assert found["nearest"] == [0.0, 0.0, 1.0]


def test_maps_of_nothing_and_of_one_record(points: Client, service: Service) -> None:
    nothing = drawn(points, namespace="nowhere", colour="year", neighbours=True, id="p1")
    assert nothing == {
        "namespace": "nowhere", "records": 0, "matching": 0, "method": "pca", "explained": None, "ids": [], "x": [],
        "y": [], "values": None, "nearest": None, "query": None,
    }  # fmt: skip
    none = drawn(points, filter={"topic": "nothing"})
    assert (none["records"], none["matching"], none["ids"]) == (N, 0, [])
    one = drawn(points, filter={"rare": "r1"}, neighbours=True, colour="rare")
    assert (one["ids"], one["x"], one["y"], one["nearest"], one["values"]) == (["p1"], [0.0], [0.0], [None], ["r1"])


@pytest.mark.parametrize(
    ("body", "fragments"),
    [
        ({"limit": 0}, ("limit 0", "1 to 100000")),
        ({"limit": 100_001}, ("limit 100001",)),
        ({"limit": "all"}, ("limit must be a whole number",)),
        ({"method": "tsne"}, ("no method 'tsne'", "'pca' or 'umap'")),
        ({"vector": [1.0]}, ("Vector dimension 1",)),
        ({"vector": [0.5] * D, "id": "p1"}, ("Leave one out",)),
        ({"id": ""}, ("ID",)),
        ({"filter": {"year": {"$near": 3}}}, ("$near",)),
        ({"colour": 3}, ("colour must be a string",)),
        ({"color": "year"}, ("unknown field 'color'", "colour")),
    ],
)
def test_a_map_that_makes_no_sense_is_refused(points: Client, body: Any, fragments: tuple[str, ...]) -> None:
    refused(points.post("/pinyon/map", body, index="points"), *fragments)


@pytest.mark.skipif(neighbourhood.available(), reason="umap-learn is installed")
def test_umap_without_its_extra_says_what_to_install(points: Client) -> None:
    reply = points.post("/pinyon/map", {"method": "umap"}, index="points")
    assert reply.status == MissingExtraError.status
    assert 'pip install "pinyon[map]"' in reply.json["message"]


@pytest.mark.skipif(not neighbourhood.available(), reason='needs umap-learn: pip install "pinyon[map]"')
def test_umap_places_records_and_a_query_and_takes_no_more_than_it_can(points: Client) -> None:
    some = drawn(points, method="umap", limit=60, id="p1", neighbours=True)
    assert (some["method"], some["explained"], len(some["ids"])) == ("umap", None, 60)
    assert len(set(zip(some["x"], some["y"], strict=True))) > 50
    assert len(some["query"]) == 2
    refused(points.post("/pinyon/map", {"method": "umap", "limit": 3}, index="points"), "16 to 30,000 records")


def test_a_sparse_index_has_no_map(points: Client) -> None:
    refused(points.post("/pinyon/map", {}, index="words"), "no dense vectors")


def test_neighbours_are_not_looked_for_among_too_many(
    points: Client, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pinyon.engine.mapping.NEIGHBOURS", 100)
    assert drawn(points, neighbours=True)["nearest"] is None
    assert len(drawn(points, neighbours=True, limit=100)["nearest"]) == 100


def test_a_map_does_not_run_where_queries_do(points: Client) -> None:
    (route,) = [route for route in points.app.router.routes if route.path == "/pinyon/map"]
    assert route.aside


def test_a_limited_key_sees_its_namespace_only(points: Client) -> None:
    points.keys["limited"] = Principal("k", ("DataPlaneViewer",), index="points", namespace="mine")
    for namespace, status in (("mine", 200), ("", 403), ("other", 403)):
        told = points.get("/pinyon/fields", query={"namespace": namespace}, index="points", key="limited")
        shown = points.post("/pinyon/map", {"namespace": namespace}, index="points", key="limited")
        assert (told.status, shown.status) == (status, status)
