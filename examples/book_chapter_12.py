"""The practice of the book's chapter 12 (examples 12.7 to 12.12): sentences, embeddings, an index, and its four calls.

    python examples/book_chapter_12.py                                           # the model that comes with Pinyon
    python examples/book_chapter_12.py st:snunlp/KR-SBERT-V40K-klueNLI-augSTS    # the book's, if you have it
    python examples/book_chapter_12.py use-multilingual sentences.txt            # your sentences, one a line

With the official SDK and a server, one line changes: the import says pinecone. docs/ecosystem.md tells how.
"""

from __future__ import annotations

import sys
from pathlib import Path

from pinyon import Pinecone, ServerlessSpec

MODEL = sys.argv[1] if len(sys.argv) > 1 else "use-multilingual"
WHO = "학생이 선생님이 고양이가 기차가 요리사가 할머니가 의사가 가수가 농부가 아이가".split()
WHAT = ["책을 읽는다.", "길을 나선다.", "창밖을 본다.", "노래를 부른다.", "저녁을 먹는다."]
WHEN = ["아침 일찍", "늦은 밤에"]

# %% 12.7 A connection. Only a server asks for the key. (The book makes the index here; we first ask for its dimension.)
pc = Pinecone(api_key="pclocal")

# %% 12.8 Sentences and their embeddings
if len(sys.argv) > 2:
    sentences = Path(sys.argv[2]).read_text(encoding="utf-8").splitlines()[:100]
else:
    sentences = [f"{who} {when} {what}" for who in WHO for what in WHAT for when in WHEN]
embeddings = [item.values for item in pc.inference.embed(MODEL, sentences)]
print(f"{len(embeddings)} sentences, {len(embeddings[0])} numbers each")

if pc.has_index("llm-book"):  # of an earlier run
    pc.delete_index("llm-book")
pc.create_index("llm-book", spec=ServerlessSpec(cloud="aws", region="us-east-1"), dimension=len(embeddings[0]))
index = pc.Index("llm-book")

# %% 12.9 Records: an id, the vector, the sentence as metadata
insert_data = [
    {"id": str(number), "values": embedding, "metadata": {"text": text}}
    for number, (embedding, text) in enumerate(zip(embeddings, sentences, strict=True))
]

# %% 12.10 All of them go in with one call
print("upserted:", index.upsert(vectors=insert_data, namespace="llm-book-sub").upserted_count)

# %% 12.11 What is nearest to the first sentence: itself, then its likes
found = index.query(
    namespace="llm-book-sub", top_k=10, include_values=True, include_metadata=True, vector=embeddings[0]
)
for match in found["matches"][:3]:
    print(f"{match['score']:.3f}  {match['id']:3s} {match['metadata']['text']}")

# %% 12.12 Change a record, delete another. Ids are ASCII
new_text = "강아지가 마당에서 뛰어논다."
new_embedding = pc.inference.embed(MODEL, [new_text])[0].values
index.update(id="0", values=new_embedding, set_metadata={"text": new_text}, namespace="llm-book-sub")
index.delete(ids=["1"], namespace="llm-book-sub")
print("left:", index.describe_index_stats()["namespaces"]["llm-book-sub"]["vector_count"])
