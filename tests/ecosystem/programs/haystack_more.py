"""What Haystack's store can do besides: filters of every kind, changes by filter, counts, and the same with asyncio."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any

os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"

from haystack import Document
from haystack_integrations.document_stores.pinecone import PineconeDocumentStore

seen: dict[str, Any] = {}


def documents() -> list[Document]:
    return [
        Document(
            id=str(n),
            content=f"text {n}",
            meta={"n": n, "kind": "even" if n % 2 == 0 else "odd", "tags": ["all", f"t{n}"]},
            embedding=[float(n + 1)] + [1.0] * 7,
        )
        for n in range(8)
    ]


def where(field: str, operator: str, value: Any) -> dict[str, Any]:
    return {"field": f"meta.{field}", "operator": operator, "value": value}


def numbers(found: list[Document]) -> list[int]:
    return sorted(one.meta["n"] for one in found)


store = PineconeDocumentStore(index="haystack-more", dimension=8, show_progress=False)
store.write_documents([*documents(), Document(id="bare", content="no embedding", meta={"n": 99})])
for name, filters in {
    "greater": where("n", ">", 5),
    "in": where("n", "in", [1, 2, 50]),
    "not in": where("n", "not in", [0, 1, 2, 3, 4, 5]),
    "equal": where("kind", "==", "odd"),
    "not equal": where("kind", "!=", "odd"),
    "tags": where("tags", "in", ["t3", "t4"]),
    "and": {"operator": "AND", "conditions": [where("kind", "==", "even"), where("n", "<=", 4)]},
    "or": {"operator": "OR", "conditions": [where("n", "<", 1), where("n", ">=", 99)]},
}.items():
    seen[name] = numbers(store.filter_documents(filters))
[bare] = store.filter_documents(where("n", "==", 99))
seen["no embedding comes back as none"] = bare.embedding is None
seen["updated"] = store.update_by_filter(where("n", "<", 2), {"kind": "small"})
seen["small"] = numbers(store.filter_documents(where("kind", "==", "small")))
seen["deleted"] = store.delete_by_filter(where("kind", "==", "small"))
seen["left"] = store.count_documents()
store.delete_all_documents()
seen["left at the end"] = store.count_documents()


async def main() -> None:
    other = PineconeDocumentStore(index="haystack-async", dimension=8, show_progress=False)
    await other.write_documents_async(documents())
    seen["async filter"] = numbers(await other.filter_documents_async(where("n", ">", 5)))
    await other.delete_documents_async(["0"])
    seen["async left"] = await other.count_documents_async()
    await other.close_async()


asyncio.run(main())
json.dump(seen, sys.stdout)
