"""SDK 7.3.0's own integration tests."""
