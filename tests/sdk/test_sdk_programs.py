"""The same program sees the same through the official SDKs as embedded: scores within 1e-6, ties in order of id."""

from __future__ import annotations

from typing import Any

import pytest

from pinyon import Pinecone
from sdk import programs
from sdk.remote import Worker

TOLERANCE = 1e-6


@pytest.fixture(scope="module")
def embedded() -> dict[str, Any]:
    """What each program sees embedded."""
    seen = {}
    for name in programs.PROGRAMS:
        with Pinecone(path=":memory:") as pc:
            seen[name] = programs.run(name, pc)
    return seen


@pytest.mark.parametrize("name", programs.PROGRAMS)
@pytest.mark.parametrize("worker", ["sdk7-http", "sdk10-http"], indirect=True)
def test_a_program_sees_the_same(name: str, worker: Worker, embedded: dict[str, Any]) -> None:
    _same(worker("program", name=name), embedded[name], name)


def _same(remote: Any, local: Any, where: str) -> None:
    if isinstance(local, list | tuple):
        assert len(remote) == len(local), where
        for place, (one, other) in enumerate(zip(remote, local, strict=True)):
            _same(one, other, f"{where}[{place}]")
    elif isinstance(local, float):
        assert remote == pytest.approx(local, abs=TOLERANCE), where
    else:
        assert remote == local, where
