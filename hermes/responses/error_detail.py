"""One shape for every error envelope that backends send.

Seen shapes: flat ``error`` events, nested ``error`` objects, ``response.failed``, ``{"detail": ...}``,
strings, JSON inside messages, plain text. The flat event is the documented one:
https://platform.openai.com/docs/api-reference/responses-streaming/error
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from hermes.responses.decode import decode_frame
from hermes.responses.events import Event
from hermes.responses.sse import SSEDecoder

__all__ = ["ErrorDetail", "error_detail", "error_detail_from_body"]

_MAX_DEPTH = 3
_MAX_LISTED = 5
_NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class ErrorDetail:
    """An error as the backend told it; every field is empty where the backend left it out.

    Attributes:
        code: machine-readable code, e.g. ``rate_limit_exceeded``.
        type: error family, e.g. ``invalid_request_error``.
        message: the backend's sentence, unwrapped.
        param: the request parameter that is to blame.
        status: HTTP status that the envelope itself names.
        resets_at: Unix seconds at which a limit resets.
        resets_in: seconds until a limit resets.
        plan: the plan of the account.
        headers: headers that the envelope carries for relays, names in lower case.
    """

    code: str = ""
    type: str = ""
    message: str = ""
    param: str = ""
    status: int | None = None
    resets_at: float | None = None
    resets_in: float | None = None
    plan: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.code or self.type or self.message)


def error_detail(payload: object) -> ErrorDetail:
    """Reads an error from a decoded JSON value: an event, a Response object or an HTTP error body.

    Never raises: what it does not understand is left empty.
    """
    return _read(payload, _MAX_DEPTH)


def error_detail_from_body(body: bytes) -> ErrorDetail:
    """Reads an error from an HTTP body: JSON, SSE or plain text; markup gives an empty detail."""
    text = body.decode("utf-8-sig", "replace").strip()
    if not text or text.startswith("<"):
        return ErrorDetail()
    decoded = _json_prefix(text)
    detail = ErrorDetail() if decoded is None else error_detail(decoded)
    if detail:
        return detail
    told = _from_frames(body)
    if told:
        return told
    # An error without code, type or message may still say when to ask again.
    return detail if decoded is not None else ErrorDetail(message=text[:500])


def _json_prefix(text: str) -> object | None:
    """The JSON value at the start of ``text``: some relays append SSE frames to a JSON body."""
    if text[:1] not in "{[":
        return None
    try:
        value, _ = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, (dict, list)) else None


def _from_frames(body: bytes) -> ErrorDetail:
    """The first error that an SSE body tells."""
    decoder = SSEDecoder()
    for frame in (*decoder.feed(body), *decoder.close()):
        event = decode_frame(frame)
        if isinstance(event, Event):
            detail = error_detail(event.data)
            if detail:
                return detail
    return ErrorDetail()


def _read(payload: object, depth: int) -> ErrorDetail:
    if isinstance(payload, str):
        return _from_text(payload, depth)
    if isinstance(payload, list):
        return _from_list(payload, depth)
    if not isinstance(payload, Mapping):
        return ErrorDetail()
    detail = _from_fields(payload)
    inner = _inner_error(payload)
    if inner is not None and depth > 0:
        detail = _merge(_read(inner, depth - 1), detail)
    if detail.message and depth > 0:
        unwrapped = _from_text(detail.message, depth)
        if unwrapped.message != detail.message:
            detail = _merge(unwrapped, detail)
    return detail


def _inner_error(payload: Mapping[str, Any]) -> object | None:
    error = payload.get("error")
    if error:
        return error  # type: ignore[no-any-return]
    response = payload.get("response")
    if isinstance(response, Mapping) and response.get("error"):
        return response["error"]  # type: ignore[no-any-return]
    detail = payload.get("detail")
    if detail:
        return detail  # type: ignore[no-any-return]
    return payload.get("cause") or None


def _from_fields(payload: Mapping[str, Any]) -> ErrorDetail:
    kind = _text(payload.get("error_type")) or _text(payload.get("type"))
    if kind == "error" or kind.startswith("response."):
        kind = ""
    headers = payload.get("headers")
    return ErrorDetail(
        code=_text(payload.get("code")),
        type=kind,
        message=_text(payload.get("message")),
        param=_text(payload.get("param")),
        status=_status(payload.get("status"))
        or _status(payload.get("status_code"))
        or _status(payload.get("code")),
        resets_at=_number(payload.get("resets_at")),
        resets_in=_number(payload.get("resets_in_seconds", payload.get("retry_after_seconds"))),
        plan=_text(payload.get("plan_type")),
        headers=_headers(headers) if isinstance(headers, Mapping) else _NOTHING,
    )


def _from_text(text: str, depth: int) -> ErrorDetail:
    """A message that wraps JSON, e.g. ``upstream error (status 400): {"error": ...}``."""
    start = text.find("{")
    if start >= 0 and depth > 0:
        decoded = _json_prefix(text[start:])
        if isinstance(decoded, Mapping):
            inner = _read(decoded, depth - 1)
            if inner.message:
                return inner
    return ErrorDetail(message=text.strip())


def _merge(inner: ErrorDetail, outer: ErrorDetail) -> ErrorDetail:
    """The inner error rules; the outer envelope fills what it leaves empty."""
    return replace(
        inner,
        code=inner.code or outer.code,
        type=inner.type or outer.type,
        message=inner.message or outer.message,
        param=inner.param or outer.param,
        status=inner.status if inner.status is not None else outer.status,
        resets_at=inner.resets_at if inner.resets_at is not None else outer.resets_at,
        resets_in=inner.resets_in if inner.resets_in is not None else outer.resets_in,
        plan=inner.plan or outer.plan,
        headers=inner.headers or outer.headers,
    )


def _from_list(errors: list[Any], depth: int) -> ErrorDetail:
    """FastAPI's ``[{"loc": ["body", "input"], "msg": "Field required"}]`` in one line, or the first error."""
    messages = filter(None, map(_validation_message, errors[:_MAX_LISTED]))
    detail = ErrorDetail(message="; ".join(messages))
    if not detail and errors and depth > 0:
        return _read(errors[0], depth - 1)
    return detail


def _validation_message(error: object) -> str:
    if not isinstance(error, Mapping):
        return _text(error)
    message = _text(error.get("msg")) or _text(error.get("message"))
    place = error.get("loc")
    steps = place if isinstance(place, list) else []
    where = ".".join(step for step in map(_scalar, steps) if step)
    return f"{where}: {message}" if where and message else message


def _headers(told: Mapping[str, Any]) -> dict[str, str]:
    values = {name.lower(): _scalar(value) for name, value in told.items()}
    return {name: value for name, value in values.items() if value}


def _scalar(value: object) -> str:
    """A text or a number as text; what holds other values is no text."""
    if isinstance(value, str):
        return value
    number = _number(value)
    return "" if number is None else f"{number:.15g}"


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _number(value: object) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, (int, float)) and abs(value) < 1e15:  # false for NaN and infinity too
        return float(value)
    return None


def _status(value: object) -> int | None:
    number = _number(value)
    return int(number) if number is not None and 100 <= number <= 599 else None
