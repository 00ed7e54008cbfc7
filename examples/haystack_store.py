"""Haystack with a Pinyon server as its Pinecone: a document store that is written, filtered, searched and emptied.

    pip install pinecone-haystack
    pinyon serve                       # in another shell
    eval "$(pinyon serve --env)"       # says where the server is
    python examples/haystack_store.py

The server embeds, so no other service is needed: see docs/ecosystem.md.
"""

from __future__ import annotations

import os

os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"  # else Haystack reports which components are used

from haystack import Document, Pipeline
from haystack.components.embedders import OpenAIDocumentEmbedder, OpenAITextEmbedder
from haystack.components.writers import DocumentWriter
from haystack.utils import Secret
from haystack_integrations.components.retrievers.pinecone import PineconeEmbeddingRetriever
from haystack_integrations.document_stores.pinecone import PineconeDocumentStore

SERVER = {
    "api_base_url": os.environ["PINECONE_CONTROLLER_HOST"] + "/v1",
    "api_key": Secret.from_env_var("PINECONE_API_KEY"),
    "model": "use-multilingual",
}

# Makes the index if there is none.
store = PineconeDocumentStore(index="haystack-office", namespace="handbook", dimension=512, show_progress=False)
store.delete_all_documents()  # of an earlier run

writing = Pipeline()
writing.add_component("embedder", OpenAIDocumentEmbedder(**SERVER, progress_bar=False))
writing.add_component("writer", DocumentWriter(store))
writing.connect("embedder", "writer")
documents = [
    Document(content="A lost badge is reported to the guard at the north gate.", meta={"floor": 1, "tags": ["badge"]}),
    Document(content="The travel desk books train tickets.", meta={"floor": 2}),
    Document(content="Annual leave is asked for three days before it begins.", meta={"floor": 3}),
    Document(content="회의실은 사흘 전까지 예약합니다.", meta={"floor": 2}),
]
print("written:", writing.run({"embedder": {"documents": documents}})["writer"]["documents_written"])

upstairs = {"field": "meta.floor", "operator": ">=", "value": 2}
print("upstairs:", len(store.filter_documents(upstairs)), "of", store.count_documents())

asking = Pipeline()
asking.add_component("embedder", OpenAITextEmbedder(**SERVER))
asking.add_component("retriever", PineconeEmbeddingRetriever(document_store=store, top_k=2))
asking.connect("embedder.embedding", "retriever.query_embedding")
for question, filters in (("회의실 예약은 언제까지 하나요?", None), ("Who buys tickets?", upstairs)):
    found = asking.run({"embedder": {"text": question}, "retriever": {"filters": filters}})["retriever"]["documents"]
    print(f"{found[0].score:.3f}  {found[0].content}")

store.delete_documents([documents[0].id])
print("left:", store.count_documents())
