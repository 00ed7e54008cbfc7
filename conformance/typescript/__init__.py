"""The integration tests of the TypeScript SDK."""
