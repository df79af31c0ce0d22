"""What kind of body a backend sent, told from its first bytes rather than from its label."""

from __future__ import annotations

import re
from enum import Enum
from typing import Final

__all__ = ["BodyKind", "sniff_body"]

_BOM: Final = b"\xef\xbb\xbf"
_SSE_STARTS: Final = (b"event:", b"data:", b"id:", b"retry:", b":")
_MAGIC_NUMBERS: Final = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd")  # gzip and zstd
# Brotli has no magic number, but bytes that no text has: https://datatracker.ietf.org/doc/html/rfc7932
_IN_NO_TEXT: Final = re.compile(rb"[\x00-\x08\x0e-\x1a]")
_LOOKED_AT: Final = 4  # of a length, which brotli begins with


class BodyKind(Enum):
    """The kinds of bodies that occur under HTTP 200."""

    SSE = "sse"
    JSON = "json"
    HTML = "html"
    COMPRESSED = "compressed"
    TEXT = "text"


def sniff_body(start: bytes, content_type: str, *, ended: bool = False) -> BodyKind | None:
    """Tells the kind of a body, or None while more bytes are needed.

    Args:
        start: the body so far.
        content_type: its label, used only where the bytes say nothing.
        ended: whether ``start`` is the whole body.
    """
    if len(start) < len(_BOM) and _BOM.startswith(start) and not ended:
        return None
    if start.startswith(_MAGIC_NUMBERS):
        return BodyKind.COMPRESSED
    text = start.removeprefix(_BOM).lstrip()
    if not text:
        if not ended:
            return None
        return BodyKind.SSE
    if text[:1] in (b"{", b"["):
        return BodyKind.JSON
    if text[:1] == b"<":
        return BodyKind.HTML
    if text.startswith(_SSE_STARTS):
        return BodyKind.SSE
    if not ended and any(whole.startswith(text) for whole in (*_SSE_STARTS, *_MAGIC_NUMBERS)):
        return None
    if len(text) < _LOOKED_AT and not ended:
        return None
    if _IN_NO_TEXT.search(text[:_LOOKED_AT]):
        return BodyKind.COMPRESSED
    return BodyKind.SSE if "event-stream" in content_type.lower() else BodyKind.TEXT
