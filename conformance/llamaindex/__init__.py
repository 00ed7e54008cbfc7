"""The tests of the LlamaIndex vector store."""
