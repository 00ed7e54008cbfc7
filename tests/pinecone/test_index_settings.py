"""How an index is searched, as callers of the Python API say and read it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from pinyon import InvalidRequestError, Pinecone
from pinyon.pinecone.models import IndexModel
from pinyon.types import Floats

GRAPH: dict[str, Any] = {"kind": "hnsw", "m": 32, "ef_construction": 100, "ef_search": 64, "recall": 0.95}
SCHEMA = {"fields": {"_values": {"type": "dense_vector", "dimension": 3, "metric": "cosine"}}}

WAYS: dict[str, Callable[[Pinecone, Any], IndexModel]] = {
    "create_index": lambda pc, index: pc.create_index("a", dimension=3, index=index),
    "the resource": lambda pc, index: pc.indexes.create("a", dimension=3, index=index),
    "a schema": lambda pc, index: pc.indexes.create("a", schema=SCHEMA, index=index),
    "configure_index": lambda pc, index: pc.create_index("a", dimension=3) and pc.configure_index("a", index=index),
    "the resource, later": lambda pc, index: (
        pc.create_index("a", dimension=3) and pc.indexes.configure("a", index=index)
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_settings_are_said_in_any_way_and_told_as_they_were_said(way: str, pc: Pinecone) -> None:
    made = WAYS[way](pc, GRAPH)
    assert made.index == GRAPH == pc.describe_index("a").index
    assert (made.index.kind, made["index"]["m"], made.to_dict()["index"]["recall"]) == ("hnsw", 32, 0.95)
    assert json.loads(json.dumps(made.to_dict()))["index"] == GRAPH
    assert repr(made).endswith(f"tags={{}}, index={GRAPH})")


def test_an_index_about_which_nothing_is_said_is_auto(pc: Pinecone) -> None:
    made = pc.create_index("a", dimension=3)
    assert made.index == {"kind": "auto", "recall": 0.99}
    assert "index=" not in repr(made)


def test_the_settings_of_one_index_make_another(pc: Pinecone) -> None:
    pc.create_index("a", dimension=3, index={"kind": "ivf", "nlist": 16, "nprobe": 4})
    assert pc.create_index("b", dimension=3, index=pc.describe_index("a").index).index["nprobe"] == 4


def test_without_a_kind_only_what_is_named_changes(pc: Pinecone) -> None:
    pc.create_index("a", dimension=3, index=GRAPH)
    assert pc.configure_index("a", index={"ef_search": 100}).index == GRAPH | {"ef_search": 100}
    assert pc.configure_index("a", tags={"k": "v"}).index["ef_search"] == 100
    assert pc.configure_index("a", index={"kind": "flat"}).index == {"kind": "flat", "recall": 0.95}


def test_an_index_for_a_model_takes_settings_too(pc: Pinecone) -> None:
    embed = {"model": "words", "field_map": {"text": "body"}}
    made = pc.create_index_for_model("a", "aws", "us-east-1", embed, index={"kind": "scan"})
    assert made.index == {"kind": "scan", "recall": 0.99}


def test_the_tag_says_the_same(pc: Pinecone) -> None:
    made = pc.create_index("a", dimension=3, tags={"pinyon-index": "hnsw m 32", "k": "v"})
    assert made.index == {"kind": "hnsw", "m": 32, "recall": 0.99}
    assert made.tags == {"pinyon-index": "hnsw m 32", "k": "v"}
    assert pc.configure_index("a", index={"recall": 0.9}).tags["pinyon-index"] == "hnsw m 32 recall 0.9"
    changed = pc.configure_index("a", tags={"pinyon-index": ""})
    assert (changed.index, changed.tags) == ({"kind": "auto", "recall": 0.99}, {"k": "v"})


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda pc: pc.create_index("a", dimension=3, index={"kind": "hnsw", "m": 1}), "m 1 .* Use 2 to 128"),
        (lambda pc: pc.create_index("a", dimension=3, index="hnsw"), "index must be a dictionary such as"),
        (
            lambda pc: pc.create_index("a", dimension=3, index={}, tags={"pinyon-index": "hnsw"}),
            "given twice, as index= and as the tag 'pinyon-index'",
        ),
        (lambda pc: pc.create_index("a", vector_type="sparse", index={"kind": "hnsw"}), "'a' has none"),
        (lambda pc: pc.configure_index("there", index={"m": 16}), "auto has no 'm', which belongs to hnsw"),
        (lambda pc: pc.configure_index("there", index={"kind": "hnsw"}, tags={"pinyon-index": ""}), "given twice"),
        (lambda pc: pc.configure_index("there", tags={"pinyon-index": "tree"}), "Index settings 'tree'"),
    ],
)
def test_bad_settings_are_refused_and_nothing_changes(call: Any, said: str, pc: Pinecone) -> None:
    pc.create_index("there", dimension=3)
    before = pc.list_indexes().to_dict()
    with pytest.raises(InvalidRequestError, match=said):
        call(pc)
    assert pc.list_indexes().to_dict() == before


def test_an_index_of_another_kind_answers_as_before(pc: Pinecone, vectors: Floats) -> None:
    pc.create_index("a", dimension=vectors.shape[1])
    index = pc.Index("a")
    index.upsert(vectors, ids=[str(row) for row in range(len(vectors))])
    before = index.query(vector=vectors[3], top_k=5).matches
    for kind in ("hnsw", "ivf", "scan", "flat", "auto"):
        pc.configure_index("a", index={"kind": kind})
        assert index.query(vector=vectors[3], top_k=5, ef_search=100, nprobe=8, rerank_depth=50).matches == before
