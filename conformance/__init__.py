"""The official suites, run against the server: ``python -m conformance [judge ...]``."""
