"""What every test may rely on: no network, randomness that repeats."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import numpy as np
import pytest


@pytest.mark.parametrize("method", ["connect", "connect_ex"])
def test_a_test_cannot_connect_anywhere(method: str) -> None:
    with socket.socket() as client, pytest.raises(RuntimeError, match="tests use no network"):
        getattr(client, method)(("127.0.0.1", 9))


def test_a_test_cannot_send_anywhere() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as client, pytest.raises(RuntimeError, match="tests use no network"):
        client.sendto(b"", ("127.0.0.1", 9))


def test_a_socket_pair_works() -> None:
    left, right = socket.socketpair()
    with left, right:
        left.sendall(b"ok")
        assert right.recv(2) == b"ok"


@pytest.mark.parametrize("case", [1, 2])
def test_every_case_draws_numbers_of_its_own(case: int, rng: np.random.Generator, seen: set[float]) -> None:
    number = rng.random()
    assert number not in seen
    seen.add(number)


@pytest.fixture(scope="module")
def seen() -> set[float]:
    return set()


def test_every_test_that_needs_pytorch_is_marked_so_that_it_runs_somewhere() -> None:
    needs = re.compile(r"""importorskip\(\s*["'](torch|transformers|sentence_transformers|diffusers|open_clip)["']""")
    files = [path for path in Path(__file__).parent.rglob("test_*.py") if needs.search(path.read_text("utf-8"))]
    assert files
    assert [path.name for path in files if "pytest.mark.torch" not in path.read_text("utf-8")] == []
    assert {path.parent.name for path in files} <= {"models", "ecosystem"}, "the folders that make torch looks into"
