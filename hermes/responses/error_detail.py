"""One shape for every error envelope that backends send.

Seen shapes: flat ``error`` events, nested ``error`` objects, ``response.failed``, ``{"detail": ...}``, lists
of errors, strings, JSON inside messages, JSON with SSE after it, plain text. The flat event is the documented
one: https://platform.openai.com/docs/api-reference/responses-streaming/error
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

from hermes.responses.decode import decode_frame
from hermes.responses.error_text import LONGEST_TEXT, json_inside, json_prefix, status_inside, unquoted
from hermes.responses.events import Event
from hermes.responses.sse import SSEDecoder

__all__ = ["ErrorDetail", "error_detail", "error_detail_from_body"]

_MAX_DEPTH: Final = 6
"""Three envelopes, each in the words of the one around it."""
_MAX_LISTED: Final = 5
_MAX_HEADERS: Final = 64
_LONGEST_PLAIN_TEXT: Final = 500
_LONGEST_WORD: Final = 80
_NOTHING: Final[Mapping[str, str]] = {}


@dataclass(frozen=True, slots=True)
class ErrorDetail:
    """An error as the backend told it; every field is empty where the backend left it out.

    Attributes:
        code: machine-readable code, e.g. ``rate_limit_exceeded``.
        type: error family, e.g. ``invalid_request_error``.
        message: the backend's sentence, unwrapped.
        param: the request parameter that is to blame, as a path such as ``input[1].summary``.
        status: HTTP status that the envelope itself names.
        resets_at: Unix seconds at which a limit resets.
        resets_in: seconds until a limit resets.
        plan: the plan of the account.
        headers: headers that the envelope carries for relays, names in lower case.
        request_id: the backend's id of the request.
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
    request_id: str = ""

    def __bool__(self) -> bool:
        return bool(self.code or self.type or self.message)


def error_detail(payload: object) -> ErrorDetail:
    """Reads an error from a decoded JSON value: an event, a Response object or an HTTP error body.

    Never raises: what it does not understand is left empty.
    """
    return _read(payload, _MAX_DEPTH)


def error_detail_from_body(body: bytes) -> ErrorDetail:
    """Reads an error from an HTTP body: JSON, SSE or plain text; markup gives an empty detail."""
    text = unquoted(body.decode("utf-8-sig", "replace").strip())
    if not text or text.startswith("<"):
        return ErrorDetail()
    told = _from_frames(body) if b"data:" in body else ErrorDetail()
    decoded = json_prefix(text)
    if decoded is not None:
        # Where both are there, the frames are what the backend behind the gateway said. An error without
        # code, type or message may still say when to ask again.
        return _merge(told, error_detail(decoded))
    return told or _from_text(text, _MAX_DEPTH, _LONGEST_PLAIN_TEXT)


def _from_frames(body: bytes) -> ErrorDetail:
    """The first error that an SSE body tells, also where it follows JSON without a line between.

    https://github.com/Wei-Shaw/sub2api/issues/3038
    """
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
    if isinstance(payload.get("loc"), (list, tuple)):
        return _from_list([payload], depth)
    detail = _from_fields(payload)
    if depth <= 0:
        return detail
    inner = _inner_error(payload)
    if isinstance(inner, str) and detail.message:
        return _with_word(_unwrapped(detail, depth), inner, depth)
    told = _read(inner, depth - 1)
    # Each text is opened once, by the envelope that holds it.
    return _merge(told, detail) if told.message else _merge(told, _unwrapped(detail, depth))


def _unwrapped(detail: ErrorDetail, depth: int) -> ErrorDetail:
    return _merge(_from_text(detail.message, depth), detail)


def _inner_error(payload: Mapping[str, Any]) -> object | None:
    """The error within an envelope; what is empty or null is none."""
    response, metadata = payload.get("response"), payload.get("metadata")
    return (
        payload.get("error")
        or (response.get("error") if isinstance(response, Mapping) else None)
        or payload.get("detail")
        or payload.get("errors")
        or payload.get("cause")
        # https://openrouter.ai/docs/api-reference/errors
        or (metadata.get("raw") if isinstance(metadata, Mapping) else None)
        or None
    )


def _from_fields(payload: Mapping[str, Any]) -> ErrorDetail:
    def first(*names: str) -> str:
        return next(filter(None, (_text(payload.get(name)) for name in names)), "")

    kind = first("error_type", "type")
    if kind == "error" or kind.startswith(("response.", "about:", "http://", "https://")):
        kind = ""
    status = _text(payload.get("status"))
    if not kind and status.isupper():
        kind = status  # https://cloud.google.com/apis/design/errors
    headers = payload.get("headers")
    statuses = ("status", "status_code", "statusCode", "http_status", "code")
    return ErrorDetail(
        code=first("code", "error_code"),
        type=kind,
        message=first("message", "msg", "error_message", "error_msg", "error_description"),
        param=first("param"),
        status=next(filter(None, (_status(payload.get(name)) for name in statuses)), None),
        resets_at=_latest(_moment(payload.get(name)) for name in ("resets_at", "reset_at")),
        resets_in=_resets_in(payload),
        plan=first("plan_type"),
        headers=_headers(headers) if isinstance(headers, Mapping) else _NOTHING,
        request_id=first("request_id", "requestId"),
    )


def _resets_in(payload: Mapping[str, Any]) -> float | None:
    names = ("resets_in_seconds", "reset_after_seconds", "retry_after_seconds", "retry_after")
    milliseconds = _number(payload.get("retry_after_ms"))
    told = [_number(payload.get(name)) for name in names]
    return _latest([*told, None if milliseconds is None else milliseconds / 1000])


def _with_word(detail: ErrorDetail, inner: str, depth: int) -> ErrorDetail:
    """An envelope that holds a message and, under ``error``, a text: a code, or a second sentence."""
    word = inner.strip()
    if len(word) <= _LONGEST_WORD and word.isascii() and not word.count(" "):
        return replace(detail, code=detail.code or word)
    told = _from_text(word, depth - 1)
    rules = told.message != word or len(word) > len(detail.message)  # unwrapped, or it just says more
    return _merge(told, detail) if rules else _merge(detail, told)


def _from_text(text: str, depth: int, longest: int = LONGEST_TEXT) -> ErrorDetail:
    """A message that may wrap JSON, e.g. ``upstream error (status 400): {"error": ...}``."""
    text = _text(text)
    outer = ErrorDetail(message=text[:longest], status=status_inside(text))
    if depth > 0 and "{" in text:
        for value in json_inside(text):
            inner = _read(value, depth - 1)
            if inner.message:
                return _merge(inner, outer)
    return outer


def _merge(inner: ErrorDetail, outer: ErrorDetail) -> ErrorDetail:
    """The inner error rules; the outer envelope fills what it leaves empty."""
    return ErrorDetail(
        code=inner.code or outer.code,
        type=inner.type or outer.type,
        message=inner.message or outer.message,
        param=inner.param or outer.param,
        status=inner.status if inner.status is not None else outer.status,
        resets_at=inner.resets_at if inner.resets_at is not None else outer.resets_at,
        resets_in=inner.resets_in if inner.resets_in is not None else outer.resets_in,
        plan=inner.plan or outer.plan,
        headers=inner.headers or outer.headers,
        request_id=inner.request_id or outer.request_id,
    )


def _from_list(errors: list[Any], depth: int) -> ErrorDetail:
    """Errors in one line, e.g. FastAPI's ``[{"loc": ["body", "input"], "msg": "Field required"}]``.

    https://fastapi.tiangolo.com/tutorial/handling-errors/
    """
    listed = errors[:_MAX_LISTED]
    first = next((error for error in listed if isinstance(error, Mapping)), None)
    message = "; ".join(filter(None, map(_validation_message, listed)))
    if not message or first is None:
        return (
            _read(errors[0], depth - 1)
            if errors and depth > 0 and not message
            else ErrorDetail(message=message)
        )
    place = first.get("loc")
    told = _from_fields(first)
    param = _path(place) if isinstance(place, (list, tuple)) else told.param
    return replace(told, message=message, param=param)


def _validation_message(error: object) -> str:
    if not isinstance(error, Mapping):
        return _text(error)
    message = _text(error.get("msg")) or _text(error.get("message"))
    place = error.get("loc")
    steps = place if isinstance(place, (list, tuple)) else ()
    where = ".".join(step for step in map(_scalar, islice(steps, _MAX_HEADERS)) if step)
    return f"{where}: {message}" if where and message else message


def _path(place: Iterable[object]) -> str:
    """``["body", "input", 1, "summary"]`` as ``input[1].summary``."""
    path = ""
    for step in islice(place, _MAX_HEADERS):
        if isinstance(step, int) and not isinstance(step, bool):
            path += f"[{step}]"
        elif isinstance(step, str) and step and not (step == "body" and not path):
            path += f".{step}" if path else step
    return path


def _headers(told: Mapping[str, Any]) -> dict[str, str]:
    values = {str(name).lower(): _scalar(value) for name, value in islice(told.items(), _MAX_HEADERS)}
    return {name: value for name, value in values.items() if value}


def _scalar(value: object) -> str:
    """A text or a number as text; what holds other values is no text."""
    if isinstance(value, str):
        return _text(value)
    number = _number(value)
    return "" if number is None else f"{number:.15g}"


def _text(value: object) -> str:
    """Text that can be written as UTF-8, of a bearable length."""
    if not isinstance(value, str):
        return ""
    return value[:LONGEST_TEXT].strip().encode("utf-8", "replace").decode()


def _number(value: object) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        try:
            value = float(value[:_LONGEST_WORD])
        except ValueError:
            return None
    if isinstance(value, (int, float)) and abs(value) < 1e15:  # false for NaN and infinity too
        return float(value)
    return None


def _moment(value: object) -> float | None:
    """Unix seconds, told as a number or as an ISO date, which is UTC where it names no zone."""
    number = _number(value)
    if number is not None or not isinstance(value, str):
        return number
    try:
        moment = datetime.fromisoformat(value.strip()[:_LONGEST_WORD])
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def _latest(times: Iterable[float | None]) -> float | None:
    latest = max((time for time in times if time is not None), default=-math.inf)
    return latest if latest > -math.inf else None


def _status(value: object) -> int | None:
    number = _number(value)
    return int(number) if number is not None and 100 <= number <= 599 else None
