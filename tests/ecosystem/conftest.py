"""The server that programs of other makers talk to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ecosystem.running import Programs
from sdk.places import Serving


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """``pinyon serve`` without TLS, on a directory of its own."""
    with Serving(tmp_path_factory.mktemp("ecosystem")) as running:
        yield running


@pytest.fixture
def programs(server: Serving, tmp_path: Path) -> Programs:
    return Programs(server, tmp_path)
