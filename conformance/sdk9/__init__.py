"""SDK 9.0.1's own integration and smoke tests."""
