"""Health, version, discovery, the OpenAPI document and the page."""

from __future__ import annotations

import hashlib
import importlib.util
import re
from base64 import b64encode
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest

from pinyon.server.observe import Observer
from pinyon.server.routes import ALL_ROUTES
from pinyon.server.service import Service
from server.keyed import GIVEN, KeyedClient, served


@pytest.fixture
def service() -> Iterator[Service]:
    with served() as made:
        yield made


@pytest.fixture
def client(service: Service) -> KeyedClient:
    return KeyedClient(service)


def test_health_says_nothing_but_yes(client: KeyedClient) -> None:
    for path in ("/livez", "/readyz", "/healthz"):
        reply = client.get(path)
        assert (reply.status, reply.json) == (200, {"status": "ok"})


def test_a_server_that_stops_lives_and_is_not_ready(client: KeyedClient, service: Service) -> None:
    Observer.start(service).draining = True
    assert client.get("/livez").status == 200
    for path in ("/readyz", "/healthz"):
        reply = client.get(path)
        assert (reply.status, reply.json) == (503, {"status": "unavailable"})
        assert int(reply.headers["retry-after"]) >= 1


def test_a_server_whose_data_cannot_be_read_is_not_ready(client: KeyedClient, service: Service) -> None:
    service.database.close()
    assert client.get("/livez").status == 200
    reply = client.get("/readyz")
    assert (reply.status, reply.json) == (503, {"status": "unavailable"})


def test_the_version_names_the_apis_that_are_spoken(client: KeyedClient) -> None:
    reply = client.get("/version", key=client.key("DataPlaneViewer"))
    assert reply.json["name"] == "pinyon"
    assert {"2025-04", "2025-10", "2026-07"} <= set(reply.json["api_versions"])


def test_prometheus_discovers_the_metrics_of_the_project(client: KeyedClient) -> None:
    main = client.admin("GET", "/admin/projects", token=client.token()).json["data"][0]["id"]
    for name in (main, "pinyon"):
        (found,) = client.get(f"/prometheus/projects/{name}/metrics/discover", key=GIVEN).json
        assert found["targets"] == ["127.0.0.1:5080"]
        assert found["labels"] == {"__scheme__": "http", "__metrics_path__": "/metrics", "project_id": main}
    assert client.get("/prometheus/projects/other/metrics/discover", key=GIVEN).status == 404


# -- OpenAPI ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def document(client: KeyedClient) -> Any:
    reply = client.get("/openapi.json", key=GIVEN)
    assert (reply.status, reply.headers["content-type"]) == (200, "application/json")
    return reply.json


def operations(document: Any) -> Iterator[tuple[str, str, Any]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_the_document_has_every_route_and_nothing_else(document: Any) -> None:
    assert {(method.upper(), path) for path, method, _ in operations(document)} == {
        (route.method, route.path) for route in ALL_ROUTES
    }


def test_the_document_is_openapi_3_1(document: Any) -> None:
    """The rules of the specification that a validator checks, one by one."""
    assert document["openapi"] == "3.1.0"
    assert document["info"]["title"]
    assert document["info"]["version"]
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(names) == len(set(names))
    schemes, schemas = document["components"]["securitySchemes"], document["components"]["schemas"]
    tags = {tag["name"] for tag in document["tags"]}
    for path, method, operation in operations(document):
        where = (path, method)
        given = [one["name"] for one in operation["parameters"] if one["in"] == "path"]
        assert sorted(given) == sorted(re.findall(r"\{(\w+)\}", path)), where
        assert all(one["required"] is True for one in operation["parameters"] if one["in"] == "path"), where
        assert all("schema" in one for one in operation["parameters"]), where
        assert ("requestBody" in operation) == (method in {"post", "patch", "put"}), where
        assert set(operation["tags"]) <= tags, where
        assert all(set(one) <= schemes.keys() for one in operation["security"]), where
        assert all(re.fullmatch(r"[1-5](\d\d|XX)", status) for status in operation["responses"]), where
        assert all(answer["description"] for answer in operation["responses"].values()), where
    for reference in re.findall(r"'\$ref': '#/components/schemas/(\w+)'", repr(document)):
        assert reference in schemas


@pytest.mark.skipif(
    importlib.util.find_spec("openapi_spec_validator") is None, reason="openapi-spec-validator is not installed"
)
def test_a_validator_accepts_the_document(document: Any) -> None:
    from openapi_spec_validator import OpenAPIV31SpecValidator  # type: ignore[import-not-found, unused-ignore]

    OpenAPIV31SpecValidator(document).validate()


def test_the_document_says_who_may_and_how_errors_look(document: Any) -> None:
    query = document["paths"]["/query"]["post"]
    assert query["description"] == "Roles: ProjectEditor, ProjectViewer, DataPlaneEditor, DataPlaneViewer."
    assert query["security"] == [{"ApiKey": []}]
    assert query["responses"]["404"]["content"]["application/json"]["schema"]["$ref"].endswith("/DataError")
    projects = document["paths"]["/admin/projects"]["get"]
    assert projects["security"] == [{"Token": []}]
    assert projects["responses"]["401"]["content"]["application/json"]["schema"]["$ref"].endswith("/ControlError")
    assert document["paths"]["/livez"]["get"]["security"] == []


def test_errors_have_the_shape_that_the_document_gives_them(client: KeyedClient, document: Any) -> None:
    for reply, name in (
        (client.get("/version"), "ControlError"),
        (client.post("/query", {}, index="films", key="wrong"), "DataError"),
    ):
        assert set(document["components"]["schemas"][name]["required"]) == set(reply.json)


# -- the page ---------------------------------------------------------------------------------------------------------


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.style = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1] == "style" and not self.style:
            self.style = data


def test_the_page_lists_every_route_without_script_and_loads_nothing(client: KeyedClient) -> None:
    reply = client.get("/docs", key=GIVEN)
    text = reply.body.decode()
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert all(f"<code>{route.method} {route.path}</code>" in text for route in ALL_ROUTES)
    page = Page(text)
    assert not {"script", "img", "link", "iframe", "object", "form", "svg"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name.startswith("on") or name in {"src", "style"}]
    assert {value for name, value in page.attributes if name == "href"} == {"/openapi.json"}


def test_the_page_may_do_nothing_but_show_itself(client: KeyedClient) -> None:
    reply = client.get("/docs", key=GIVEN)
    policy = reply.headers["content-security-policy"]
    page = Page(reply.body.decode())
    digest = b64encode(hashlib.sha256(page.style.encode()).digest()).decode()
    assert policy.startswith("default-src 'none'; ")
    assert f"style-src 'sha256-{digest}'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert reply.headers["x-content-type-options"] == "nosniff"


def test_a_method_that_a_path_does_not_take_is_answered_with_those_that_it_does(client: KeyedClient) -> None:
    reply = client.request("PATCH", "/livez", key=GIVEN)
    assert (reply.status, reply.headers["allow"]) == (405, "GET")
