"""Pinecone's JSON and protobuf, in all dialects, to and from the values of ``pinyon.types``."""
