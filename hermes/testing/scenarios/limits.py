"""Limits: when to come back, and how much is left."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any, Final

from hermes.testing.frames import event, frame, frames
from hermes.testing.outcomes import (
    ONCE,
    RETRIED,
    RETRIED_TWICE,
    complete,
    failed,
    partial,
    with_codex_lb,
)
from hermes.testing.replies import Headers, event_stream, http_error
from hermes.testing.scenario import Expected, Reply, Scenario
from hermes.testing.scenarios.common import (
    CODEX_HEADERS,
    GOOD,
    HALF_WAY,
    HELLO,
    ONLY_CREATED,
    rate_limits_event,
)
from hermes.testing.wire import failed as failed_event
from hermes.testing.wire import good_stream

__all__ = ["SCENARIOS"]

_NEXT_WEEK: Final = int(time.time()) + 7 * 86400
"""A moment that a backend names has to lie ahead of whoever plays the scenario."""
_AT_ONCE: Final = failed("rate_limited", ONCE)
"""The delay is longer than anybody waits: no second request."""


def _limited(
    id: str,  # noqa: A002  # the field's name
    quirk: int,
    summary: str,
    reply: Reply,
    expected: Expected | None = None,
    live: Expected | None = None,
) -> Scenario:
    """The first attempt hits a limit; the second one is good, if it is made."""
    return Scenario(id, quirk, summary, (reply, GOOD), (HELLO,), expected or complete(RETRIED), live)


def _in_stream(message: str) -> tuple[bytes, ...]:
    return frames([failed_event("rate_limit_exceeded", message)])


def _in_200_stream() -> list[Scenario]:
    quirk = "rate-limit-in-200-stream"
    prefix = "Rate limit reached for gpt-5 in organization org-x on tokens per min (TPM): Limit 250000."
    short = {
        "seconds": f"{prefix} Please try again in 14.036s. Visit the limits page to learn more.",
        "milliseconds": f"{prefix} Please try again in 250ms.",
        "word": "Rate limit is exceeded. Try again in 17 seconds.",
        "empty-message": "",
        "no-delay": "Rate limit reached.",
    }
    long = {
        "minutes": f"{prefix} Please try again in 7m12s.",
        "minutes-word": "Rate limit is exceeded. Try again in 5 minutes.",
        "days": "You have hit the limit. Try again in 5 days 22 hours 11 minutes.",
    }
    return [
        *(
            _limited(
                f"{quirk}/{name}",
                11,
                f"a short delay in the message, of the form {name}",
                event_stream(*ONLY_CREATED, *_in_stream(message)),
            )
            for name, message in short.items()
        ),
        *(
            _limited(
                f"{quirk}/{name}",
                11,
                f"a long delay in the message, of the form {name}",
                event_stream(*ONLY_CREATED, *_in_stream(message)),
                _AT_ONCE,
            )
            for name, message in long.items()
        ),
        Scenario(
            f"{quirk}/always",
            11,
            "every attempt is limited for 14 seconds",
            (event_stream(*ONLY_CREATED, *_in_stream(short["seconds"])),),
            (HELLO,),
            failed("rate_limited", RETRIED_TWICE),
        ),
        Scenario(
            f"{quirk}/sum-over-limit",
            11,
            "every attempt is limited for 40 seconds: one wait is bearable, two are not",
            (event_stream(*ONLY_CREATED, *_in_stream("Please try again in 40s.")),),
            (HELLO,),
            failed("rate_limited", RETRIED),
        ),
        _limited(
            f"{quirk}/mid-text",
            11,
            "the limit is hit half-way through the text",
            event_stream(*HALF_WAY, *_in_stream(short["seconds"])),
            live=partial("Hel", "rate_limited"),
        ),
    ]


def _usage_limits() -> list[Scenario]:
    quirk = "usage-limit-reached"
    quota = failed("quota", says=("The usage limit of the plus plan is reached",))
    bare = failed("quota", says=("The usage limit is reached", "another provider"))
    message = "The usage limit has been reached"
    fields: dict[str, Any] = {"plan_type": "plus", "resets_at": _NEXT_WEEK, "resets_in_seconds": 13872}
    plain = http_error(429, message, type="usage_limit_reached", **fields)
    with_headers = http_error(
        429, message, type="usage_limit_reached", headers=CODEX_HEADERS, eligible_promo=None, **fields
    )
    with_code = http_error(
        429, message, type="usage_limit_reached", code="usage_limit_reached", resets_at=_NEXT_WEEK
    )
    relayed = event(
        "error",
        status_code=429,
        error={"type": "usage_limit_reached", "message": message, **fields},
        headers={"Content-Type": "application/json"},
    )
    return [
        Scenario(f"{quirk}/http", 12, "HTTP 429 with the type only", (plain,), (plain,), quota),
        Scenario(
            f"{quirk}/http-headers",
            12,
            "HTTP 429 with rate-limit headers",
            (with_headers,),
            (with_headers,),
            quota,
            expected_with=with_codex_lb(quota, says=("The usage limit of the ChatGPT plus plan is reached",)),
        ),
        Scenario(f"{quirk}/codex-lb", 12, "HTTP 429 with type and code", (with_code,), (with_code,), bare),
        Scenario(
            f"{quirk}/error-event",
            12,
            "an error event that carries status and headers",
            (event_stream(relayed),),
            (HELLO,),
            quota,
        ),
        Scenario(
            f"{quirk}/response-failed",
            12,
            "a failed response",
            (event_stream(*ONLY_CREATED, *frames([failed_event("usage_limit_reached", message)])),),
            (HELLO,),
            bare,
        ),
    ]


def _retry_after() -> list[Scenario]:
    quirk = "retry-after-forms"

    def refused(message: str = "Too many requests.", headers: Headers = (), **fields: Any) -> Reply:
        kind = {"type": "rate_limit_error", "code": "rate_limit_exceeded"}
        return http_error(429, message, headers=headers, **kind, **fields)

    overloaded = http_error(
        503,
        "The service is unavailable.",
        type="service_unavailable_error",
        code="server_is_overloaded",
        headers=(("Retry-After", "5"),),
    )
    failure = frame(failed_event("rate_limit_exceeded", "Too many requests."))
    iso = datetime.fromtimestamp(_NEXT_WEEK, UTC).isoformat().replace("+00:00", "Z")
    date = ("Date", "Fri, 01 Jan 2027 00:00:00 GMT")
    short = {
        "header-seconds": refused(headers=(("Retry-After", "5"),)),
        "header-past-date": refused(headers=(("Retry-After", "Mon, 01 Jan 2001 00:00:00 GMT"),)),
        "header-date": refused(headers=(date, ("Retry-After", "Fri, 01 Jan 2027 00:00:05 GMT"))),
        "header-milliseconds": refused(headers=(("retry-after-ms", "1500"),)),
        "body-resets-in": refused(resets_in_seconds=20),
        "body-retry-after": refused(retry_after_seconds=20),
        "longest-of-all": refused("Try again in 2s.", (("Retry-After", "5"),), retry_after_seconds=20),
        "nonsense": refused("Try again in 99999999 days.", (("Retry-After", "1e300"),), resets_at=-5),
        "text": refused("Rate limit reached. Please try again in 1.5s."),
        "unavailable": overloaded,
        "sse-retry": event_stream(*ONLY_CREATED, b"retry: 2000\n" + failure),
        "nothing": refused(),
    }
    long = {
        "header-hour": refused(headers=(("Retry-After", "3600"),)),
        "header-date-hour": refused(
            headers=(date, ("Retry-After", "Fri, 01 Jan 2027 01:00:00 GMT")),
        ),
        "header-milliseconds-hour": refused(headers=(("retry-after-ms", "3600000"),)),
        "body-resets-in-hours": refused(resets_in_seconds=13872),
        "body-resets-at": refused(resets_at=_NEXT_WEEK),
        "text-minutes": refused("Rate limit reached. Please try again in 7m12s."),
        "text-hours": refused("Usage resets in 3 hours."),
        "text-days": refused("Please try again in 5 days 22 hours 11 minutes."),
        "body-date": refused(resets_at=iso),
        "text-date": refused(f"API key request limit exceeded. Usage resets at {iso}."),
    }
    return [
        *(
            _limited(f"{quirk}/{name}", 116, f"a short delay of the form {name}", reply)
            for name, reply in short.items()
        ),
        *(
            _limited(f"{quirk}/{name}", 116, f"a long delay of the form {name}", reply, _AT_ONCE)
            for name, reply in long.items()
        ),
    ]


def _headers() -> list[Scenario]:
    primary = "x-codex-primary"
    shapes: dict[str, Headers] = {
        "full": CODEX_HEADERS,
        "empty-values": (
            (f"{primary}-used-percent", "12"),
            ("x-codex-secondary-used-percent", ""),
            ("x-codex-secondary-reset-at", ""),
            ("x-codex-credits-balance", ""),
        ),
        "free-plan": (
            ("x-codex-plan-type", "free"),
            (f"{primary}-used-percent", "60"),
            (f"{primary}-window-minutes", "10080"),
            ("x-codex-secondary-used-percent", "0"),
            ("x-codex-secondary-window-minutes", "0"),
        ),
        "second-family": (
            *CODEX_HEADERS,
            ("x-codex-bengalfox-primary-used-percent", "99"),
            ("x-codex-bengalfox-primary-window-minutes", "300"),
            ("x-codex-bengalfox-limit-name", "Spark"),
        ),
        "monthly": (
            ("x-codex-monthly-used-percent", "5"),
            ("x-codex-monthly-window-minutes", "43200"),
            ("x-codex-monthly-reset-at", "1777936568"),
        ),
        "booleans": (
            (f"{primary}-used-percent", "1"),
            ("x-codex-credits-has-credits", "False"),
            ("x-codex-credits-unlimited", "0"),
            ("x-codex-credits-balance", "1348.7450000000"),
        ),
        "not-a-number": (
            (f"{primary}-used-percent", "NaN"),
            (f"{primary}-reset-at", "inf"),
            ("x-codex-secondary-used-percent", "80"),
            ("x-codex-secondary-window-minutes", "10080"),
        ),
    }
    return [
        Scenario(
            f"x-codex-header-family/{name}",
            114,
            f"rate-limit headers of the kind {name}",
            (event_stream(*good_stream(), headers=headers),),
            (HELLO,),
            expected_with=with_codex_lb(complete()),
        )
        for name, headers in shapes.items()
    ]


def _events() -> list[Scenario]:
    good = good_stream()
    family = {"metered_limit_name": "codex_bengalfox", "limit_name": "Spark", "limit_id": "bengalfox"}

    def windows(**primary: Any) -> dict[str, Any]:
        return {"rate_limits": {"allowed": True, "limit_reached": False, "primary": primary}}

    shapes: dict[str, dict[str, Any]] = {
        "full": {"metered_limit_name": "codex", "limit_name": None, "limit_id": None},
        "no-windows": {"rate_limits": {"allowed": True}, "credits": None},
        "resets-at": windows(used_percent=33, window_minutes=300, resets_at=1700000300),
        "reset-after-seconds": windows(used_percent=33, window_minutes=300, reset_after_seconds=120),
        "credits-inside": {
            "credits": None,
            "rate_limits": {
                "allowed": True,
                "primary": {"used_percent": 33, "window_minutes": 300},
                "credits": {"has_credits": True, "unlimited": False, "balance": "12.50"},
            },
        },
        "second-family": family,
        "strings": windows(used_percent="33", window_minutes="300", reset_at="1700000300"),
    }
    return [
        Scenario(
            f"codex-rate-limits-event-shape/{name}",
            115,
            f"codex.rate_limits of the kind {name}",
            (event_stream(good[0], frame(rate_limits_event(**shape)), *good[1:]),),
            (HELLO,),
            expected_with=with_codex_lb(complete()),
        )
        for name, shape in shapes.items()
    ]


SCENARIOS: Final = (*_in_200_stream(), *_usage_limits(), *_retry_after(), *_headers(), *_events())
