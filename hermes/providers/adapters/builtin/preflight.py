"""A request as every backend takes it, and as this one has taught."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from hermes.providers.adapters import rewrites
from hermes.providers.adapters.builtin.lessons import STREAM_REFUSED, change_named
from hermes.providers.adapters.rewrites.entries import entries, plain
from hermes.providers.contract import AdapterContext, EndpointFact, Notice, Request

__all__ = ["MADE", "prepared"]

MADE: Final = "made"
"""Where ``AdapterContext.scratch`` holds the names of the lessons of this call, learnt or about to be."""

_PAIRED: Final = (
    "Tool calls and outputs of the conversation did not match; what had no counterpart is left out or marked"
    " as aborted."
)
_REFERENCES: Final = (
    "References to stored items are left out, because the request asks for nothing to be stored."
)


def prepared(request: Request, context: AdapterContext) -> Request:
    """The request to send; the same one where it is good as it is. Asked again, it changes nothing more."""
    request = rewrites.input_as_list(request)
    request = rewrites.without_empty_tools(request)
    request = rewrites.with_reasoning_summaries(request)
    request = rewrites.with_short_cache_key(request)
    request = _as_taught(request, context)
    if request.get("store") is False:
        unstored = rewrites.without_stored_items(request)
        if _types(request)["item_reference"] > _types(unstored)["item_reference"]:
            _tell_once(_REFERENCES, context)
        request = unstored
    paired = rewrites.with_tools_paired(request)
    if paired is not request and _types(paired) != _types(request):
        _tell_once(_PAIRED, context)
    return paired


def _as_taught(request: Request, context: AdapterContext) -> Request:
    """What this call and earlier ones learnt, put into the request; adapters may have put it back in."""
    made: Iterable[str] = context.scratch.get(MADE, ())
    learnt = [lesson.name for lesson in context.memory.lessons]
    for name in dict.fromkeys((*learnt, *made)):
        if name == STREAM_REFUSED and context.memory.knows(EndpointFact.STREAM_REQUIRED):
            continue  # it refuses either way; what the core tries is as good as anything
        change = change_named(name)
        changed = request if change is None else change.rewrite(request)
        if change is not None and changed is not request and change.standing and name not in made:
            _tell_once(change.standing, context)
        request = changed
    return request


def _tell_once(text: str, context: AdapterContext) -> None:
    told: set[str] = context.scratch.setdefault("told", set())
    if text not in told:
        told.add(text)
        context.report(Notice(text, kind="request"))


def _types(request: Request) -> Counter[str]:
    return Counter(str(plain(entry).get("type")) for entry in entries(request, "input"))
