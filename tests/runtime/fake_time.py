"""A monotonic clock that a test sets."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Now:
    """Stands still until a test moves it."""

    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds
