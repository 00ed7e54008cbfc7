"""Pictures through the official SDKs: they know nothing of them, and pass on what a record or a query holds."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from pinyon.app.server import RunningServer
from sdk.places import environment
from server.live import running_server
from server.pictured import SeeingModels, png, text_of

pytestmark = pytest.mark.usefixtures("loopback")

PROGRAM = """
import json, sys
from pinecone import Pinecone

given = json.load(sys.stdin)
pc = Pinecone(api_key="any", host=given["url"])
embed = {"model": "colours", "field_map": {"text": "caption"}}
pc.create_index_for_model(name="photos", cloud="aws", region="us-east-1", embed=embed, timeout=-1)
index = pc.Index(host=pc.describe_index("photos").host)
index.upsert_records(records=given["records"], namespace="ns")
query = {"inputs": {"image": given["picture"]}, "top_k": 3}
found = index.search(namespace="ns", **(query if given["keywords"] else {"query": query}))
vectors = pc.inference.embed(model="colours", inputs=[{"image": given["picture"]}, {"text": "red"}])
try:
    index.upsert_records(records=[{"_id": "bad", "image": "http://localhost/cat.png"}], namespace="ns")
    refused = ""
except Exception as error:
    refused = str(error)
hits = [[getattr(hit, "id", None) or hit["_id"], dict(hit["fields"])] for hit in found["result"]["hits"]]
print(json.dumps({"hits": hits, "vectors": [list(one["values"]) for one in vectors], "refused": refused}))
"""


@pytest.fixture
def server() -> Iterator[RunningServer]:
    with running_server(models=SeeingModels()) as running:
        yield running


@pytest.mark.parametrize("sdk", ["sdk7", "sdk10"])
def test_records_and_searches_may_hold_pictures(sdk: str, server: RunningServer) -> None:
    records = [
        {"_id": "picture", "image": text_of(png("red"))},
        {"_id": "text", "caption": "a green leaf"},
        {"_id": "both", "caption": "green", "image": text_of(png("red"))},
    ]
    given: dict[str, Any] = {"url": server.url, "records": records, "keywords": sdk == "sdk10"}
    done = subprocess.run(
        [str(environment(sdk)), "-c", PROGRAM],
        input=json.dumps({**given, "picture": text_of(png("red"))}),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert [id for id, _ in seen["hits"]] == ["picture", "both", "text"]
    assert dict(seen["hits"])["picture"]["image"].startswith("sha256:")
    assert dict(seen["hits"])["both"]["caption"] == "green"
    assert [max(range(4), key=vector.__getitem__) for vector in seen["vectors"]] == [0, 0]
    assert "record 'bad'" in seen["refused"]
    assert "is an address, and none is fetched" in seen["refused"]
