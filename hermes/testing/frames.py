"""SSE frames, written by hand.

The format: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

__all__ = ["DONE", "Json", "comment", "compact", "data", "event", "frame", "frames"]

Json = dict[str, Any]

DONE: Final = b"data: [DONE]\n\n"
"""The sentinel that some backends send last."""


def compact(value: object) -> bytes:
    """``value`` as JSON without spaces, in UTF-8: characters stand for themselves, as backends send them."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def event(type: str, /, **fields: Any) -> bytes:  # noqa: A002  # the protocol calls it so
    """A frame of three lines: ``event:``, ``data:`` and a blank one."""
    return frame({"type": type, **fields})


def data(value: object) -> bytes:
    """A frame of ``data:`` and a blank line only."""
    return b"data: " + compact(value) + b"\n\n"


def comment(text: str) -> bytes:
    """A comment block, which backends send to keep a connection open."""
    return f": {text}\n\n".encode()


def frame(value: Json, *, named: bool = True, newline: bytes = b"\n", space: bytes = b" ") -> bytes:
    """One event object as a frame.

    Args:
        value: the event, with its ``type``.
        named: write the ``event:`` line.
        newline: what ends a line.
        space: what stands after a field's colon.
    """
    lines = [b"data:" + space + compact(value), b""]
    if named:
        lines.insert(0, b"event:" + space + value["type"].encode())
    return newline.join(lines) + newline


def frames(
    events: Iterable[Json], *, named: bool = True, newline: bytes = b"\n", space: bytes = b" "
) -> tuple[bytes, ...]:
    """Event objects as frames; each ``response.*`` event gets the next ``sequence_number``.

    An event that has a number keeps it: vendor events and mended streams have their own ideas.

    Args:
        events: the events, in order.
        named: as for ``frame``.
        newline: as for ``frame``.
        space: as for ``frame``.
    """
    return tuple(frame(value, named=named, newline=newline, space=space) for value in _numbered(events))


def _numbered(events: Iterable[Json]) -> Iterable[Json]:
    number = 0
    for value in events:
        if value["type"].startswith("response."):
            yield {"type": value["type"], "sequence_number": number, **value}
            number += 1
        else:
            yield value
