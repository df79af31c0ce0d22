"""A loopback backend and its scenarios: the kit for testing adapters."""
