"""A server in a process of its own, and official SDKs in environments of their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sdk.places import Serving, environment
from sdk.remote import RemoteDatabase, Worker

pytest.register_assert_rewrite("engine.test_contract")

PLACES = ("sdk7-http", "sdk7-grpc", "sdk10-http", "sdk10-grpc")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """``pinyon serve`` without TLS, on a directory of its own."""
    with Serving(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(scope="session")
def workers(server: Serving) -> Iterator[dict[str, Worker]]:
    """The processes with SDKs that were started so far, by place."""
    started: dict[str, Worker] = {}
    yield started
    for worker in started.values():
        worker.stop()


@pytest.fixture(params=PLACES)
def worker(request: pytest.FixtureRequest, server: Serving, workers: dict[str, Worker]) -> Iterator[Worker]:
    """Each SDK and transport in turn, with a server that holds nothing."""
    place: str = request.param
    if place not in workers:
        sdk, _, transport = place.partition("-")
        workers[place] = Worker(environment(sdk), server.url, server.key, transport)
    yield workers[place]
    RemoteDatabase(workers[place]).empty()
