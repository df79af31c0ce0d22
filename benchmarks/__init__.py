"""How fast Hermes is, measured beside others on one loopback server. Not a part of the package.

``python -m benchmarks`` runs it; ``README.md`` in this folder says how it is built.
"""
