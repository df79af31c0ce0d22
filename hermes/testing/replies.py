"""The HTTP answers that scenarios are made of."""

from __future__ import annotations

from typing import Any, Final, Literal

from hermes.testing.frames import compact
from hermes.testing.scenario import Reply, Step

__all__ = ["Headers", "event_stream", "http_error", "json_answer", "raw_answer"]

Headers = tuple[tuple[str, str], ...]

_EVENT_STREAM: Final = "text/event-stream; charset=utf-8"


def event_stream(
    *steps: Step,
    content_type: str | None = _EVENT_STREAM,
    headers: Headers = (),
    framing: Literal["chunked", "length", "close"] = "chunked",
) -> Reply:
    """A stream under HTTP 200.

    Args:
        steps: frames and controls.
        content_type: None sends no such header.
        headers: further headers.
        framing: how the end of the body is told.
    """
    typed: Headers = () if content_type is None else (("content-type", content_type),)
    return Reply(steps=steps, headers=(*typed, *headers), framing=framing)


def json_answer(value: object, *, status: int = 200, headers: Headers = ()) -> Reply:
    """A JSON body with its length."""
    return raw_answer(compact(value), content_type="application/json", status=status, headers=headers)


def http_error(
    status: int,
    message: str,
    *,
    type: str = "",  # noqa: A002  # the protocol calls it so
    code: str = "",
    headers: Headers = (),
    **fields: Any,
) -> Reply:
    """A JSON error in the usual envelope, ``{"error": {"message": ..., "type": ..., "code": ...}}``.

    Args:
        status: the HTTP status.
        message: the sentence.
        type: the error family; left out where empty.
        code: the machine-readable code; left out where empty.
        headers: further headers.
        fields: further fields of the error object.
    """
    named = {name: value for name, value in (("type", type), ("code", code)) if value}
    return json_answer({"error": {"message": message, **named, **fields}}, status=status, headers=headers)


def raw_answer(body: bytes, *, content_type: str, status: int = 200, headers: Headers = ()) -> Reply:
    """Any body with its length."""
    return Reply(
        steps=(body,) if body else (),
        status=status,
        headers=(("content-type", content_type), *headers),
        framing="length",
    )
