"""A server without sockets: a database in memory, models that can be checked by hand, and a client."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pinyon import engine
from pinyon.server.service import Service
from pinyon.server.settings import Settings
from server.clients import Client, PortAddresses, WordModels


@pytest.fixture
def settings() -> Settings:
    """A test file gives its own to change them."""
    return Settings()


@pytest.fixture
def models() -> WordModels:
    return WordModels()


@pytest.fixture
def service(settings: Settings, models: WordModels) -> Iterator[Service]:
    with engine.Database(":memory:", limits=settings.limits) as database:
        yield Service(settings, database, models, PortAddresses())


@pytest.fixture
def client(service: Service) -> Client:
    """Every route there is. ``client.post("/query", {...}, index="films", version="2025-10")``."""
    return Client(service)
