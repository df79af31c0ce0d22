"""The faults of other people's code, in words."""

from __future__ import annotations

from typing import Final

__all__ = ["fault"]

_LONGEST: Final = 300


def fault(error: BaseException) -> str:
    """An exception in one line, its type first; it holds whatever an adapter's exception does."""
    name = type(error).__name__
    try:
        words = " ".join(str(error).split())
    except Exception:  # noqa: BLE001 - the border to other people's code
        words = ""
    return f"{name}: {words}"[:_LONGEST] if words else name
