"""Reading values that a server may have written in any type or spelling. Nothing here raises."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

__all__ = ["decimal", "epoch", "flag", "mapping", "number", "text"]

_LONGEST_NUMBER: Final = 64
_DECIMAL: Final = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,15})?")
_TAG: Final = re.compile(r"<[a-zA-Z!?/]")
_NOTHING: Final[Mapping[str, Any]] = {}
_LATEST: Final = 1e11
"""Year 5138. Later times are milliseconds or nonsense, and past the year 9999 ``datetime`` raises."""


def number(value: object) -> float | None:
    """A finite number, also one written as a string; None for anything else, booleans included."""
    if isinstance(value, str):
        if len(value) > _LONGEST_NUMBER:
            return None
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if abs(value) < 1e15 else None  # false for NaN and infinity too


def epoch(value: object) -> float | None:
    """Unix seconds that a calendar can show."""
    seconds = number(value)
    return seconds if seconds is not None and 0 < seconds < _LATEST else None


def flag(value: object) -> bool | None:
    """A truth value in one of its spellings: ``true``, ``False``, ``"1"``, ``0``."""
    if isinstance(value, str):
        return {"true": True, "1": True, "false": False, "0": False}.get(value.strip().lower())
    if isinstance(value, (bool, int)) and value in (0, 1):
        return bool(value)
    return None


def text(value: object, limit: int = 64) -> str:
    """A string on one line, without control characters and up to the first tag; empty for other values.

    Args:
        value: what the server sent.
        limit: the number of characters to keep.
    """
    if not isinstance(value, str):
        return ""
    plain = _TAG.split(value[: 4 * limit], maxsplit=1)[0]
    line = " ".join(plain.split())
    line = "".join(character for character in line if character.isprintable())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def decimal(value: object) -> str | None:
    """A plain decimal number as the server wrote it, e.g. ``12.50``; None for exponents, NaN and words."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    if isinstance(value, int) and abs(value) >= 10**15:  # converting a huge integer to text may raise
        return None
    written = str(value).strip()
    return written if _DECIMAL.fullmatch(written) else None


def mapping(value: object) -> Mapping[str, Any]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, Mapping) else _NOTHING
