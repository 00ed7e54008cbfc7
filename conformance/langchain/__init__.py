"""The integration tests of langchain-pinecone."""
