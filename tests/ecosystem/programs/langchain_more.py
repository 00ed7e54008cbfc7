"""What langchain-pinecone can do besides: its own embeddings, sparse store and reranker, and all of it with asyncio."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any

from langchain_core.documents import Document
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from langchain_pinecone import (
    PineconeEmbeddings,
    PineconeRerank,
    PineconeSparseEmbeddings,
    PineconeSparseVectorStore,
    PineconeVectorStore,
)

from pinecone import Pinecone, ServerlessSpec

pc, SPEC = Pinecone(), ServerlessSpec(cloud="aws", region="us-east-1")
URL, KEY = os.environ["PINECONE_CONTROLLER_HOST"] + "/v1", os.environ["PINECONE_API_KEY"]
TEXTS, IDS = ["a cat", "a dog", "a train"], ["cat", "dog", "train"]
seen: dict[str, Any] = {}


def names(found: Any) -> list[str]:
    return [one.id for one in found]


pc.create_index("langchain-hosted", dimension=1024, spec=SPEC)
hosted = PineconeVectorStore.from_texts(
    TEXTS, PineconeEmbeddings(model="multilingual-e5-large"), ids=IDS, index_name="langchain-hosted"
)
seen["a hosted name"] = names(hosted.similarity_search("kitten", k=1))
relevant = hosted.similarity_search_with_relevance_scores("kitten", k=3)
seen["relevance within 0 and 1"] = all(0 <= score <= 1 for _, score in relevant)
hosted.delete(ids=["cat"])
seen["after a deletion"] = names(hosted.similarity_search("kitten", k=1))
hosted.delete(delete_all=True)
seen["after all deletions"] = names(hosted.similarity_search("kitten", k=1))

pc.create_index("langchain-sparse", metric="dotproduct", vector_type="sparse", spec=SPEC)
words = PineconeSparseVectorStore(
    index=pc.Index("langchain-sparse"), embedding=PineconeSparseEmbeddings(model="pinecone-sparse-english-v0")
)
words.add_documents([Document("cats sleep all day"), Document("dogs bark at night")], ids=["cats", "dogs"])
seen["sparse"] = names(one for one, _ in words.similarity_search_with_score("who barks at night", k=1))

reranker = PineconeRerank(model="bge-reranker-v2-m3", top_n=1)
best = reranker.compress_documents([Document(text) for text in ("cats sleep", "dogs bark")], "who barks?")
seen["reranked"] = [one.page_content for one in best]


async def main() -> None:
    pc.create_index("langchain-async", dimension=512, spec=SPEC)
    embedder = OpenAIEmbeddings(model="use-multilingual", base_url=URL, api_key=KEY, check_embedding_ctx_length=False)
    async with PineconeVectorStore(index_name="langchain-async", embedding=embedder) as store:
        await store.aadd_texts(TEXTS, ids=IDS, metadatas=[{"n": n} for n in range(3)])
        seen["async"] = names(await store.asimilarity_search("kitten", k=2))
        seen["async with a filter"] = names(await store.asimilarity_search("kitten", k=1, filter={"n": {"$gte": 1}}))
        varied = await store.amax_marginal_relevance_search("kitten", k=2, lambda_mult=0.0)
        seen["async varied"] = [one.page_content for one in varied]
        await store.adelete(ids=["cat"])
        seen["async after a deletion"] = names(await store.asimilarity_search("kitten", k=1))
    if "--write" in sys.argv:
        model = ChatOpenAI(model="smollm2", base_url=URL, api_key=KEY, temperature=0, max_tokens=20, stream_usage=True)
        pieces = [piece async for piece in model.astream([("system", "Be brief."), ("user", "Capital of France?")])]
        seen["streamed"] = "".join(piece.content for piece in pieces)
        seen["pieces and usage"] = len(pieces) > 3 and any(piece.usage_metadata for piece in pieces)


asyncio.run(main())
json.dump(seen, sys.stdout)
