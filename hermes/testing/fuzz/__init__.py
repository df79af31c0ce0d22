"""A deterministic fuzzer over the corpus: mutated replies, and the invariants checked on every call.

Run it with ``python -m hermes.testing.fuzz``; ``--plugin NAME`` takes an adapter of one's own along.
"""
