"""A reply as the pieces that mutations work on: frames, and what happens between them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Final

from hermes.testing.frames import compact
from hermes.testing.scenario import Reply, Step

__all__ = ["Pieces", "edited", "object_of", "pieces_of", "reply_of"]

Pieces = list[Step]

_AFTER_BLANK_LINE: Final = re.compile(rb"(?<=\n\n)|(?<=\r\n\r\n)|(?<=\r\r)")


def pieces_of(reply: Reply) -> Pieces:
    """The steps of a reply, one for each frame; chunks that cut a frame in two are joined."""
    pieces: Pieces = []
    joined = bytearray()
    for step in (*reply.steps, None):
        if isinstance(step, bytes):
            joined += step
            continue
        pieces += [piece for piece in _AFTER_BLANK_LINE.split(bytes(joined)) if piece]
        joined.clear()
        if step is not None:
            pieces.append(step)
    return pieces


def reply_of(reply: Reply, pieces: Iterable[Step]) -> Reply:
    """The reply with other steps."""
    return replace(reply, steps=tuple(pieces))


def object_of(piece: Step) -> dict[str, Any] | None:
    """The JSON object of a frame, or of a body that is one; None for any other piece."""
    found = _split(piece)
    return None if found is None else found[1]


def edited(piece: Step, edit: Callable[[dict[str, Any]], object]) -> Step:
    """A frame with its object changed by ``edit``; a piece without an object stays as it is."""
    found = _split(piece)
    if found is None:
        return piece
    head, value, tail = found
    edit(value)
    return head + compact_with_surrogates(value) + tail


def compact_with_surrogates(value: object) -> bytes:
    """``value`` as JSON; a lone surrogate, which UTF-8 has no bytes for, is written as an escape."""
    try:
        return compact(value)
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()


def _split(piece: Step) -> tuple[bytes, dict[str, Any], bytes] | None:
    """What stands before the object, the object, and what stands after it."""
    if not isinstance(piece, bytes):
        return None
    start, end = piece.find(b"{"), piece.rfind(b"}") + 1
    if start < 0 or end <= start:
        return None
    head = piece[:start].rstrip()
    if head and not head.endswith(b"data:"):
        return None
    try:
        value = json.loads(piece[start:end])
    except (ValueError, RecursionError):
        return None
    return (piece[:start], value, piece[end:]) if isinstance(value, dict) else None
