"""What is right for every backend: verdicts, requests put right, and generic keepalives dropped.

What only failed attempts need is imported there: its tables of words take milliseconds to compile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from hermes.providers.adapters import rewrites
from hermes.providers.adapters.builtin.changes import FOR_THE_SESSION, is_passing
from hermes.providers.adapters.builtin.other_ways import other_way
from hermes.providers.adapters.builtin.preflight import MADE, prepared
from hermes.providers.contract import (
    AdapterContext,
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

_CORRECTABLE: Final = (VerdictKind.BAD_REQUEST, VerdictKind.REPLAY_INVALID)
_BARE: Final = "bare"
_SEND_IT_WHOLE: Final = (
    "The request holds only what is new: send the whole conversation, without `previous_response_id`."
)


@hookimpl
def prepare_request(request: Request, context: AdapterContext) -> Request:
    """The request as every backend takes it, and as this one has taught."""
    request = prepared(request, context)
    context.scratch[_BARE] = "previous_response_id" in request and not rewrites.stands_alone(request)
    return request


@hookimpl
def normalize_stream_event(event: Event, context: AdapterContext) -> Sequence[Event]:
    """Drops keepalives wherever they come: they say that the backend lives, and nothing else."""
    return ()


@hookimpl
def classify_stream_error(failure: Failure, context: AdapterContext) -> Verdict:
    """A verdict on any failure."""
    from hermes.providers.adapters.builtin.corrections import is_about_previous_response
    from hermes.providers.adapters.verdicts import verdict_of

    verdict = verdict_of(failure)
    if verdict.kind in _CORRECTABLE and context.scratch.get(_BARE) and is_about_previous_response(verdict):
        verdict = replace(verdict, hint=_SEND_IT_WHOLE)
    return verdict


@hookimpl
def fallback_request(request: Request, verdict: Verdict, context: AdapterContext) -> Fallback | None:
    """The refused request put right, or another way to ask for the same answer."""
    from hermes.providers.adapters.builtin.corrections import correction

    made: tuple[str, ...] = context.scratch.get(MADE, ())
    if verdict.kind in _CORRECTABLE:
        learnt = (lesson.name for lesson in context.memory.lessons)
        fallback = correction(request, verdict, {*made, *learnt})
        if fallback is not None:
            context.scratch[MADE] = (*made, fallback.strategy)
            return _lasting(fallback, verdict, context)
    return other_way(request, verdict, context)


def _lasting(fallback: Fallback, verdict: Verdict, context: AdapterContext) -> Fallback:
    """The fallback with the lesson that is to be kept beyond the session, if any is."""
    if is_passing(verdict.message):
        return replace(fallback, lesson="")
    if fallback.lesson in FOR_THE_SESSION:
        context.memory.assume(fallback.lesson)
        return replace(fallback, lesson="")
    return fallback
