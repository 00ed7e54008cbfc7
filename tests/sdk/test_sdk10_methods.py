"""Every public method of SDK 10.2.0 works against the server, and none is forgotten."""

from __future__ import annotations

import ast
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sdk.places import Serving, environment

CALLS = Path(__file__).with_name("sdk10_calls.py")
EXCLUDED = {
    "Pinecone.assistant": "test_assistants_over_sdk10 calls its methods",
    "Pinecone.assistants": "test_assistants_over_sdk10 calls its methods",
    "AsyncPinecone.assistant": "test_assistants_over_sdk10 calls its methods",
    "AsyncPinecone.assistants": "test_assistants_over_sdk10 calls its methods",
}
"""Methods that are not called, and why."""


def _names() -> list[str]:
    """The checks in that file: it cannot be imported here, where the SDK is not."""
    found = []
    tree = ast.parse(CALLS.read_text())
    lists = {
        node.targets[0].id: [name.id for name in ast.walk(node.value) if isinstance(name, ast.Name)]
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    for kind in ("sync", "asyncio"):
        found += [f"{name.removeprefix('check_')} ({kind})" for name in lists["PLAIN"]]
    found += [f"{name.removeprefix('check_')} (grpc)" for name in lists["OVER_GRPC"]]
    found += [f"{name.removeprefix('check_')} (once)" for name in lists["ONCE"]]
    return [*found, "closing (sync)", "closing (asyncio)"]


def _rows_to_import(folder: Path) -> Path:
    """Two records of four numbers for the namespace "n"."""
    (folder / "rows" / "n").mkdir(parents=True)
    vectors = pa.array([[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0]], pa.list_(pa.float32()))
    table = pa.table({"id": ["a", "b"], "values": vectors, "metadata": ['{"x": 1}', '{"x": 2}']})
    pq.write_table(table, folder / "rows" / "n" / "0.parquet")
    return folder / "rows"


@pytest.fixture(scope="session")
def outcome(server: Serving) -> dict[str, Any]:
    """What the checks found: {"problems": by name, "methods": all there are, "called": those that were called}."""
    python = environment("sdk10")
    settings = {
        "url": server.url,
        "key": server.key,
        "import": _rows_to_import(server.imports).as_uri(),
        "model": "use-multilingual",
        "reranker": "use-multilingual-reranker",
        "client_id": server.client_id,
        "client_secret": server.client_secret,
    }
    # One method makes a client of its own, which knows the server from the environment alone.
    variables = {**os.environ, "PINECONE_CONTROLLER_HOST": server.url}
    command = [str(python), str(CALLS), json.dumps(settings)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=variables, check=False)
    assert done.returncode == 0, done.stderr[-3_000:]
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    problems = {line["check"]: line["problem"] for line in lines if "check" in line}
    return {"problems": problems, **lines[-1]}


@pytest.mark.parametrize("name", _names())
def test_the_methods_work(name: str, outcome: dict[str, Any]) -> None:
    assert not outcome["problems"][name], outcome["problems"][name]


def test_no_check_is_left_out(outcome: dict[str, Any]) -> None:
    assert sorted(outcome["problems"]) == sorted(_names())


def test_every_public_method_is_called(outcome: dict[str, Any]) -> None:
    methods, called = set(outcome["methods"]), set(outcome["called"])
    assert methods - called - set(EXCLUDED) == set()
    assert set(EXCLUDED) <= methods
