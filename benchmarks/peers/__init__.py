"""The race: Pinyon and other embedded vector stores, over one workload in one run.

See ``python -m benchmarks.peers -h``.
"""
