"""Hermes adapter for codex-lb, a load balancer for ChatGPT accounts."""

from __future__ import annotations

__version__ = "0.1.0"
