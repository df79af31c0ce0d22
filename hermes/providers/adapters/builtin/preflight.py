"""A request as every backend takes it, and as this one has taught."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from hermes.providers.adapters import rewrites
from hermes.providers.adapters.builtin.changes import STREAM_REFUSED, change_named
from hermes.providers.adapters.losses import content_losses, losses, tell_once
from hermes.providers.contract import AdapterContext, EndpointFact, Request

__all__ = ["MADE", "prepared"]

MADE: Final = "made"
"""Where ``AdapterContext.scratch`` holds the names of the lessons of this call, learnt or about to be."""

_PAIRED: Final = (
    "Tool calls and outputs of the conversation did not match; what had no counterpart is left out or marked"
    " as aborted."
)
_UNSTORED: Final = "A request that asks for nothing to be stored"


def prepared(request: Request, context: AdapterContext) -> Request:
    """The request to send; the same one where it is good as it is. Asked again, it changes nothing more."""
    request = rewrites.input_as_list(request)
    request = rewrites.without_empty_tools(request)
    request = rewrites.with_reasoning_summaries(request)
    request = rewrites.with_short_cache_key(request)
    request = _as_taught(request, context)
    if request.get("store") is False:
        request, before = rewrites.without_stored_items(request), request
        for lost in content_losses(before, request, _UNSTORED):
            tell_once(lost, context)
    paired = rewrites.paired(request)
    if paired.left_out or paired.aborted:
        tell_once(_PAIRED, context)
    return paired.request


def _as_taught(request: Request, context: AdapterContext) -> Request:
    """What this call and earlier ones learnt, put into the request; adapters may have put it back in."""
    made: Iterable[str] = context.scratch.get(MADE, ())
    learnt = [lesson.name for lesson in context.memory.lessons]
    for name in dict.fromkeys((*learnt, *made)):
        if name == STREAM_REFUSED and context.memory.knows(EndpointFact.STREAM_REQUIRED):
            continue  # it refuses either way; what the core tries is as good as anything
        change = change_named(name)
        changed = request if change is None else change.rewrite(request)
        if name not in made:
            for lost in losses(request, changed):
                tell_once(lost, context)
        request = changed
    return request
