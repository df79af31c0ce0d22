"""The corpus: scenarios by theme. ``hermes.testing.corpus`` finds them by their ids."""
