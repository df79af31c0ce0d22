"""Checks of what adapters answer and report: the contract's types, and the fields that Hermes relies on.

The contract's dataclasses check nothing themselves, so a wrong field would break the call far away from
the adapter that is to blame.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

from hermes.providers.contract import (
    Event,
    Fallback,
    Notice,
    RateLimits,
    RateLimitWindow,
    Request,
    Verdict,
    VerdictKind,
)

__all__ = [
    "MAX_EVENTS",
    "checked_events",
    "checked_fallback",
    "checked_report",
    "checked_request",
    "checked_verdict",
    "nothing",
]

MAX_EVENTS: Final = 1000
"""The most events that adapters may make of one."""


def checked_events(answer: Any) -> Sequence[Event]:
    """The events to put in the place of one."""
    if type(answer) is list and len(answer) == 1:  # what nearly every answer to a delta is
        (event,) = answer
        if type(event) is Event and type(event.type) is str and type(event.data) is dict:
            return answer
    if not isinstance(answer, (list, tuple)):
        raise TypeError(f"a list of events was expected, not {_shape(answer)}")
    for event in answer:
        if not isinstance(event, Event):
            raise TypeError(f"a list of events was expected, not {_shape(answer)}")
        if not isinstance(event.type, str) or not isinstance(event.data, dict):
            raise TypeError("an event without a `type` or `data` of the right kind")
    if len(answer) > MAX_EVENTS:
        raise ValueError(f"{len(answer):,} events for one")
    return answer


def checked_verdict(answer: Any) -> Verdict:
    """A verdict on a failure."""
    if not isinstance(answer, Verdict):
        raise TypeError(f"a Verdict was expected, not {_shape(answer)}")
    _check(answer, VerdictKind, "kind")
    _check(answer, str, "message", "hint", "code", "request_id", "param")
    _check(answer, bool, "retryable")
    _check(answer, (int, type(None)), "status", "retries")
    _check(answer, (int, float, type(None)), "retry_at")
    if answer.retry_at is not None and not math.isfinite(answer.retry_at):
        raise ValueError(f"a Verdict with `retry_at` {answer.retry_at}")
    return answer


def checked_fallback(answer: Any) -> Fallback:
    """Another request."""
    if not isinstance(answer, Fallback):
        raise TypeError(f"a Fallback was expected, not {_shape(answer)}")
    _check(answer, Request, "request")
    _check(answer, str, "strategy", "notice", "lesson")
    _check(answer, bool, "tolerate_prelude")
    if not answer.strategy:
        raise ValueError("a Fallback without a `strategy`")
    return answer


def checked_request(answer: Any) -> Request:
    """The request to send."""
    if not isinstance(answer, Request):
        raise TypeError(f"a Request was expected, not {_shape(answer)}")
    return answer


def checked_report(item: Any, source: str) -> RateLimits | Notice:
    """What an adapter tells the caller; a notice gets ``source`` where it names none."""
    if isinstance(item, Notice):
        _check(item, str, "text", "kind", "source")
        return Notice(item.text, item.kind, item.source or source)
    if isinstance(item, RateLimits):
        _check(item, str, "plan", "limit_name")
        _check(item, tuple, "windows")
        for window in item.windows:
            if not isinstance(window, RateLimitWindow):
                raise TypeError(f"RateLimits with {_shape(window)} among its `windows`")
            _check(window, str, "name")
            _check(window, (int, float), "used_percent")
            _check(window, (int, float, type(None)), "minutes", "resets_at")
        return item
    raise TypeError(f"context.report takes RateLimits or a Notice, not {_shape(item)}")


def nothing(answer: Any) -> None:
    """No answer was expected."""
    raise TypeError(f"no answer was expected, not {_shape(answer)}")


def _check(answer: object, kind: type | tuple[type, ...], *fields: str) -> None:
    for field in fields:
        value = getattr(answer, field)
        if not isinstance(value, kind):
            raise TypeError(f"a {type(answer).__name__} whose `{field}` is {_shape(value)}")


def _shape(answer: object) -> str:
    if isinstance(answer, (list, tuple)):
        inner = ", ".join(sorted({type(entry).__name__ for entry in answer}))
        return f"a {type(answer).__name__} of {inner}" if inner else f"an empty {type(answer).__name__}"
    return f"a {type(answer).__name__}"
