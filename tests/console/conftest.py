"""The console as people meet it: a server in a process of its own, data of several kinds, and Chromium."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from console.browsing import Visit, chromium, executable, visit
from sdk.places import Serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """``pinyon serve`` with one key, and the data of ``seed.py``."""
    executable()
    with Serving(tmp_path_factory.mktemp("console")) as running:
        subprocess.run([sys.executable, Path(__file__).with_name("seed.py"), running.url, running.key], check=True)
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Not for the whole session: while it is open, no other test of this process can run an event loop."""
    with chromium() as opened:
        yield opened


@pytest.fixture
def visitor(browser: Browser, server: Serving) -> Iterator[Visit]:
    """Somebody with a key, in English and the light theme."""
    with visit(browser, server.url, server.key) as arrived:
        yield arrived
