"""The statistics of an index have a field of our own, which official SDKs pass over."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

import numpy as np
import pytest

from pinyon.types import IndexSpec, Query
from sdk.places import Serving
from sdk.remote import RemoteDatabase, Worker

ROWS, D = 4_200, 16


def over_rest(server: Serving, path: str) -> Any:
    request = urllib.request.Request(server.url + path, headers={"Api-Key": server.key})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


@pytest.mark.usefixtures("loopback")
@pytest.mark.parametrize("worker", ["sdk7-http", "sdk7-grpc", "sdk10-http", "sdk10-grpc"], indirect=True)
def test_an_sdk_reads_statistics_that_tell_of_recall(worker: Worker, server: Serving) -> None:
    """The namespace is large enough for approximate search, so the field is there."""
    database = RemoteDatabase(worker)
    database.create_index(IndexSpec("films", D, "cosine"))
    index = database.index("films")
    rows = np.random.default_rng(0).standard_normal((ROWS, D))
    for at in range(0, ROWS, 600):
        index.upsert("", [str(row) for row in range(at, at + 600)], rows[at : at + 600])
    assert len(index.query("", Query(3, vector=rows[0])).matches) == 3
    (told,) = over_rest(server, "/indexes/films/describe_index_stats")["namespaces"].values()
    assert told["vectorCount"] == ROWS
    assert told["quality"]["target"] == 0.99
    assert told["quality"]["label"] in ("exact", "estimate")
    stats = index.stats()
    assert (stats.total, dict(stats.namespaces), stats.dimension) == (ROWS, {"": ROWS}, D)
