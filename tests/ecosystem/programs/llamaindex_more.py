"""What LlamaIndex's store can do besides: sparse and hybrid modes, nodes by metadata, documents that change and go."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from llama_index.core import Document, StorageContext, VectorStoreIndex
from llama_index.core.base.embeddings.base_sparse import BaseSparseEmbedding
from llama_index.core.embeddings import BaseEmbedding
from llama_index.core.vector_stores import MetadataFilter, MetadataFilters
from llama_index.vector_stores.pinecone import PineconeVectorStore

from pinecone import Pinecone, ServerlessSpec

pc, NAME = Pinecone(), "llama-index-more"


class Dense(BaseEmbedding):
    def _get_text_embedding(self, text: str) -> list[float]:
        return pc.inference.embed("use-multilingual", [text])[0]["values"]

    _get_query_embedding = _get_text_embedding

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_query_embedding(query)


class Sparse(BaseSparseEmbedding):
    def _get_text_embedding(self, text: str) -> dict[int, float]:
        found = pc.inference.embed("pinecone-sparse-english-v0", [text], {"input_type": "passage"})[0]
        return dict(zip(found["sparse_indices"], found["sparse_values"], strict=True))

    _get_query_embedding = _get_text_embedding

    async def _aget_text_embedding(self, text: str) -> dict[int, float]:
        return self._get_text_embedding(text)

    _aget_query_embedding = _aget_text_embedding


pc.create_index(NAME, dimension=512, metric="dotproduct", spec=ServerlessSpec(cloud="aws", region="us-east-1"))
store = PineconeVectorStore(pinecone_index=pc.Index(NAME), add_sparse_vector=True, sparse_embedding_model=Sparse())
texts = ["The zebra eats grass.", "A horse runs in the field.", "Trains run at night."]
documents = [Document(text=text, doc_id=str(n), metadata={"n": n}) for n, text in enumerate(texts)]
context = StorageContext.from_defaults(vector_store=store)
index = VectorStoreIndex.from_documents(documents, storage_context=context, embed_model=Dense())


def numbers(nodes: Any) -> list[str]:
    return [found.node.ref_doc_id if hasattr(found, "node") else found.ref_doc_id for found in nodes]


def by_number(operator: str, value: Any) -> MetadataFilters:
    return MetadataFilters(filters=[MetadataFilter(key="n", value=value, operator=operator)])


seen: dict[str, Any] = {}
for mode in ("default", "hybrid", "sparse"):
    found = index.as_retriever(vector_store_query_mode=mode, similarity_top_k=1, alpha=0.2).retrieve("zebra")
    seen[mode] = numbers(found)
seen["async"] = numbers(asyncio.run(index.as_retriever(similarity_top_k=1).aretrieve("railway")))
for operator, value in (("==", 1), ("!=", 1), (">", 0), ("<=", 1), ("in", [0, 2]), ("nin", [0, 2])):
    seen[operator] = sorted(numbers(store.get_nodes(filters=by_number(operator, value))))
index.update_ref_doc(Document(text="A zebra runs.", doc_id="0", metadata={"n": 9}))
seen["changed"] = [node.text for node in store.get_nodes(filters=by_number("==", 9))]
store.delete_nodes(filters=by_number("==", 2))
index.delete_ref_doc("1")
seen["left"] = pc.Index(NAME).describe_index_stats()["total_vector_count"]
json.dump(seen, sys.stdout)
