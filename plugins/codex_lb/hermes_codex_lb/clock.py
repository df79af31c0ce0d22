"""The one place that reads the time, so that tests can set it."""

from __future__ import annotations

import time

__all__ = ["now"]


def now() -> float:
    """Unix seconds."""
    return time.time()
