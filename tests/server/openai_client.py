"""OpenAI's own client on a server with models of the test: a file that imports these has a fixture ``models``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pinyon.app.server import RunningServer
from server.live import running_server

KEY = "a-key-given-at-the-start"


@pytest.fixture
def server(models: Any) -> Iterator[RunningServer]:
    with running_server(models=models, keys=(KEY,)) as running:
        yield running


@pytest.fixture
def ai(server: RunningServer) -> Iterator[Any]:
    with client_of(server) as made:
        yield made


def client_of(server: RunningServer, key: str = KEY, **options: Any) -> Any:
    import openai

    return openai.OpenAI(base_url=f"{server.url}/v1", api_key=key, **{"max_retries": 0, "timeout": 30.0, **options})
