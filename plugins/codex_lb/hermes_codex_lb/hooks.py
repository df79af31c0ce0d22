"""The adapter's hooks: each reads what it is given and leaves the thinking to the other modules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from hermes.providers.contract import (
    AdapterContext,
    EndpointFact,
    Event,
    Failure,
    Fallback,
    RateLimits,
    Request,
    Verdict,
    Violation,
    hookimpl,
)
from hermes_codex_lb import clock, keepalive, rate_limits, verdicts
from hermes_codex_lb.fallback import without_stream
from hermes_codex_lb.notes import notes_of

__all__ = [
    "classify_stream_error",
    "fallback_request",
    "normalize_stream_event",
    "observe_headers",
    "prepare_request",
    "repair_stream_event",
]

_TELEMETRY: Final = frozenset(("response.metadata", "responsesapi.websocket_timing"))


@hookimpl
def normalize_stream_event(event: Event, context: AdapterContext) -> Sequence[Event] | None:
    """Takes codex-lb's own events and ChatGPT's telemetry out of the stream, wherever they come.

    The Responses API knows none of them, so before ``response.created`` they break its event order:
    https://github.com/NousResearch/hermes-agent/issues/14634
    """
    if event.type == "codex.rate_limits":
        limits = rate_limits.from_event(event.data, clock.now())
        if limits:
            _report(limits, context)
    elif event.type == "codex.keepalive":
        notice = keepalive.waiting_notice(event.data, notes_of(context))
        if notice:
            context.report(notice)
    elif not event.type.startswith("codex.") and event.type not in _TELEMETRY:
        return None
    return []


@hookimpl
def prepare_request(request: Request, context: AdapterContext) -> None:
    """Notes whether the request names an earlier response; it is sent as it is."""
    notes_of(context).continues = "previous_response_id" in request


@hookimpl
def repair_stream_event(
    violation: Violation, event: Event, context: AdapterContext
) -> Sequence[Event] | None:
    """Drops codex-lb's idle ``response.in_progress`` where it comes before ``response.created``.

    It is a keepalive; a ``response.created`` made from it would collide with the one that follows:
    https://github.com/Soju06/codex-lb/blob/main/app/modules/proxy/_service/http_bridge/streaming.py
    """
    if violation == Violation.CREATED_MISSING and event.type == "response.in_progress":
        return []
    return None


@hookimpl
def observe_headers(headers: Mapping[str, str], context: AdapterContext) -> None:
    """Reports the rate limits that stand in the response headers."""
    for limits in rate_limits.from_headers(headers, clock.now()):
        _report(limits, context)


@hookimpl
def classify_stream_error(failure: Failure, context: AdapterContext) -> Verdict | None:
    """Judges the errors of codex-lb and of ChatGPT behind it, by code and whatever way they came."""
    at = failure.received_at or clock.now()
    # A relayed error carries the headers that ChatGPT sent with it.
    for limits in rate_limits.from_headers(failure.detail.headers, at):
        _report(limits, context)
    return verdicts.judge(failure, notes_of(context), at)


@hookimpl
def fallback_request(request: Request, verdict: Verdict, context: AdapterContext) -> Fallback | None:
    """Asks again without streaming where the stream cannot be used and the endpoint allows it."""
    if context.memory.knows(EndpointFact.STREAM_REQUIRED):
        return None
    if notes_of(context).continues:
        return None  # the whole history comes first, which Hermes' own adapter knows to send
    return without_stream(request, verdict)


def _report(limits: RateLimits, context: AdapterContext) -> None:
    news = notes_of(context).learn(limits)
    if news:
        context.report(news)
