"""The other ways to ask for the same answer: a stream or none, and an answer that is to go on."""

from __future__ import annotations

from typing import Final

from hermes.providers.adapters import rewrites
from hermes.providers.adapters.builtin.changes import change_named
from hermes.providers.contract import (
    EMPTY_ANSWER,
    NO_ANSWER_TEXT,
    AdapterContext,
    EndpointFact,
    Failure,
    Fallback,
    Request,
    Verdict,
    VerdictKind,
)

__all__ = ["other_way"]

_BROKEN_STREAM: Final = (VerdictKind.ORDER_MISMATCH, VerdictKind.TRUNCATED)


def other_way(request: Request, verdict: Verdict, context: AdapterContext) -> Fallback | None:
    """The other way to ask, where the failure was one of the way; None where it was not."""
    if verdict.code == NO_ANSWER_TEXT:
        return _continued(request, context.failure)
    if verdict.code == "stream_incomplete" and "previous_response_id" in request:
        found = _with_full_history(request, verdict)
        if found is not None:
            return found
    stream = request.replacing(stream=True)
    if verdict.kind is VerdictKind.STREAM_REQUIRED:
        # It may be the prelude that broke the stream before: this time it is not in the way.
        return Fallback("tolerant_stream", stream, tolerate_prelude=True)
    empty = verdict.code == EMPTY_ANSWER
    if empty and not context.streaming:
        if context.scratch.get("empty_stream"):
            return None  # both ways were empty
        return Fallback("stream", stream, tolerate_prelude=True)
    if not empty and verdict.kind not in _BROKEN_STREAM:
        return None
    if empty:
        context.scratch["empty_stream"] = True
    if context.memory.knows(EndpointFact.STREAM_REQUIRED):
        return Fallback("tolerant_stream", stream, tolerate_prelude=True)
    return _without_stream(request) if context.streaming else None


def _without_stream(request: Request) -> Fallback:
    # Some backends stream whatever they are asked for, their prelude included.
    return Fallback("non_stream", request.without("stream", "stream_options"), tolerate_prelude=True)


def _with_full_history(request: Request, verdict: Verdict) -> Fallback | None:
    """A gateway may hide behind a cut stream that it lost the earlier response.

    https://github.com/Soju06/codex-lb/issues/221
    """
    change = change_named("without_previous_response_id")
    changed = request if change is None else change.rewrite(request)
    if change is None or changed is request:
        return None
    return Fallback(
        change.name, changed, tolerate_prelude=True, notice=f"{verdict.message} Asking again {change.how}."
    )


def _continued(request: Request, failure: Failure | None) -> Fallback | None:
    """The same request behind what the model has thought so far."""
    if failure is None or not failure.output:
        return None  # asked the same again, it would stop at the same place
    return Fallback(
        "continue",
        rewrites.with_items_appended(request, failure.output),
        tolerate_prelude=True,
        notice="The model stopped before its answer. Asking it to go on.",
    )
