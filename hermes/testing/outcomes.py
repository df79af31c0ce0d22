"""Short names for the outcomes that scenarios expect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from hermes.testing.scenario import Expected, RequestKind

__all__ = [
    "FELL_BACK",
    "ONCE",
    "REFUSED_FALLBACK",
    "RETRIED",
    "RETRIED_THEN_FELL_BACK",
    "RETRIED_TWICE",
    "complete",
    "failed",
    "partial",
    "unconfirmed",
    "with_codex_lb",
]

Requests = tuple[RequestKind, ...]

ONCE: Final[Requests] = ("stream",)
RETRIED: Final[Requests] = ("stream", "stream")
RETRIED_TWICE: Final[Requests] = ("stream", "stream", "stream")
RETRIED_THEN_FELL_BACK: Final[Requests] = ("stream", "stream", "non_stream")
FELL_BACK: Final[Requests] = ("stream", "non_stream")
REFUSED_FALLBACK: Final[Requests] = ("stream", "non_stream", "stream")


def complete(requests: Requests = ONCE, **changes: Any) -> Expected:
    """A whole answer."""
    return Expected(requests=requests, **changes)


def failed(verdict: str, requests: Requests = ONCE, *, says: tuple[str, ...] = ()) -> Expected:
    """No answer at all, and a sentence that tells why."""
    return Expected(
        requests=requests,
        status="failed",
        text="",
        exit_code=1,
        verdict=verdict,
        total_tokens=None,
        says=says,
    )


def partial(text: str, verdict: str, requests: Requests = ONCE, **changes: Any) -> Expected:
    """The beginning of an answer; no usage came."""
    outcome = Expected(
        requests=requests, status="partial", text=text, exit_code=3, verdict=verdict, total_tokens=None
    )
    return replace(outcome, **changes)


def unconfirmed(text: str, verdict: str, requests: Requests = ONCE) -> Expected:
    """Every item is there and the end of the answer was never told; no usage came."""
    return replace(partial(text, verdict, requests), status="unconfirmed")


def with_codex_lb(expected: Expected, **changes: Any) -> Mapping[str, Expected]:
    """What ``expected`` becomes with the plugin ``codex_lb``: rate limits are read, unless told otherwise."""
    return {"codex_lb": replace(expected, **{"rate_limits": True, **changes})}
