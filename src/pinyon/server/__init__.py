"""The Pinecone API over HTTP and gRPC, on one port."""
