"""LlamaIndex with a Pinyon server as its Pinecone: documents become an index, and a question gets an answer.

    pip install llama-index-core llama-index-vector-stores-pinecone llama-index-llms-openai-like
    pinyon serve                       # in another shell
    eval "$(pinyon serve --env)"       # says where the server is
    python examples/llama_index_rag.py

The server embeds and writes, so no other service is needed: see docs/ecosystem.md.
"""

from __future__ import annotations

import os

from llama_index.core import Document, StorageContext, VectorStoreIndex
from llama_index.core.embeddings import BaseEmbedding
from llama_index.core.vector_stores import ExactMatchFilter, MetadataFilters
from llama_index.llms.openai_like import OpenAILike
from llama_index.vector_stores.pinecone import PineconeVectorStore

from pinecone import Pinecone, ServerlessSpec

pc, NAME = Pinecone(), "llama-index-office"  # the SDK reads PINECONE_CONTROLLER_HOST and PINECONE_API_KEY


class ServerEmbedding(BaseEmbedding):
    """LlamaIndex's interface over the embedding model of the server."""

    def _get_text_embedding(self, text: str) -> list[float]:
        return pc.inference.embed(self.model_name, [text])[0]["values"]

    _get_query_embedding = _get_text_embedding

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_query_embedding(query)


if pc.has_index(NAME):  # of an earlier run
    pc.delete_index(NAME)
pc.create_index(NAME, dimension=512, spec=ServerlessSpec(cloud="aws", region="us-east-1"))
store = PineconeVectorStore(pinecone_index=pc.Index(NAME), namespace="handbook")
documents = [
    Document(text="A lost badge is reported to the guard at the north gate.", doc_id="badge", metadata={"floor": 1}),
    Document(text="The travel desk books train tickets.", doc_id="travel", metadata={"floor": 2}),
    Document(text="Annual leave is asked for three days before it begins.", doc_id="leave", metadata={"floor": 3}),
    Document(text="회의실은 사흘 전까지 예약합니다.", doc_id="room", metadata={"floor": 2}),
]
context, embedder = StorageContext.from_defaults(vector_store=store), ServerEmbedding(model_name="use-multilingual")
index = VectorStoreIndex.from_documents(documents, storage_context=context, embed_model=embedder)

for found in index.as_retriever(similarity_top_k=2).retrieve("회의실 예약은 언제까지 하나요?"):
    print(f"{found.score:.3f}  {found.node.ref_doc_id:7s} {found.text}")
third = MetadataFilters(filters=[ExactMatchFilter(key="floor", value=3)])
print("third floor:", index.as_retriever(filters=third).retrieve("badge")[0].node.ref_doc_id)

url, key = os.environ["PINECONE_CONTROLLER_HOST"] + "/v1", os.environ["PINECONE_API_KEY"]
model = OpenAILike(model="smollm2", api_base=url, api_key=key, is_chat_model=True, context_window=4096, temperature=0)
print("answer:", index.as_query_engine(llm=model, similarity_top_k=1).query("Where is a lost badge reported?"))
index.delete_ref_doc("travel")
