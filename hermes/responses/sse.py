"""Bytes to server-sent-event frames, in linear time whatever the chunking.

The grammar is https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation,
with four tolerances that real relays make necessary: a last frame without its blank line is kept, an
``event:`` line with the ``data:`` line glued to it is split, a frame without data is dropped instead of
dispatched, and lines end only at LF, CR and CRLF, so that U+2028 inside JSON text is text.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from hermes.errors import FrameTooLargeError

__all__ = ["DEFAULT_MAX_FRAME_BYTES", "Frame", "SSEDecoder"]

DEFAULT_MAX_FRAME_BYTES: Final = 256 * 1024 * 1024
"""Room for an answer of 64 MiB in the one frame that repeats it whole: JSON may write each of its bytes as
two, and letters that are not ASCII as three times their bytes. What a hostile server can fill is bounded all
the same: a call holds at most four times its longest frame beside the text.
"""

_BOM: Final = b"\xef\xbb\xbf"
_LF: Final = 0x0A
_SPACE: Final = 0x20
# Splits twice as fast as bytes.split, which is made for longer needles.
_cut_at_blank_lines: Final = re.compile(rb"\n\n").split
_MAX_RETRY_DIGITS: Final = 10
# A hostile event name may be of any length, and the last opening is kept.
_LONGEST_OPENING: Final = 200
_STATUS_COMMENT: Final = b"HTTP_STATUS/"


class Frame(msgspec.Struct, frozen=True, gc=False):
    """One dispatched frame.

    Attributes:
        event: the ``event`` field; empty where there was none.
        data: the ``data`` lines, joined with a line feed.
        status: the HTTP status of an error that a comment names, ``:HTTP_STATUS/429``; 0 where none does.
            https://github.com/NousResearch/hermes-agent/issues/58017
    """

    event: bytes
    data: bytes
    status: int = 0


class SSEDecoder:
    """Decodes one body. Feed it chunks as they come, then close it.

    The frames, and whether the limit is broken after them, do not depend on the chunking.

    Args:
        max_frame_bytes: the longest frame that is accepted, in bytes, the blank line after it not counted.
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
        self._over_limit = False
        # How the last frame of the usual shape began, up to its data, and the event that it names.
        self._opening = b"data: "
        self._event = b""

    def feed(self, chunk: bytes) -> list[Frame]:
        """The frames that ``chunk`` completes.

        Raises:
            FrameTooLargeError: a frame is longer than the limit. Frames before it are given first, so the
                error may come with the next call.
        """
        self._check_limit()
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
        blocks = self._blocks(chunk)
        frames = self._frames(blocks) if blocks else []
        if not frames:
            self._check_limit()
        return frames

    def close(self) -> list[Frame]:
        """The last frame, where the body ended without the blank line after it.

        Raises:
            FrameTooLargeError: a frame is longer than the limit.
        """
        self._check_limit()
        block = (self._head or b"") + bytes(self._pending).removesuffix(b"\n")
        self._head = None
        self._pending.clear()
        return self._frames([block])

    def _check_limit(self) -> None:
        if self._over_limit:
            raise FrameTooLargeError(self._limit)

    def _without_bom(self, start: bytes) -> bytes:
        if len(start) < len(_BOM) and _BOM.startswith(start):
            self._head = start
            return b""
        self._head = None
        return start.removeprefix(_BOM)

    def _blocks(self, chunk: bytes) -> list[bytes]:
        """What ``chunk`` completes, cut at the blank lines; its rest is kept for the next chunk."""
        pending = self._pending
        kept = len(pending)
        if not kept:
            blocks = _cut_at_blank_lines(chunk)
        elif pending[-1] == _LF and chunk[0] == _LF:  # the blank line lies across the border
            blocks = [bytes(pending[:-1]), *_cut_at_blank_lines(chunk[1:])]
            pending.clear()
        else:
            end = chunk.find(b"\n\n")
            if end < 0:
                self._keep(chunk)
                return []
            pending += chunk[:end]
            blocks = [bytes(pending), *_cut_at_blank_lines(chunk[end + 2 :])]
            pending.clear()
        rest = blocks.pop()
        if kept + len(chunk) > self._limit:
            self._drop_what_is_too_long(blocks)
        if rest:
            self._keep(rest)
        return blocks

    def _drop_what_is_too_long(self, blocks: list[bytes]) -> None:
        for place, block in enumerate(blocks):
            if len(block) > self._limit:
                self._over_limit = True
                del blocks[place:]
                return

    def _keep(self, rest: bytes) -> None:
        size = len(self._pending) + len(rest)
        if rest.endswith(b"\n"):  # perhaps the first half of the blank line
            size -= 1
        if size > self._limit:
            self._over_limit = True
            self._pending.clear()
        else:
            self._pending += rest

    def _frames(self, blocks: list[bytes]) -> list[Frame]:
        frames: list[Frame] = []
        opening, event = self._opening, self._event
        size = len(opening)
        for block in blocks:
            # Nearly every frame is one line of data that begins as the one before it did. Data that ends with
            # white space takes the long way, which knows empty data.
            if block.startswith(opening) and block.find(b"\n", size) < 0 and block[-1] > _SPACE:
                frames.append(Frame(event, block[size:]))
                continue
            start, end = 0, block.find(b"\n")
            if end >= 0 and block.startswith(b"event: "):
                start = end + 1
            if block.startswith(b"data: ", start) and block.find(b"\n", start) < 0 and block[-1] > _SPACE:
                name = block[7:end] if start else b""
                frames.append(Frame(name, block[start + 6 :]))
                if start <= _LONGEST_OPENING:
                    size = start + 6
                    self._opening = opening = block[:size]
                    self._event = event = name
                continue
            frame = self._frame_from_lines(block.split(b"\n"))
            if frame is not None:
                frames.append(frame)
        return frames

    def _frame_from_lines(self, lines: list[bytes]) -> Frame | None:
        event = b""
        status = 0
        data: list[bytes] = []
        for line in lines:
            name, colon, value = line.partition(b":")
            if colon and value[:1] == b" ":
                value = value[1:]
            if name == b"data":
                data.append(value)
            elif name == b"event":
                event = value
            elif name == b"id":
                if b"\0" not in value:
                    self.last_event_id = value.decode("utf-8", "replace")
            elif name == b"retry" and value.isdigit() and len(value) < _MAX_RETRY_DIGITS:
                self.retry_ms = int(value)
            elif not name and value.startswith(_STATUS_COMMENT):
                status = _error_status(value[len(_STATUS_COMMENT) :])
        if not data:
            event, _, glued = event.partition(b"data:")
            data.append(glued.removeprefix(b" "))
        joined = b"\n".join(data)
        return Frame(event, joined, status) if joined.strip() else None


def _error_status(digits: bytes) -> int:
    digits = digits.strip()
    return int(digits) if len(digits) == 3 and digits.isdigit() and digits[:1] in (b"4", b"5") else 0
