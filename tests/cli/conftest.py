"""Runs the program in this process, and as a process of its own where signals, terminals or exit codes matter."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

SOURCE = Path(__file__).parents[2] / "src"


@dataclass(frozen=True)
class Answer:
    """What one run of the program gave."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


Program = Callable[..., Answer]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory that does not exist yet."""
    return tmp_path / "data"


@pytest.fixture
def pinyon(data: Path) -> Program:
    """Runs a command on the data directory in this process."""
    from pinyon.cli.main import app

    def run(*arguments: object, code: int = 0, input: str | None = None) -> Answer:
        result = CliRunner().invoke(app, [str(one) for one in arguments], env={"PINYON_DATA": str(data)}, input=input)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        answer = Answer(result.exit_code, result.stdout, result.stderr)
        assert answer.code == code, answer
        return answer

    return run


def environment(data: Path) -> dict[str, str]:
    return {**os.environ, "PINYON_DATA": str(data), "PYTHONPATH": str(SOURCE), "PYTHONIOENCODING": "utf-8"}


@pytest.fixture
def spawn(data: Path) -> Callable[..., subprocess.Popen[str]]:
    """Starts the program as a process of its own."""

    def start(*arguments: object, **given: Any) -> subprocess.Popen[str]:
        command: Sequence[str] = [sys.executable, "-m", "pinyon.cli", *(str(one) for one in arguments)]
        options: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL}
        options |= {"env": environment(data), **given}
        return subprocess.Popen(command, text=True, encoding="utf-8", **options)

    return start


@pytest.fixture
def vectors(pinyon: Program, tmp_path: Path) -> str:
    """An index of three vectors in three dimensions; gives its name."""
    records = [
        {"id": "a", "values": [1, 0, 0], "year": 2020, "topic": "sun"},
        {"id": "b", "values": [0, 1, 0], "year": 2021, "topic": "moon"},
        {"id": "c", "values": [1, 1, 0], "year": 2022, "topic": "sun"},
    ]
    file = tmp_path / "three.jsonl"
    file.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    pinyon("ingest", "vectors", file)
    return "vectors"


@pytest.fixture
def handbook(tmp_path: Path) -> Path:
    """A directory of documents, with files that should be passed over."""
    folder = tmp_path / "handbook"
    (folder / "guide").mkdir(parents=True)
    (folder / "guide" / "leave.md").write_text(
        "# Leave\n\nTo ask for leave, write to the office.\n\n## 휴가\n\n휴가는 사무실에 신청합니다.\n",
        encoding="utf-8",
    )
    (folder / "rain.txt").write_text("When it rains, take an umbrella.\n", encoding="utf-8")
    (folder / "page.html").write_text(
        "<html><head><title>Cats</title><style>p{}</style></head><body><h1>Cats</h1><p>Cats sleep all day."
        "<script>alert(1)</script></p></body></html>",
        encoding="utf-8",
    )
    (folder / "photo.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0")
    (folder / "korean.txt").write_bytes("한국어 문서입니다.".encode("cp949"))
    (folder / ".git").mkdir()
    (folder / ".git" / "config.txt").write_text("secret", encoding="utf-8")
    (folder / "node_modules").mkdir()
    (folder / "node_modules" / "index.js").write_text("junk", encoding="utf-8")
    return folder
