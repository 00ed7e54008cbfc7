"""The disk fails at call N under the whole engine, for every N: a clean error, and the database goes on."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from faults import engine_workload as workload
from faults.engine_on_disk import EngineWorkload
from faults.test_io_errors import CASES, Kind, count_calls, fail_at
from pinyon.errors import BusyError, PinyonError, StorageFullError

STRIDE = 1 if os.environ.get("PINYON_NIGHTLY") == "1" else 9
"""Every ninth call by default; which ninth moves with the kind of error and the seed."""


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    for (module, name), value in workload.THRESHOLDS.items():
        monkeypatch.setattr(module, name, value)


@pytest.mark.parametrize(("error", "forever"), CASES, ids=[f"{kind}-{'on' if on else 'once'}" for kind, on in CASES])
def test_an_error_at_any_call_is_clean_and_loses_nothing(
    tmp_path: Path, error: Kind, forever: bool, seed: int, record_property: Callable[[str, object], None]
) -> None:
    calls = count_calls(EngineWorkload, tmp_path / "count", error)
    assert calls > 100
    failures: list[PinyonError] = []
    numbers = range(1 + (seed + CASES.index((error, forever))) % STRIDE, calls + 1, STRIDE)
    for number in numbers:
        try:
            failure = fail_at(EngineWorkload, tmp_path / str(number), number, error, forever)
        except BaseException as problem:
            raise AssertionError(f"error {error!r}, forever {forever}, at call {number} of {calls}") from problem
        if failure is not None:
            failures.append(failure)
    assert len(failures) > 5
    for failure in failures:
        assert not isinstance(failure, BusyError)
        if error != "io":
            assert isinstance(failure, StorageFullError), failure
    kind = f"{error}, {'from then on' if forever else 'once'}"
    record_property(
        "record", f"I/O errors under the engine ({kind}): {len(numbers)} of {calls} calls failed, all clean"
    )
