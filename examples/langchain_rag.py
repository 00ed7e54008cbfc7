"""LangChain with a Pinyon server as its Pinecone: texts, filters, varied results, and a chain that answers.

    pip install langchain-pinecone
    pinyon serve                       # in another shell
    eval "$(pinyon serve --env)"       # says where the server is
    python examples/langchain_rag.py

The server embeds and writes, so no other service is needed: see docs/ecosystem.md.
"""

from __future__ import annotations

import os

os.environ["LANGSMITH_TRACING"] = "false"  # else LangChain sends its steps to LangSmith where a shell asks for that

from langchain_core.documents import Document
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnablePassthrough
from langchain_openai import ChatOpenAI
from langchain_pinecone import PineconeEmbeddings, PineconeVectorStore

from pinecone import Pinecone, ServerlessSpec

pc = Pinecone()  # reads PINECONE_CONTROLLER_HOST and PINECONE_API_KEY
if pc.has_index("langchain-office"):  # of an earlier run
    pc.delete_index("langchain-office")
pc.create_index("langchain-office", dimension=512, spec=ServerlessSpec(cloud="aws", region="us-east-1"))

store = PineconeVectorStore(index_name="langchain-office", embedding=PineconeEmbeddings(model="use-multilingual"))
store.add_documents(
    [
        Document("A lost badge is reported to the guard at the north gate.", metadata={"floor": 1}, id="badge"),
        Document("Visitors get a badge at the reception desk.", metadata={"floor": 1}, id="visitors"),
        Document(
            "A badge that was lost is reported at the north gate to the guard.", metadata={"floor": 1}, id="again"
        ),
        Document("The travel desk books train tickets.", metadata={"floor": 2}, id="travel"),
        Document("Annual leave is asked for three days before it begins.", metadata={"floor": 3}, id="leave"),
    ]
)
store.add_texts(["회의실은 사흘 전까지 예약합니다."], metadatas=[{"floor": 2}], ids=["room"], namespace="ko")

for found, score in store.similarity_search_with_score("Where do I report that I lost my badge?", k=3):
    print(f"{score:.3f}  {found.id:8s} {found.page_content}")

upstairs = store.as_retriever(search_kwargs={"k": 1, "filter": {"floor": {"$gt": 1}}})
print("upstairs:", upstairs.invoke("Who buys tickets for a train?")[0].page_content)

varied = store.as_retriever(search_type="mmr", search_kwargs={"k": 2, "fetch_k": 5, "lambda_mult": 0.3})
print("varied:", [found.page_content for found in varied.invoke("I lost my badge")])

url, key = os.environ["PINECONE_CONTROLLER_HOST"] + "/v1", os.environ["PINECONE_API_KEY"]
model = ChatOpenAI(model="smollm2", base_url=url, api_key=key, temperature=0, max_tokens=60)
prompt = ChatPromptTemplate.from_template("{context}\n\nAnswer in one sentence from the text above: {question}")
context = store.as_retriever(search_kwargs={"k": 1}) | (lambda found: found[0].page_content)
chain = {"context": context, "question": RunnablePassthrough()} | prompt | model | StrOutputParser()
print("answer:", chain.invoke("Where is a lost badge reported?"))
