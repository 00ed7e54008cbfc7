"""Notebook cells of a course on vector databases: only import and constructor differ from the hosted service."""

# %% A connection, and an index
from __future__ import annotations

import sys

from pinyon import Pinecone, ServerlessSpec

pc = Pinecone(api_key="not checked", path=sys.argv[1] if len(sys.argv) > 1 else ":memory:")
pc.create_index("llm-book", spec=ServerlessSpec("aws", "us-east-1"), dimension=512)
index = pc.Index("llm-book")

# %% Sentences and their embeddings
subjects = ["학생이", "선생님이", "고양이가", "기차가", "요리사가"]
actions = ["도서관에서 책을 읽는다.", "아침 일찍 길을 나선다.", "창밖을 오래 바라본다.", "제시간에 도착했다."]
sentences = [f"{subject} {action}" for subject in subjects for action in actions]
embeddings = [item.values for item in pc.inference.embed("use-multilingual", sentences)]

# %% Records: an id, the vector, the text as metadata
insert_data = [
    {"id": str(number), "values": embedding, "metadata": {"text": text}}
    for number, (embedding, text) in enumerate(zip(embeddings, sentences, strict=True))
]

# %% Insert all of them
upsert_response = index.upsert(vectors=insert_data, namespace="llm-book-sub")
print(upsert_response)

# %% Ask; what was just written is found
query_response = index.query(
    namespace="llm-book-sub", top_k=3, include_values=True, include_metadata=True, vector=embeddings[0]
)
for match in query_response["matches"]:
    print(f"{match['score']:.3f}", match["id"], match["metadata"]["text"])

# %% Change a record, delete another
new_text = "강아지가 마당에서 뛰어논다."
new_embedding = pc.inference.embed("use-multilingual", [new_text])[0].values
index.update(id="0", values=new_embedding, set_metadata={"text": new_text}, namespace="llm-book-sub")
index.delete(ids=["1"], namespace="llm-book-sub")
print(index.describe_index_stats())

# %% The end of the notebook
pc.delete_index("llm-book")
pc.close()
