"""Hermes: a terminal AI agent whose model calls survive the backends that people really use."""

from __future__ import annotations

__all__ = ["__version__"]

__version__ = "0.1.0"
