"""What is right for every backend: verdicts on failures, safe fallbacks, and generic keepalives dropped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hermes.providers.adapters.verdicts import verdict_of
from hermes.providers.contract import (
    AdapterContext,
    EndpointFact,
    Event,
    Failure,
    Fallback,
    Request,
    Verdict,
    VerdictKind,
    hookimpl,
)

name: Final = "builtin"
api_version: Final = 1
priority: Final = -1000  # everybody else is asked first
# Undocumented liveness signals: https://github.com/openai/openai-node/issues/1964 and
# https://github.com/OpenRouterTeam/python-sdk/issues/266
event_types: Final = ("keepalive", "ping", "response.keep_alive")

_NEEDED: Final = frozenset({"model", "input", "stream"})
_REFUSED_CODES: Final = frozenset({"unsupported_parameter", "unsupported_value", "unknown_parameter"})


@hookimpl
def normalize_stream_event(event: Event, context: AdapterContext) -> Sequence[Event]:
    """Drops keepalives wherever they come: they say that the backend lives, and nothing else."""
    return ()


@hookimpl
def classify_stream_error(failure: Failure, context: AdapterContext) -> Verdict:
    """A verdict on any failure."""
    return verdict_of(failure)


@hookimpl
def fallback_request(request: Request, verdict: Verdict, context: AdapterContext) -> Fallback | None:
    """The other way to ask for the same answer, where the failure was one of the way."""
    if verdict.kind is VerdictKind.BAD_REQUEST:
        return _without_parameter(request, verdict)
    stream = request.replacing(stream=True)
    if verdict.kind is VerdictKind.STREAM_REQUIRED:
        # It may be the prelude that broke the stream before: this time it is not in the way.
        return Fallback("tolerant_stream", stream, tolerate_prelude=True)
    empty = verdict.code == "empty_answer"
    if empty and not context.streaming:
        if context.scratch.get("empty_stream"):
            return None  # both ways were empty
        return Fallback("stream", stream, tolerate_prelude=True)
    if not empty and verdict.kind not in (VerdictKind.ORDER_MISMATCH, VerdictKind.TRUNCATED):
        return None
    if empty:
        context.scratch["empty_stream"] = True
    if context.memory.knows(EndpointFact.STREAM_REQUIRED):
        return Fallback("tolerant_stream", stream, tolerate_prelude=True)
    if not context.streaming:
        return None
    # Some backends stream whatever they are asked for, their prelude included.
    return Fallback("non_stream", request.without("stream", "stream_options"), tolerate_prelude=True)


def _without_parameter(request: Request, verdict: Verdict) -> Fallback | None:
    """The request without the parameter that the backend refuses by name; the user is told.

    https://github.com/Wei-Shaw/sub2api/pull/589
    """
    name = verdict.param
    refused = verdict.code in _REFUSED_CODES or "parameter" in verdict.message.lower()
    if not refused or name not in request or name in _NEEDED:
        return None
    notice = f"{verdict.message} Asking again without `{name}`."
    return Fallback(f"without_{name}", request.without(name), notice=notice)
