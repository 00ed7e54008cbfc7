"""The database calls of a published course chapter, as printed there apart from import and constructor."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pinyon import Pinecone, ServerlessSpec


@pytest.fixture
def embeddings(rng: np.random.Generator) -> Any:
    return rng.normal(size=(100, 768)).astype(np.float32)


def test_the_basic_cells_create_fill_search_change_and_delete(embeddings: Any) -> None:
    pinecone_api_key = "pcsk_not_checked"
    sentences = [f"문장 {number}" for number in range(100)]

    pc = Pinecone(api_key=pinecone_api_key, path=":memory:")
    pc.create_index("llm-book", spec=ServerlessSpec("aws", "us-east-1"), dimension=768)
    index = pc.Index("llm-book")

    embeddings = embeddings.tolist()
    insert_data = []
    for idx, (embedding, text) in enumerate(zip(embeddings, sentences, strict=True)):
        insert_data.append({"id": str(idx), "values": embedding, "metadata": {"text": text}})

    upsert_response = index.upsert(vectors=insert_data, namespace="llm-book-sub")
    assert upsert_response["upserted_count"] == 100

    query_response = index.query(
        namespace="llm-book-sub",
        top_k=10,
        include_values=True,
        include_metadata=True,
        vector=embeddings[0],
    )
    assert [len(query_response.matches), query_response["matches"][0]["id"]] == [10, "0"]
    assert query_response["matches"][0]["score"] == pytest.approx(1.0, abs=1e-6)
    assert query_response["matches"][0]["values"] == embeddings[0]
    assert query_response["matches"][0]["metadata"] == {"text": "문장 0"}

    new_text, new_embedding = "변경할 새로운 텍스트", embeddings[1]
    index.update(id="0", values=new_embedding, set_metadata={"text": new_text}, namespace="llm-book-sub")
    fetched = index.fetch(["0"], namespace="llm-book-sub")
    assert fetched.vectors["0"].values == embeddings[1]
    assert fetched.vectors["0"].metadata == {"text": new_text}

    index.delete(ids=["0", "1"], namespace="llm-book-sub")
    assert index.describe_index_stats()["namespaces"]["llm-book-sub"]["vector_count"] == 98


def test_the_course_placeholder_id_in_korean_is_refused_with_the_way_out(embeddings: Any) -> None:
    pc = Pinecone(path=":memory:")
    pc.create_index("llm-book", spec=ServerlessSpec("aws", "us-east-1"), dimension=768)
    index = pc.Index("llm-book")
    index.upsert([("0", embeddings[0])])
    with pytest.raises(ValueError, match=r"Vector ID must be ASCII.*갱신할_id.*Percent-encode"):
        index.update(id="갱신할_id", values=embeddings[1])
    assert index.fetch(["0"]).vectors["0"].values == embeddings[0].tolist()


def test_a_euclidean_index_by_keywords_is_the_one_that_llamaindex_creates() -> None:
    pc = Pinecone(api_key="k", path=":memory:")
    pc.create_index(
        "quickstart", dimension=1536, metric="euclidean", spec=ServerlessSpec(cloud="aws", region="us-east-1")
    )
    pinecone_index = pc.Index("quickstart")
    assert pinecone_index.describe_index_stats().dimension == 1536
    assert pc.describe_index("quickstart").metric == "euclidean"


def test_the_multimodal_cells_upsert_a_thousand_rows_in_one_call(rng: np.random.Generator) -> None:
    prompts = [f"prompt {number}" for number in range(1000)]
    text_embs = rng.normal(size=(1000, 512)).astype(np.float32)
    img_embeds = text_embs[867:868] + 0.1 * rng.normal(size=(1, 512)).astype(np.float32)

    pc = Pinecone(api_key="pcsk_not_checked", path=":memory:")
    assert pc.list_indexes().names() == []
    index_name = "llm-multimodal"
    pc.create_index(
        name=index_name,
        dimension=512,
        metric="cosine",
        spec=ServerlessSpec("aws", "us-east-1"),
    )
    index = pc.Index(index_name)

    input_data = []
    for id_int, emb, prompt in zip(range(0, 1000), text_embs.tolist(), prompts, strict=True):
        input_data.append({"id": str(id_int), "values": emb, "metadata": {"prompt": prompt}})
    index.upsert(vectors=input_data)
    assert index.describe_index_stats().total_vector_count == 1000

    search_results = index.query(vector=img_embeds[0], top_k=3, include_values=False, include_metadata=True)
    searched_idx = int(search_results["matches"][0]["id"])
    assert searched_idx == 867
    assert prompts[searched_idx] == search_results["matches"][0]["metadata"]["prompt"]
    assert search_results["matches"][0]["values"] == []
