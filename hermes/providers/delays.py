"""When a backend wants to be asked again, in every form in which backends say it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from hermes.providers.failure import Failure

__all__ = ["retry_at"]

_LONGEST: Final = 366 * 86400.0
_UNIT_SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PIECE: Final = re.compile(
    r"(\d+(?:\.\d+)?)\s*"
    r"(milliseconds?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d)(?![a-z])[\s,]*(?:and\s+)?",
    re.IGNORECASE,
)
# "Please try again in 14.036s", "in 7m12s", "in 5 days 22 hours 11 minutes", "Usage resets at 2026-...Z":
# https://github.com/openai/codex/issues/3899
_AGAIN: Final = r"\b(?:try again|retry|wait|reset(?:s|ting)?|available(?: again)?|renews?|refresh(?:es)?)"
_DELAY: Final = re.compile(
    rf"{_AGAIN}(?: after| in| for| within)?:?(?: about| approximately| around)?\s+(?=\d)", re.IGNORECASE
)
_MOMENT: Final = re.compile(
    rf"{_AGAIN}(?: at| on| after| until| from)?:?\s+"
    r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)",
    re.IGNORECASE,
)


def retry_at(failure: Failure) -> float | None:
    """The Unix time before which the backend does not want to be asked again; None where it does not say.

    Reads ``Retry-After`` as seconds and as a date, ``retry-after-ms``, the ``retry:`` field of the stream,
    the times and delays in the fields of the error, and the words of its message. The latest one counts; what
    is past, or further away than a year, says nothing.

    https://datatracker.ietf.org/doc/html/rfc9110#field.retry-after
    """
    now = failure.received_at
    times = [time for time in _told(failure) if now <= time <= now + _LONGEST]
    return max(times, default=None)


def _told(failure: Failure) -> Iterator[float]:
    now = failure.received_at
    detail = failure.detail
    for headers in (failure.headers, detail.headers):
        yield from _from_headers(headers, now)
    if failure.retry_after_ms is not None:
        yield now + failure.retry_after_ms / 1000
    if detail.resets_at is not None:
        yield detail.resets_at
    if detail.resets_in is not None and detail.resets_in >= 0:
        yield now + detail.resets_in
    yield from _from_text(detail.message, now)


def _from_headers(headers: Mapping[str, str], now: float) -> Iterator[float]:
    milliseconds = _number(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        yield now + milliseconds / 1000
    told = headers.get("retry-after", "").strip()
    seconds = _number(told)
    if seconds is not None:
        yield now + seconds
        return
    date = _http_date(told)
    if date is not None:
        # The two clocks may differ: the delay is what the server means.
        yield now + max(0.0, date - (_http_date(headers.get("date", "")) or now))


def _from_text(message: str, now: float) -> Iterator[float]:
    message = message[:2000]
    for match in _DELAY.finditer(message):
        seconds, place = 0.0, match.end()
        while piece := _PIECE.match(message, place):
            seconds += float(piece[1]) * _UNIT_SECONDS[_unit(piece[2])]
            place = piece.end()
        if place > match.end():
            yield now + seconds
    for match in _MOMENT.finditer(message):
        try:
            moment = datetime.fromisoformat(match[1])
        except ValueError:
            continue
        yield _utc_timestamp(moment)


def _unit(word: str) -> str:
    word = word.lower()
    return "ms" if word.startswith(("ms", "milli")) else word[0]


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if 0 <= number < _LONGEST * 1000 else None


def _http_date(text: str) -> float | None:
    try:
        return _utc_timestamp(parsedate_to_datetime(text))
    except (ValueError, OverflowError):
        return None


def _utc_timestamp(moment: datetime) -> float:
    """Without a zone, UTC is meant and not this machine's zone."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
