"""The truth table of ``docs/filters.md``, cell by cell against a database."""

from __future__ import annotations

import json
from typing import Any

import pytest

from docs.documents import ROOT, table
from pinyon import Index, Pinecone

HEADING = ("condition", '"a"', '"b"', "1", "2.5", "true", '["a", "b"]', "[]", "-")
ROWS = list(table(ROOT / "docs" / "filters.md", *HEADING))
VALUES = HEADING[1:]


@pytest.fixture(scope="module")
def index() -> Index:
    pc = Pinecone(path=":memory:")
    pc.create_index("table", dimension=2)
    index: Index = pc.Index("table")
    metadata: list[Any] = [None if value == "-" else {"f": json.loads(value)} for value in VALUES]
    index.upsert([[1.0, 1.0]] * len(VALUES), ids=[str(column) for column in range(len(VALUES))], metadata=metadata)
    return index


def test_the_table_is_there() -> None:
    assert len(ROWS) > 15


@pytest.mark.parametrize("row", ROWS, ids=[row["condition"] for row in ROWS])
def test_a_condition_matches_exactly_the_values_that_the_table_says(row: dict[str, str], index: Index) -> None:
    condition = {"f": json.loads(row["condition"])}
    matches = index.query(vector=[1, 0], top_k=100, filter=condition).matches
    assert {VALUES[int(match.id)] for match in matches} == {value for value in VALUES if row[value] == "yes"}
    assert {row[value] for value in VALUES} <= {"yes", "no"}
    assert {match.id for match in matches} == {record.id for record in index.iterate(filter=condition)}
