"""The adapter framework: hooks, contract, manager, and the adapters that come with Hermes."""
