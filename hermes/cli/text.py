"""Text from models and servers, made harmless for a terminal."""

from __future__ import annotations

from typing import Final

__all__ = ["harmless", "one_line"]

# Control characters can move the cursor, set the title or write the clipboard; direction marks can
# make text read as what it is not: https://trojansource.codes
_KEPT: Final = {ord("\n"), ord("\t")}
_SHOWN: Final[dict[int, str | None]] = {
    **{code: chr(0x2400 + code) for code in range(0x20) if code not in _KEPT},
    ord("\r"): None,
    0x7F: "\u2421",
    **dict.fromkeys(range(128, 160), "�"),
    **dict.fromkeys((*range(8234, 8239), *range(8294, 8298)), "�"),
    # Marks without width that only order what stands beside them: needed by some scripts, so none is shown.
    **dict.fromkeys((0x061C, 0x200E, 0x200F)),
}


def harmless(text: str) -> str:
    """``text`` with control characters shown instead of obeyed.

    It works character by character, so a sequence that is split between two pieces is harmless too.
    """
    return text.translate(_SHOWN)


def one_line(text: str) -> str:
    """``text`` made harmless and put on one line."""
    return " ".join(harmless(text).split())
