"""SSE frames and JSON bodies to events."""

from __future__ import annotations

import json
import re
from enum import Enum
from typing import Any, Final

import msgspec

from hermes.responses.events import Event
from hermes.responses.sse import Frame

__all__ = [
    "FrameKind",
    "MendedEvent",
    "decode_body",
    "decode_frame",
    "decode_json",
    "event_of",
    "events_from_response",
    "is_json_object",
    "looks_like_response",
]

_decode = msgspec.json.Decoder().decode
# A proxy may wrap a frame that was one already, again and again.
_WRAPPING: Final = re.compile(rb"(?:\s*data:)*+\s*+")
_NOT_JSON: Final = (msgspec.MsgspecError, ValueError, RecursionError)

_TERMINAL_TYPES: Final = {
    "completed": "response.completed",
    "failed": "response.failed",
    "incomplete": "response.incomplete",
    "cancelled": "response.cancelled",
    "canceled": "response.cancelled",
}


class FrameKind(Enum):
    """A frame that is no event."""

    DONE = "done"
    """The ``[DONE]`` sentinel."""
    NOTHING = "nothing"
    """Empty: ``data: null``, or white space only."""
    MALFORMED = "malformed"
    """Not JSON, or JSON of a kind that no event has."""


class MendedEvent(Event, frozen=True, gc=False):
    """An event some of whose bytes were no text, so that replacement characters stand in their place."""


def decode_frame(frame: Frame) -> Event | FrameKind:
    """The event of a frame. A frame whose data lacks ``type`` takes it from its ``event`` field.

    https://github.com/NousResearch/hermes-agent/issues/58017
    """
    mended = False
    try:
        data = _decode(frame.data)
    except _NOT_JSON:
        data, mended = _decode_damaged(frame.data)
    if type(data) is dict:
        kind = data.get("type")
        if type(kind) is str and kind and not mended:
            return Event(kind, data)
        event = event_of(data, frame)
        return MendedEvent(event.type, event.data) if mended else event
    if isinstance(data, FrameKind):
        return data
    if data is None:
        return FrameKind.NOTHING
    return FrameKind.DONE if data == "[DONE]" else FrameKind.MALFORMED


def event_of(data: dict[str, Any], frame: Frame | None = None) -> Event:
    """The event of decoded data, which takes what it lacks from its frame, where it has one.

    An error may come without any type.
    """
    kind = data.get("type")
    if type(kind) is str and kind:
        return Event(kind, data)
    named = frame.event.decode("utf-8", "replace").strip() if frame is not None else ""
    status = frame.status if frame is not None else 0
    if status and "status" not in data:
        data = {**data, "status": status}
    if not named and (data.get("error") or status):
        named = "error"
    return Event(named, data)


def decode_json(body: bytes) -> Any:
    """Decodes a JSON body, invalid UTF-8 and lone surrogates replaced.

    Raises:
        ValueError: ``body`` is no JSON.
    """
    return decode_body(body)[0]


def decode_body(body: bytes) -> tuple[Any, bool]:
    """Decodes a JSON body, and tells whether it is mended.

    Returns:
        The value, and whether some of it was no text and was replaced.

    Raises:
        ValueError: ``body`` is no JSON.
    """
    try:
        return _decode(body), False
    except _NOT_JSON:
        pass
    try:
        return _plain_json(body.removeprefix(b"\xef\xbb\xbf"))
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None


def is_json_object(text: str) -> bool:
    """Whether ``text`` is one whole JSON object, as the arguments of a function call have to be.

    The grammar is strict, https://www.rfc-editor.org/rfc/rfc8259: no NaN, no half of a surrogate pair.
    """
    if not text.lstrip().startswith("{"):
        return False
    try:
        _decode(text)
    except _NOT_JSON:
        return False
    return True


def looks_like_response(data: object) -> bool:
    """Whether a decoded JSON body is a Response object.

    https://platform.openai.com/docs/api-reference/responses/object
    """
    if not isinstance(data, dict):
        return False
    if data.get("object") == "response":
        return True
    return (isinstance(data.get("output"), list) or bool(_output_text(data))) and not data.get("error")


def events_from_response(data: dict[str, Any]) -> list[Event]:
    """The events that say the same as a whole Response object."""
    data = _with_output_text(data)
    status = data.get("status")
    if not isinstance(status, str) or not status:
        is_whole = isinstance(data.get("output"), list) and not data.get("error")
        status = "completed" if is_whole else "failed"
    terminal = _TERMINAL_TYPES.get(status)
    if terminal is None:
        terminal = "response.failed"
        message = f"The backend answered with an unfinished response (status `{status}`)."
        data = {**data, "status": "failed", "error": {"code": "unfinished_response", "message": message}}
    created = Event("response.created", {"type": "response.created", "response": {**data, "output": []}})
    return [created, Event(terminal, {"type": terminal, "response": data})]


def _output_text(data: dict[str, Any]) -> str:
    """The text of all messages at the top of a Response, as the SDK adds it to the object."""
    text = data.get("output_text")
    return text if isinstance(text, str) else ""


def _with_output_text(data: dict[str, Any]) -> dict[str, Any]:
    """The response with its text in an item, where it stands at the top only."""
    text, output = _output_text(data), data.get("output")
    output = output if isinstance(output, list) else []
    if not text or any(isinstance(item, dict) and item.get("type") == "message" for item in output):
        return data
    part = {"type": "output_text", "text": text, "annotations": []}
    message = {"type": "message", "role": "assistant", "status": "completed", "content": [part]}
    return {**data, "output": [*output, message]}


def _decode_damaged(data: bytes) -> tuple[Any, bool]:
    """The second look at data that a strict JSON decoder refuses, and whether some of it was replaced."""
    wrapping = _WRAPPING.match(data)
    text = data[wrapping.end() :].rstrip() if wrapping is not None else data
    if not text:
        return FrameKind.NOTHING, False
    if text == b"[DONE]":
        return FrameKind.DONE, False
    try:
        return _plain_json(text)
    except _NOT_JSON:
        return FrameKind.MALFORMED, False


def _plain_json(data: bytes) -> tuple[Any, bool]:
    """JSON as Python reads it, and whether invalid UTF-8 or lone surrogates were replaced in it."""
    text = data.decode("utf-8", "replace")
    value = json.loads(text)
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        whole = json.dumps(value, ensure_ascii=False).encode("utf-16-le", "surrogatepass")
        return json.loads(whole.decode("utf-16-le", "replace")), True
    return value, "\ufffd" in text and not _is_utf8(data)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
