"""Results answer to attributes and to keys, convert, and show themselves briefly."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from pinyon import Pinecone, ScoredVector, Vector
from pinyon.pinecone import Index
from pinyon.types import Floats


def test_a_query_answers_by_attribute_and_by_key(index: Index, vectors: Floats) -> None:
    response = index.query(vector=vectors[3], top_k=2, include_metadata=True, include_values=True)
    match = response.matches[0]
    assert response["matches"][0]["id"] == match.id == match["id"] == match.get("id") == "3"
    assert response.get("matches") is response.matches
    assert response["namespace"] == response.namespace == ""
    assert response["usage"]["read_units"] == response.usage.read_units == 1
    assert match.metadata == match["metadata"]
    assert match["metadata"]["text"] == "text 3"
    assert "score" in match
    assert "distance" not in match
    assert match.get("distance", 7) == 7
    assert dict(match)["id"] == "3"
    with pytest.raises(KeyError, match="'distance': ScoredVector has the keys id, score"):
        match["distance"]


def test_a_match_without_values_has_an_empty_list_and_without_metadata_none(index: Index, vectors: Floats) -> None:
    index.upsert([("bare", vectors[0] + vectors[1])])
    match = index.query(vector=vectors[0] + vectors[1], top_k=1, include_metadata=True).matches[0]
    assert (match.id, match.values, match.metadata, match.sparse_values) == ("bare", [], None, None)


def test_dictionaries_of_results_are_json(index: Index, vectors: Floats) -> None:
    response = index.query(vector=vectors[3], top_k=1, include_metadata=True, include_values=True)
    assert json.loads(json.dumps(response.to_dict())) == {
        "matches": [
            {
                "id": "3",
                "score": response.matches[0].score,
                "values": vectors[3].tolist(),
                "sparse_values": None,
                "metadata": {"number": 3, "parity": "odd", "text": "text 3"},
            }
        ],
        "namespace": "",
        "usage": {"read_units": 1},
    }
    for result in (index.fetch(["1"]), index.describe_index_stats(), index.list_paginated(limit=3)):
        assert json.loads(json.dumps(result.to_dict())) == result.to_dict()


def test_values_are_python_floats_and_may_be_changed(index: Index) -> None:
    vector = index.fetch(["1"]).vectors["1"]
    assert type(vector.values[0]) is float
    vector.values = [2.0] * 8
    vector["metadata"] = {"number": 100}
    index.upsert([vector])
    assert index.fetch(["1"]).vectors["1"] == Vector("1", [2.0] * 8, {"number": 100})


def test_a_representation_is_short(index: Index, vectors: Floats) -> None:
    response = index.query(vector=vectors[3], top_k=20, include_metadata=True, include_values=True)
    lines = repr(response).splitlines()
    assert lines[0] == "QueryResponse(namespace='', matches=["
    assert lines[1].startswith("  ScoredVector(id='3', score=1, values=[")
    assert lines[1].endswith("… 8 in all], metadata={'number': 3, 'parity': 'odd', 'text': 'text 3'}),")
    assert (
        repr(index.query(vector=vectors[3], top_k=1, namespace="none")) == "QueryResponse(namespace='none', matches=[])"
    )
    assert repr(index) == "Index('docs', dense, dimension=8, metric='cosine')"


def test_only_the_first_rows_are_shown(index: Index, vectors: Floats) -> None:
    index.upsert([(f"more-{number}", vectors[number]) for number in range(10)])
    response = index.query(vector=vectors[3], top_k=30)
    assert repr(response).splitlines()[-2:] == ["  … 30 in all", "])"]
    assert response._repr_html_().count("<tr>") == 21
    assert response._repr_html_().endswith("<p>… 30 in all</p>")


def test_notebook_tables_escape_what_is_stored(make_index: Callable[..., Index], vectors: Floats) -> None:
    index = make_index()
    index.upsert([("<b>", vectors[0], {"text": "<script>alert(1)</script>"})], namespace="<ns>")
    shown = [
        index.query(vector=vectors[0], top_k=1, include_metadata=True, namespace="<ns>")._repr_html_(),
        index.fetch(["<b>"], namespace="<ns>")._repr_html_(),
        index.describe_index_stats()._repr_html_(),
        index.list_namespaces_paginated()._repr_html_(),
        index._repr_html_(),
        index.fetch(["<b>"], namespace="<ns>").vectors["<b>"]._repr_html_(),
    ]
    for html in shown:
        assert "<table>" in html
        assert "&lt;" in html
        assert not {"<b>", "<ns>", "<script>"} & {html[at : html.find(">", at) + 1] for at in range(len(html))}


def test_lists_of_indexes_show_a_table(pc: Pinecone) -> None:
    pc.create_index("one", dimension=3)
    assert "<td>one</td><td>3</td><td>cosine</td>" in pc.list_indexes()._repr_html_()
    assert "name='one'" in repr(pc.list_indexes())


def test_results_convert_to_pandas(pc: Pinecone, index: Index, vectors: Floats) -> None:
    pytest.importorskip("pandas")
    matches = index.query(vector=vectors[3], top_k=2, include_metadata=True).to_pandas()
    assert list(matches.columns) == ["id", "score", "values", "metadata"]
    assert matches["id"][0] == "3"
    assert index.fetch(["1", "2"]).to_pandas()["id"].tolist() == ["1", "2"]
    assert index.describe_index_stats().to_pandas().to_dict("records") == [{"namespace": "", "vector_count": 20}]
    assert pc.list_indexes().to_pandas()["name"].tolist() == ["docs"]


def test_writes_say_their_lsn_and_reads_the_one_they_saw(index: Index, vectors: Floats) -> None:
    written = index.upsert([("new", vectors[0])]).response_info.lsn_committed
    seen = index.query(vector=vectors[0], top_k=1).response_info
    assert written is not None
    assert seen.is_reconciled(written)
    assert not seen.is_reconciled(written + 1)


def test_a_scored_vector_can_be_made_as_in_sdk_10() -> None:
    assert ScoredVector(id="a", score=0.5).to_dict()["values"] == []
