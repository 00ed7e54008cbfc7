"""Indexes of a running server as a program sees them, and the parts of their pages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

from sdk.places import Serving

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

SPEC = {"serverless": {"cloud": "aws", "region": "us-east-1"}}
OURS = "page-"
"""What the names of the indexes that tests make begin with; they are deleted after each test."""


@dataclass
class Api:
    """The same server without the console."""

    http: httpx.Client

    def call(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.http.request(method, path, **({} if body is None else {"json": body}))
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def create(self, name: str, **settings: Any) -> None:
        self.call("POST", "/indexes", {"name": name, "dimension": 4, "metric": "cosine", "spec": SPEC, **settings})

    def describe(self, name: str) -> Any:
        return self.call("GET", f"/indexes/{name}")

    def names(self) -> list[str]:
        return [index["name"] for index in self.call("GET", "/indexes")["indexes"]]

    def upsert(self, name: str, count: int, namespace: str = "") -> None:
        vectors = [{"id": f"record-{at}", "values": [1.0, 0.1 * at, 0.0, 0.0]} for at in range(count)]
        self.call("POST", f"/indexes/{name}/vectors/upsert", {"vectors": vectors, "namespace": namespace})

    def namespaces(self, name: str) -> dict[str, int]:
        found = self.call("GET", f"/indexes/{name}/describe_index_stats")["namespaces"]
        return {namespace: one["vectorCount"] for namespace, one in found.items()}


@contextmanager
def asked(server: Serving) -> Iterator[Api]:
    """What a test made is deleted at the end."""
    headers = {"X-Pinecone-Api-Version": "2025-10", "Api-Key": server.key}
    with httpx.Client(base_url=server.url, headers=headers, timeout=30) as http:
        api = Api(http)
        yield api
        for name in filter(lambda name: name.startswith(OURS), api.names()):
            api.call("PATCH", f"/indexes/{name}", {"deletion_protection": "disabled"})
            api.call("DELETE", f"/indexes/{name}")
        for backup in api.call("GET", "/backups?limit=100")["data"]:
            api.call("DELETE", f"/backups/{backup['backup_id']}")


def dialog(page: Page) -> Locator:
    return page.get_by_role("dialog")


def button(place: Page | Locator, name: str) -> Locator:
    return place.get_by_role("button", name=name, exact=True)


def section(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True)
