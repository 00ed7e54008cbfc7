"""What every test runs under: no network, known seeds, data sets where they are."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import sys
import tempfile
import threading
import zlib
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import pytest

NIGHTLY = os.environ.get("PINYON_NIGHTLY") == "1"
SEED = "PINYON_TEST_SEED"
DATA = "PINYON_TEST_DATA"
REPOSITORY = Path(__file__).parents[1]
NOBODY = 65_534
"""A user who owns nothing."""

# A busy machine makes data generation slow, which says nothing about the code under test.
BUSY = [hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.data_too_large]
hypothesis.settings.register_profile(
    "default", deadline=None, derandomize=True, max_examples=30, print_blob=True, suppress_health_check=BUSY
)
hypothesis.settings.register_profile(
    "nightly", deadline=None, max_examples=2_000, print_blob=True, suppress_health_check=BUSY
)
hypothesis.settings.load_profile("nightly" if NIGHTLY else "default")


def pytest_configure(config: pytest.Config) -> None:
    # Set before workers start, so that they inherit it: all must agree on one seed.
    os.environ.setdefault(SEED, str(secrets.randbelow(2**32)) if NIGHTLY else "1")
    # A shell without job control starts background commands with Ctrl-C ignored, and every process here would inherit
    # that: those that a test interrupts would never end.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_report_header(config: pytest.Config) -> str:
    return f"seed: {SEED}={os.environ[SEED]}, profile: {'nightly' if NIGHTLY else 'default'}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if not NIGHTLY:
        skip = pytest.mark.skip(reason="long: runs under PINYON_NIGHTLY=1 (make nightly)")
        for item in items:
            if item.get_closest_marker("nightly"):
                item.add_marker(skip)


@pytest.fixture
def unwritable() -> Iterator[Path]:
    """A folder in which this process may make nothing; the superuser, whom no permission binds, is nobody meanwhile."""
    if sys.platform == "win32":
        pytest.skip("Windows has no such modes")
    folder = Path(tempfile.mkdtemp(prefix="pinyon-unwritable-"))  # not tmp_path, whose parents admit the owner only
    folder.chmod(0o555)
    superuser = os.geteuid() == 0
    if superuser:
        os.seteuid(NOBODY)
    try:
        yield folder
    finally:
        if superuser:
            os.seteuid(0)
        folder.chmod(0o700)
        shutil.rmtree(folder)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        report.sections.append(("seed", f"repeat with {SEED}={os.environ[SEED]}"))
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Shows what long tests counted (``record_property("record", "...")``): how often they killed, tore and flipped."""
    reports = [report for name in ("passed", "failed") for report in terminalreporter.stats.get(name, [])]
    records = [str(value) for report in reports for key, value in report.user_properties if key == "record"]
    if records:
        terminalreporter.section("records")
        for record in sorted(records):
            terminalreporter.write_line(record)


class NetworkUsedError(RuntimeError):
    """Not an OSError, so that code which survives a dead network does not survive this."""


@pytest.fixture(autouse=True, scope="session")
def _no_network() -> Iterator[None]:
    """Refuses to connect or send anywhere but to Unix sockets."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex", "sendto"):
            patch.setattr(socket.socket, name, _guarded(name))
        yield


_with_loopback = threading.Event()


@pytest.fixture
def loopback() -> Iterator[None]:
    """Lets a test talk to a server of its own on this machine."""
    _with_loopback.set()
    yield
    _with_loopback.clear()


def _guarded(name: str) -> Any:
    original = getattr(socket.socket, name)

    def guard(self: socket.socket, *arguments: Any) -> Any:
        here = arguments and isinstance(arguments[-1], tuple) and arguments[-1][0] in {"127.0.0.1", "::1", "localhost"}
        if self.family != getattr(socket, "AF_UNIX", None) and not (here and _with_loopback.is_set()):
            raise NetworkUsedError(f"a test tried socket.{name}{arguments!r}: tests use no network")
        return original(self, *arguments)

    return guard


@pytest.fixture(scope="session")
def seed() -> int:
    """The seed of this run, printed in the header and beside every failure."""
    return int(os.environ[SEED])


@pytest.fixture
def rng(seed: int, request: pytest.FixtureRequest) -> np.random.Generator:
    """A generator of this test's own: the same whichever other tests run, and in which order."""
    return np.random.default_rng([seed, zlib.crc32(request.node.nodeid.encode())])


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder with the public data sets. The test skips when it is absent."""
    folder = Path(os.environ.get(DATA, REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"the data sets are absent: no folder {folder}; set {DATA} to where they are")
    return folder
