"""Bytes to server-sent-event frames, in linear time whatever the chunking.

The grammar is https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation,
with four tolerances that real relays make necessary: a last frame without its blank line is kept, an
``event:`` line with the ``data:`` line glued to it is split, a frame without data is dropped instead of
dispatched, and lines end only at LF, CR and CRLF, so that U+2028 inside JSON text is text.
"""

from __future__ import annotations

from typing import Final

import msgspec

from hermes.errors import FrameTooLargeError

__all__ = ["DEFAULT_MAX_FRAME_BYTES", "Frame", "SSEDecoder"]

DEFAULT_MAX_FRAME_BYTES: Final = 256 * 1024 * 1024

_BOM: Final = b"\xef\xbb\xbf"
_LF: Final = 10


class Frame(msgspec.Struct, frozen=True, gc=False):
    """One dispatched frame.

    Attributes:
        event: the ``event`` field; empty where there was none.
        data: the ``data`` lines, joined with a line feed.
    """

    event: bytes
    data: bytes


class SSEDecoder:
    """Decodes one body. Feed it chunks as they come, then close it.

    Args:
        max_frame_bytes: the longest frame that is accepted, in bytes.
    """

    def __init__(self, *, max_frame_bytes: int = DEFAULT_MAX_FRAME_BYTES) -> None:
        self.retry_ms: int | None = None
        """The last ``retry`` field, in milliseconds."""
        self.last_event_id = ""
        """The last ``id`` field."""
        self._limit = max_frame_bytes
        self._pending = bytearray()
        # The first bytes while they may still be a byte order mark; None once that is decided.
        self._head: bytes | None = b""
        self._after_cr = False

    def feed(self, chunk: bytes) -> list[Frame]:
        """The frames that ``chunk`` completes.

        Raises:
            FrameTooLargeError: a frame is longer than the limit.
        """
        if self._head is not None:
            chunk = self._without_bom(self._head + chunk)
        if self._after_cr and chunk:
            self._after_cr = False
            if chunk[0] == _LF:
                chunk = chunk[1:]
        if b"\r" in chunk:
            self._after_cr = chunk.endswith(b"\r")
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if not chunk:
            return []
        frames: list[Frame] = []
        pending = self._pending
        if pending:
            # The blank line may lie across the border of two chunks.
            across = pending[-1] == _LF and chunk[0] == _LF
            end = 0 if across else chunk.find(b"\n\n")
            if end < 0:
                self._keep(chunk)
                return frames
            if len(pending) + end > self._limit:
                raise FrameTooLargeError(self._limit)
            pending += chunk[:end]
            block = bytes(pending)
            pending.clear()
            frame = self._frame(block)
            if frame is not None:
                frames.append(frame)
            chunk = chunk[end + (1 if across else 2) :]
        blocks = chunk.split(b"\n\n")
        tail = blocks.pop()
        if len(chunk) > self._limit and any(len(block) > self._limit for block in blocks):
            raise FrameTooLargeError(self._limit)
        for block in blocks:
            frame = self._frame(block)
            if frame is not None:
                frames.append(frame)
        if tail:
            self._keep(tail)
        return frames

    def close(self) -> list[Frame]:
        """The last frame, where the body ended without the blank line after it."""
        block = (self._head or b"") + bytes(self._pending)
        self._head = None
        self._pending.clear()
        frame = self._frame(block)
        return [frame] if frame is not None else []

    def _keep(self, rest: bytes) -> None:
        if len(self._pending) + len(rest) > self._limit:
            raise FrameTooLargeError(self._limit)
        self._pending += rest

    def _without_bom(self, start: bytes) -> bytes:
        if len(start) < len(_BOM) and _BOM.startswith(start):
            self._head = start
            return b""
        self._head = None
        return start.removeprefix(_BOM)

    def _frame(self, block: bytes) -> Frame | None:
        # The two shapes that nearly every frame has, without a loop over lines.
        if block.startswith(b"event: "):
            line_end = block.find(b"\n")
            if (
                line_end > 0
                and block.startswith(b"data: ", line_end + 1)
                and block.find(b"\n", line_end + 7) < 0
                and len(block) > line_end + 7
            ):
                return Frame(block[7:line_end], block[line_end + 7 :])
        elif block.startswith(b"data: ") and len(block) > 6 and block.find(b"\n") < 0:
            return Frame(b"", block[6:])
        return self._frame_from_lines(block)

    def _frame_from_lines(self, block: bytes) -> Frame | None:
        event = b""
        data: list[bytes] = []
        for line in block.split(b"\n"):
            name, colon, value = line.partition(b":")
            if colon and value[:1] == b" ":
                value = value[1:]
            if name == b"data":
                data.append(value)
            elif name == b"event":
                event, glued, rest = value.partition(b"data:")
                if glued:
                    data.append(rest.removeprefix(b" "))
            elif name == b"id":
                if b"\0" not in value:
                    self.last_event_id = value.decode("utf-8", "replace")
            elif name == b"retry" and value.isdigit() and len(value) < 10:
                self.retry_ms = int(value)
        joined = b"\n".join(data) if len(data) != 1 else data[0]
        return Frame(event, joined) if joined.strip() else None
